//! Shell completion in real shells in a pseudo-terminal, against the embedded vCenter. Shells that are not installed
//! are skipped with a message.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::support::command::server;
use crate::support::pty::Session;
use tempfile::TempDir;

/// A shell, its arguments and the command that loads the completion script.
struct Shell {
    name: &'static str,
    arguments: &'static [&'static str],
    setup: &'static str,
}

const BASH: Shell = Shell {
    name: "bash",
    arguments: &["--norc", "--noprofile", "-i"],
    setup: "source <(vtask completions bash)",
};
const ZSH: Shell = Shell {
    name: "zsh",
    arguments: &["-f", "-i"],
    setup: "autoload -U compinit; compinit -u -D; source <(vtask completions zsh)",
};
const FISH: Shell = Shell {
    name: "fish",
    arguments: &["--no-config", "--interactive"],
    setup: "vtask completions fish | source",
};

fn is_installed(shell: &str) -> bool {
    let mut command = Command::new(shell);
    command.arg("--version").stdout(Stdio::null());
    command.stderr(Stdio::null()).status().is_ok()
}

/// An interactive shell with the completion script loaded.
struct ShellSession {
    session: Session,
    _home: TempDir,
}

impl ShellSession {
    /// Starts the shell. Returns `None` if it is not installed.
    fn start(shell: &Shell, url: &str) -> Option<Self> {
        if !is_installed(shell.name) {
            eprintln!("{} is not installed, skipped", shell.name);
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join(".config/vtask");
        fs::create_dir_all(directory.join("themes")).unwrap();
        fs::write(directory.join("themes/dusk.toml"), "based-on = \"dark\"\n").unwrap();
        let config = format!(
            "[profiles.lab]\nurl = \"{url}\"\nusername = \"ops\"\n[profiles.branch]\nurl = \"vc02.lab\"\nusername = \"ops\"\n"
        );
        fs::write(directory.join("config.toml"), config).unwrap();
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
        // The output differs from the typed text, so it shows that the setup has run.
        session.press(&format!("{}; echo rea''dy\r", shell.setup));
        session.shows("ready");
        Some(Self {
            session,
            _home: home,
        })
    }

    /// Types on an empty line, presses `keys` and waits until the screen shows every expected text.
    fn expect_completion(&mut self, typed: &str, keys: &str, expected: &[&str]) {
        // Ctrl+U clears the line, Ctrl+L the screen.
        self.session.press("\u{15}\u{c}");
        self.session.hides("vtask");
        self.session.press(typed);
        self.session.shows(typed);
        self.session.press(keys);
        for text in expected {
            self.session.shows(text);
        }
    }
}

/// Checks the completions that all shells share. In bash the second Tab lists the candidates.
fn check_completions(shell: &mut ShellSession) {
    // After 30 s tasks 3 and 4 are still running.
    shell.expect_completion(
        "vtask cancel --profile lab task-",
        "\t\t",
        &["task-3", "task-4"],
    );
    shell.expect_completion("vtask wait --profile lab task-4", "\t", &["task-4 "]);
    shell.expect_completion("vtask wait lab/task-4", "\t", &["lab/task-4 "]);
    shell.expect_completion("vtask get --profile br", "\t", &["--profile branch "]);
    shell.expect_completion("vtask --theme dus", "\t", &["--theme dusk "]);
    shell.expect_completion("vtask --theme d", "\t\t", &["dark", "dusk"]);
    shell.expect_completion(
        "vtask list --sort state,ela",
        "\t",
        &["--sort state,elapsed "],
    );
    shell.expect_completion("vtask list --filter pha", "\t", &["--filter phase:"]);
    shell.expect_completion("vtask list --filter state:fa", "\t", &["state:failed "]);
    shell.expect_completion("vtask list --state can", "\t", &["--state cancelled "]);
    shell.expect_completion(
        "vtask list --profile lab --entity x",
        "\t",
        &["--entity x/y "],
    );
    shell.expect_completion("vtask wait --max-o", "\t", &["--max-outage "]);
}

macro_rules! in_each_shell {
    ($($name:ident: $shell:expr),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let simulator = server().await;
            simulator.control().advance(std::time::Duration::from_secs(30));
            let url = simulator.url();
            let checks = tokio::task::spawn_blocking(move || {
                if let Some(mut shell) = ShellSession::start(&$shell, &url) {
                    check_completions(&mut shell);
                }
            });
            checks.await.unwrap();
            assert_eq!(simulator.control().session_count(), 0, "signed out");
        }
    )+};
}

in_each_shell!(completion_in_bash: BASH, completion_in_zsh: ZSH, completion_in_fish: FISH);

/// Returns the candidates of bash for a line, without a terminal; `None` if bash is not installed.
fn bash_candidates(url: &str, line: &str) -> Option<Vec<String>> {
    if !is_installed("bash") {
        eprintln!("bash is not installed, skipped");
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
async fn bash_candidates_omit_names_with_control_characters() {
    let simulator = server().await;
    // There are tasks on x/y and on evil␛[31m.
    simulator
        .control()
        .advance(std::time::Duration::from_secs(7));
    let url = simulator.url();
    let candidates = tokio::task::spawn_blocking(move || {
        let entities = bash_candidates(&url, "vtask list --entity ''")?;
        let words = bash_candidates(&url, "vtask list --filter state : r")?;
        let unreachable = bash_candidates("http://127.0.0.1:9", "vtask wait task-")?;
        Some((entities, words, unreachable))
    });
    let Some((entities, words, unreachable)) = candidates.await.unwrap() else {
        return;
    };
    assert!(entities.contains(&"x/y".to_owned()), "{entities:?}");
    assert!(
        !entities.iter().any(|name| name.contains("evil")),
        "{entities:?}"
    );
    assert_eq!(words, ["running"]);
    assert_eq!(
        unreachable,
        [""],
        "an unreachable server gives no candidates and no error"
    );
}

/// PowerShell is rarely installed, so brackets and quotes of its script are checked without it.
#[test]
fn completion_scripts_are_well_formed() {
    let script = |shell: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_vtask"))
            .args(["completions", shell])
            .output()
            .unwrap();
        assert!(output.status.success(), "{shell}");
        String::from_utf8(output.stdout).unwrap()
    };
    for shell in ["bash", "zsh", "fish"] {
        if !is_installed(shell) {
            eprintln!("{shell} is not installed, skipped");
            continue;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("script");
        fs::write(&path, script(shell)).unwrap();
        let status = Command::new(shell).arg("-n").arg(&path).status().unwrap();
        assert!(status.success(), "{shell} parses the script");
    }
    let powershell = script("powershell");
    if is_installed("pwsh") {
        let read = "[scriptblock]::Create([Console]::In.ReadToEnd()) | Out-Null";
        let mut child = Command::new("pwsh")
            .args(["-NoProfile", "-Command", read])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), powershell.as_bytes()).unwrap();
        assert!(
            child.wait().unwrap().success(),
            "PowerShell parses the script"
        );
    }
    assert!(powershell.starts_with("Register-ArgumentCompleter -Native -CommandName 'vtask'"));
    assert!(powershell.contains("$env:VTASK_COMPLETE = 'powershell'"));
    assert_balanced(&powershell);
    // The words are arguments of one call by name; nothing evaluates text.
    assert!(powershell.contains("& 'vtask' '--' @words"));
    assert_eq!(powershell.matches("& ").count(), 1, "{powershell}");
    for evaluation in [
        "Invoke-Expression",
        "iex ",
        "[scriptblock]",
        "Invoke-Command",
        "ExpandString",
        "$(",
        "@\"",
    ] {
        assert!(!powershell.contains(evaluation), "{evaluation}");
    }
}

/// The program gets the words as PowerShell passes them; Windows PowerShell drops an empty last word.
#[tokio::test]
async fn powershell_candidates_have_help_and_follow_empty_words() {
    let candidates = |index: usize, words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_vtask"))
            .arg("--")
            .args(words)
            .env("VTASK_COMPLETE", "powershell")
            .env("_VTASK_INDEX", index.to_string())
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().map(str::to_owned);
        lines.collect::<Vec<String>>()
    };
    let directory = tempfile::tempdir().unwrap();
    let marker_file = directory.path().join("evaluated");
    let evaluated = format!("$(New-Item {})", marker_file.display());
    assert_eq!(
        candidates(2, &["vtask", &evaluated, "li"]),
        Vec::<String>::new()
    );
    assert!(!marker_file.exists());
    let commands = candidates(1, &["vtask", "li"]);
    assert_eq!(
        commands,
        ["list\tList recent tasks, or tasks of a time range"]
    );
    for words in [&["vtask", "completions"][..], &["vtask", "completions", ""]] {
        let shells = candidates(2, words);
        assert!(
            shells.iter().any(|shell| shell == "powershell"),
            "{shells:?}"
        );
    }
}

/// Checks that every bracket, quote and here-string outside quoted text is closed.
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
                    .unwrap_or_else(|| panic!("unterminated here-string"));
                for _ in 0..rest[..end + 3].chars().count() {
                    letters.next();
                }
            }
            // A backtick escapes the next character in double quotes.
            (Some('"'), '`') => drop(letters.next()),
            (None, '"' | '\'') => quote = Some(letter),
            (Some(opening), letter) if opening == letter => quote = None,
            (None, '(' | '{' | '[') => open.push(letter),
            (None, ')' | '}' | ']') => {
                let opening = open.pop();
                let is_pair = matches!(
                    (opening, letter),
                    (Some('('), ')') | (Some('{'), '}') | (Some('['), ']')
                );
                assert!(is_pair, "{opening:?} is closed by {letter}");
            }
            _ => {}
        }
    }
    assert_eq!((open, quote), (Vec::new(), None));
}
