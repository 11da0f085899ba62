//! Completion as a person has it: a real shell in a pseudo-terminal, the keys pressed, the screen read; against the
//! embedded vCenter. A shell that is not installed is told and passed over.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::command_support::server;
use crate::pty_support::Session;
use tempfile::TempDir;

/// What a shell is started with, and what it is told first.
struct Shell {
    name: &'static str,
    arguments: &'static [&'static str],
    first: &'static str,
}

const BASH: Shell = Shell {
    name: "bash",
    arguments: &["--norc", "--noprofile", "-i"],
    first: "source <(vtask completions bash)",
};
const ZSH: Shell = Shell {
    name: "zsh",
    arguments: &["-f", "-i"],
    first: "autoload -U compinit; compinit -u -D; source <(vtask completions zsh)",
};
const FISH: Shell = Shell {
    name: "fish",
    arguments: &["--no-config", "--interactive"],
    first: "vtask completions fish | source",
};

fn is_there(shell: &str) -> bool {
    let mut asked = Command::new(shell);
    asked.arg("--version").stdout(Stdio::null());
    asked.stderr(Stdio::null()).status().is_ok()
}

/// A person at a shell that knows vtask.
struct Person {
    session: Session,
    _home: TempDir,
}

impl Person {
    /// Sits down; `None`, and a word, where the shell is not installed.
    fn at(shell: &Shell, url: &str) -> Option<Self> {
        if !is_there(shell.name) {
            eprintln!("{} is not installed: passed over.", shell.name);
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".config/vtask");
        fs::create_dir_all(folder.join("themes")).unwrap();
        fs::write(folder.join("themes/dusk.toml"), "based-on = \"dark\"\n").unwrap();
        let config = format!(
            "[profiles.lab]\nurl = \"{url}\"\nusername = \"ops\"\n[profiles.branch]\nurl = \"vc02.lab\"\nusername = \"ops\"\n"
        );
        fs::write(folder.join("config.toml"), config).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_vtask")).parent().unwrap();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.to_str().unwrap());
        let home_path = home.path().to_str().unwrap();
        let environment = [
            ("PATH", &*path),
            ("HOME", home_path),
            ("XDG_CONFIG_HOME", &format!("{home_path}/.config")),
            ("XDG_DATA_HOME", &format!("{home_path}/.local/share")),
            ("VTASK_PASSWORD", "secret"),
            ("PS1", "> "),
            ("TERM", "xterm"),
        ];
        let mut session = Session::of_program(shell.name, 100, 40, shell.arguments, &environment);
        // An echo that is not what was typed shows that the shell has done all before it.
        session.press(&format!("{}; echo rea''dy\r", shell.first));
        session.shows("ready");
        Some(Self {
            session,
            _home: home,
        })
    }

    /// Types on a fresh line, asks for completion, and waits until the screen shows what is wanted.
    fn completes(&mut self, typed: &str, keys: &str, wanted: &[&str]) {
        // Whatever stands there goes: the line, and the screen.
        self.session.press("\u{15}\u{c}");
        self.session.hides("vtask");
        self.session.press(typed);
        self.session.shows(typed);
        self.session.press(keys);
        for wanted in wanted {
            self.session.shows(wanted);
        }
    }
}

/// What all shells complete; the second key lists the candidates in bash.
fn completes_all(person: &mut Person) {
    // Half a minute on, 3 and 4 still run.
    person.completes(
        "vtask cancel --profile lab task-",
        "\t\t",
        &["task-3", "task-4"],
    );
    person.completes("vtask wait --profile lab task-4", "\t", &["task-4 "]);
    person.completes("vtask wait lab/task-4", "\t", &["lab/task-4 "]);
    person.completes("vtask get --profile br", "\t", &["--profile branch "]);
    person.completes("vtask --theme dus", "\t", &["--theme dusk "]);
    person.completes("vtask --theme d", "\t\t", &["dark", "dusk"]);
    person.completes(
        "vtask list --sort state,ela",
        "\t",
        &["--sort state,elapsed "],
    );
    person.completes("vtask list --filter pha", "\t", &["--filter phase:"]);
    person.completes("vtask list --filter state:fa", "\t", &["state:failed "]);
    person.completes("vtask list --state can", "\t", &["--state cancelled "]);
    person.completes(
        "vtask list --profile lab --entity x",
        "\t",
        &["--entity x/y "],
    );
    person.completes("vtask wait --max-o", "\t", &["--max-outage "]);
}

macro_rules! in_each_shell {
    ($($name:ident: $shell:expr),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let simulator = server().await;
            simulator.control().advance(std::time::Duration::from_secs(30));
            let url = simulator.url();
            let at_shell = tokio::task::spawn_blocking(move || {
                if let Some(mut person) = Person::at(&$shell, &url) {
                    completes_all(&mut person);
                }
            });
            at_shell.await.unwrap();
            assert_eq!(simulator.control().session_count(), 0, "signed out");
        }
    )+};
}

in_each_shell!(in_bash: BASH, in_zsh: ZSH, in_fish: FISH);

/// What bash, asked without a terminal, has to offer for a line.
fn offered_by_bash(url: &str, line: &str) -> Option<Vec<String>> {
    if !is_there("bash") {
        eprintln!("bash is not installed: passed over.");
        return None;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_vtask")).parent().unwrap();
    let script = format!(
        "source <(vtask completions bash)\nCOMP_WORDS=({line})\nCOMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))\n\
         _vtask_complete\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let output = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", &script])
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", program.to_str().unwrap()),
        )
        .env("HOME", "/nonexistent")
        .envs([("VTASK_URL", url), ("VTASK_USERNAME", "ops")])
        .env("VTASK_PASSWORD", "secret")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bash_is_offered_nothing_that_it_would_act_on() {
    let simulator = server().await;
    // There are tasks on x/y and on evil␛[31m.
    simulator
        .control()
        .advance(std::time::Duration::from_secs(7));
    let url = simulator.url();
    let asked = tokio::task::spawn_blocking(move || {
        let entities = offered_by_bash(&url, "vtask list --entity ''")?;
        let words = offered_by_bash(&url, "vtask list --filter state : r")?;
        let bad = offered_by_bash("http://127.0.0.1:9", "vtask wait task-")?;
        Some((entities, words, bad))
    });
    let Some((entities, words, bad)) = asked.await.unwrap() else {
        return;
    };
    assert!(entities.contains(&"x/y".to_owned()), "{entities:?}");
    assert!(
        !entities.iter().any(|name| name.contains("evil")),
        "{entities:?}"
    );
    assert_eq!(words, ["running"]);
    assert_eq!(bad, [""], "a server that is away offers nothing, quietly");
}

/// PowerShell is rarely there: the script is at least well-formed.
#[test]
fn the_scripts_are_well_formed() {
    let script = |shell: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_vtask"))
            .args(["completions", shell])
            .output()
            .unwrap();
        assert!(output.status.success(), "{shell}");
        String::from_utf8(output.stdout).unwrap()
    };
    for shell in ["bash", "zsh", "fish"] {
        if !is_there(shell) {
            eprintln!("{shell} is not installed: passed over.");
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script");
        fs::write(&path, script(shell)).unwrap();
        let status = Command::new(shell).arg("-n").arg(&path).status().unwrap();
        assert!(status.success(), "{shell} understands it");
    }
    let powershell = script("powershell");
    if is_there("pwsh") {
        let read = "[scriptblock]::Create([Console]::In.ReadToEnd()) | Out-Null";
        let mut child = Command::new("pwsh")
            .args(["-NoProfile", "-Command", read])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), powershell.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "PowerShell understands it");
    }
    assert!(powershell.starts_with("Register-ArgumentCompleter -Native -CommandName vtask"));
    assert!(powershell.contains("$env:VTASK_COMPLETE = \"powershell\""));
    assert_balanced(&powershell);
}

/// Every bracket and here-string is closed again, whatever stands in quotes.
fn assert_balanced(script: &str) {
    let mut open = Vec::new();
    let mut quote = None;
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, '@') if letters.peek() == Some(&'"') => {
                let rest: String = letters.clone().collect();
                let end = rest
                    .find("\n\"@")
                    .unwrap_or_else(|| panic!("a here-string is open"));
                for _ in 0..rest[..end + 3].chars().count() {
                    letters.next();
                }
            }
            // In double quotes a backtick takes its meaning from the next.
            (Some('"'), '`') => drop(letters.next()),
            (None, '"' | '\'') => quote = Some(letter),
            (Some(begun), letter) if begun == letter => quote = None,
            (None, '(' | '{' | '[') => open.push(letter),
            (None, ')' | '}' | ']') => {
                let begun = open.pop();
                let pairs = matches!(
                    (begun, letter),
                    (Some('('), ')') | (Some('{'), '}') | (Some('['), ']')
                );
                assert!(pairs, "{begun:?} is closed by {letter}");
            }
            _ => {}
        }
    }
    assert_eq!((open, quote), (Vec::new(), None));
}
