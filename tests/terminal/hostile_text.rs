//! All output for a server whose texts are hostile: screen, tables, JSON, notifications, files, environment of
//! commands. The bytes that reach the terminal are parsed.

use std::{fs, path::Path};

use crate::support::hostile::{ParsedOutput, Terminal, is_safe};
use crate::support::pty::{ESCAPE, Session};
use serde_json::Value;
use vtask::simulator::{
    ClockMode, Options, Simulator, fault_injection::FaultPlan, scenario::Scenario,
};

const PLAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/faults/hostile.toml");

/// Each panel, popup and mode: the keys that open it, a text that it shows, and the keys that close it.
const PANELS: [(&str, &str, &str); 15] = [
    ("1", "Started by", ""),
    ("2", "Lineage", ""),
    ("3", "Error", ""),
    ("4", "Result", ""),
    ("5", "Events", ""),
    ("6", "\"_typeName\"", "1"),
    ("z", "Lineage", "z"),
    ("?", " Keys ", ESCAPE),
    ("F", "Performance", ESCAPE),
    ("n", "Messages", ESCAPE),
    ("s", "Sort by", ESCAPE),
    ("y", "curl command", ESCAPE),
    (":", "Commands", ESCAPE),
    ("c", "╭ Cancel", ESCAPE),
    ("t", "TASK", "t"),
];
const FAST: ClockMode = ClockMode::Real { speed: 10.0 };

/// Starts a simulator whose texts come from the hostile corpus.
async fn start_hostile_server(clock: ClockMode) -> Simulator {
    let mut options = Options::new(Scenario::load("demo").unwrap());
    options.clock = clock;
    options.faults = FaultPlan::load(Path::new(PLAN)).unwrap();
    Simulator::start(options).await.unwrap()
}

/// Runs the program in a pseudo-terminal until it ends; returns its output.
async fn run(
    url: &str,
    columns: u16,
    words: &[&str],
    environment: &[(&str, &str)],
) -> (u32, Vec<u8>) {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let environment: Vec<(String, String)> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let url = url.to_owned();
    let running = tokio::task::spawn_blocking(move || {
        let words: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .chain(["--url", &url, "--username", "ops"])
            .collect();
        let environment: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let environment = [&environment[..], &[("VTASK_PASSWORD", "any")]].concat();
        let mut session = Session::start_in(columns, 24, &words, &environment);
        session.until("the end", |output| output.has_ended);
        let code = session.wait_for_exit().exit_code();
        (code, session.output.0.lock().unwrap().bytes.clone())
    });
    running.await.unwrap()
}

/// Returns the values of a field in lines of JSON.
fn field(bytes: &[u8], name: &str) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter_map(|line| line[name].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_is_safe_at_every_size() {
    let simulator = start_hostile_server(FAST).await;
    for (columns, rows, fetch) in [(120, 40, "push"), (80, 24, "poll"), (200, 60, "push")] {
        let url = simulator.url();
        let session_task = tokio::task::spawn_blocking(move || {
            let words = [
                "--url",
                &url,
                "--username",
                "ops",
                "--fetch",
                fetch,
                "--title",
                "--bell",
                "--notify",
                "--tell-all",
            ];
            let mut session =
                Session::start_in(columns, rows, &words, &[("VTASK_PASSWORD", "any")]);
            session.shows("Started by");
            for (keys, shown, closing_key) in PANELS {
                session.press(keys);
                session.shows(shown);
                session.press(closing_key);
                if closing_key == ESCAPE {
                    session.hides(shown);
                }
            }
            // Every task is shown in the open tab.
            for tab in ["2", "3", "5", "6", "1"] {
                session.press(tab);
                for _ in 0..12 {
                    let before = session.output.0.lock().unwrap().bytes.len();
                    session.press("j");
                    session.until("a change", |output| output.bytes.len() > before);
                }
            }
            for copied in ["Y", "2Y", "3Y", "4Y", "6Y"] {
                let before = session.output.0.lock().unwrap().bytes.len();
                session.press(copied);
                session.until("the clipboard", |output| {
                    String::from_utf8_lossy(&output.bytes[before..]).contains("]52;c;")
                });
            }
            session.quit();
            session.output.0.lock().unwrap().bytes.clone()
        });
        let bytes = session_task.await.unwrap();
        let found = Terminal::screen(columns, rows).read(&bytes);
        assert!(found.characters > 20_000, "{found:?}");
        println!(
            "{columns}x{rows} {fetch}: {} bytes, {} sequences, {} strings",
            found.bytes,
            found.sequences,
            found.strings.len()
        );
        for copied in found
            .strings
            .iter()
            .filter_map(|string| string.strip_prefix("52;c;"))
        {
            let text = String::from_utf8(decode_base64(copied)).unwrap();
            assert!(text.lines().all(is_safe), "{text:?}");
        }
    }
}

fn decode_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = text.trim_end_matches('=').bytes();
    let (mut bytes, mut bits, mut bit_count) = (Vec::new(), 0_u32, 0);
    for letter in letters {
        let value = LETTERS.iter().position(|known| *known == letter).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        bit_count += 6;
        if bit_count >= 8 {
            bit_count -= 8;
            bytes.push(u8::try_from(bits >> bit_count & 0xff).unwrap());
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_json_lines_are_safe() {
    let simulator = start_hostile_server(ClockMode::Manual).await;
    let url = simulator.url();
    let (code, all) = run(&url, 80, &["list", "--json"], &[]).await;
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&all));
    Terminal::lines(80, true).read(&all);
    let tasks = field(&all, "moId");
    assert!(tasks.len() > 20, "{}", String::from_utf8_lossy(&all));
    let task_ids: Vec<&str> = tasks.iter().map(String::as_str).collect();
    let mut bytes = all.len();
    for (words, columns, wraps) in [
        (vec!["list"], 80, false),
        (vec!["list"], 160, false),
        (vec!["list", "--since", "24h"], 120, false),
        (vec!["list", "--since", "24h", "--json"], 80, true),
        ([&["get"], &task_ids[..]].concat(), 100, false),
        ([&["get", "--json"], &task_ids[..]].concat(), 80, true),
        (vec!["tree", task_ids[0]], 100, false),
        (vec!["tree", task_ids[0], "--json"], 80, true),
        (vec!["events", task_ids[0]], 100, false),
        (vec!["events", task_ids[0], "--json"], 80, true),
        (vec!["get", "task-999999"], 80, true),
        (vec!["cancel", task_ids[0], "--yes"], 80, true),
        (vec!["cancel", task_ids[1], "--yes", "--json"], 80, true),
        (
            vec![
                "wait",
                "--timeout",
                "2s",
                task_ids[2],
                task_ids[3],
                "--json",
            ],
            80,
            true,
        ),
    ] {
        let (code, written) = run(&url, columns, &words, &[]).await;
        assert!(
            code < 5 || code == 124,
            "{words:?} ended with {code}: {}",
            String::from_utf8_lossy(&written)
        );
        let found = Terminal::lines(columns, wraps).read(&written);
        assert_eq!((found.bells, found.strings.len()), (0, 0), "{words:?}");
        bytes += written.len();
    }
    println!("{bytes} bytes of tables and data");
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_bars_notifications_and_titles_are_safe() {
    let simulator = start_hostile_server(FAST).await;
    let url = simulator.url();
    let (_, all) = run(&url, 80, &["list", "--json", "--state", "active"], &[]).await;
    let tasks = field(&all, "moId");
    let task_ids: Vec<&str> = tasks.iter().take(6).map(String::as_str).collect();
    let exec = format!("printf '%s\\n' \"$VTASK_TARGET\" >> {}", "/dev/null");
    for (columns, environment, strings) in [
        (100, &[("TERM_PROGRAM", "WezTerm")][..], "9;vtask"),
        (60, &[("VTE_VERSION", "7600")], "777;notify"),
        (80, &[("TERM", "xterm-kitty")], "99;i=vtask"),
        (
            80,
            &[("TMUX", "/tmp/tmux"), ("TERM", "tmux-256color")],
            "9;vtask",
        ),
    ] {
        let words = [
            "wait",
            "--timeout",
            "4s",
            "--bell",
            "--notify",
            "--title",
            "--exec",
            &exec,
        ];
        let (code, written) = run(
            &url,
            columns,
            &[&words, &task_ids[..]].concat(),
            environment,
        )
        .await;
        assert!(
            code < 5 || code == 124,
            "{code}: {}",
            String::from_utf8_lossy(&written)
        );
        let found: ParsedOutput = Terminal::lines(columns, true).read(&written);
        let has = |start: &str| found.strings.iter().any(|string| string.starts_with(start));
        assert!(has(strings) && has("2;") && found.bells == 1, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_and_exported_files_are_safe() {
    let simulator = start_hostile_server(FAST).await;
    let url = simulator.url();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).display().to_string();
    let (_, all) = run(&url, 80, &["list", "--json", "--state", "active"], &[]).await;
    let tasks = field(&all, "moId");
    let task_ids: Vec<&str> = tasks.iter().map(String::as_str).collect();
    // Commands get the texts in their environment and execute none of them.
    let exec = format!(
        "env >> {}; echo \"$VTASK_TARGET\"; cd {}",
        file("environment"),
        directory.path().display()
    );
    let words = ["wait", "--any", "--timeout", "60s", "--exec", &exec];
    let (code, written) = run(&url, 80, &[&words, &task_ids[..]].concat(), &[]).await;
    assert!(code < 5, "{code}: {}", String::from_utf8_lossy(&written));
    Terminal::lines(80, true).read(&written);
    let output = fs::read(file("environment")).unwrap();
    assert!(String::from_utf8_lossy(&output).contains("VTASK_TARGET="));
    // Files in every format.
    let names = ["rows.csv", "rows.md", "rows.json"].map(file);
    let stats = file("stats.json");
    let paths = [names.clone(), [stats.clone(), String::new(), String::new()]].concat();
    let session_task = tokio::task::spawn_blocking(move || {
        let words = ["--url", &url, "--username", "ops", "--stats", &paths[3]];
        let mut session = Session::start_in(100, 30, &words, &[("VTASK_PASSWORD", "any")]);
        session.until("many tasks", |output| {
            let contents = output.parser.screen().contents();
            let is_task = |line: &&str| line.contains("▶ ") || line.contains("✗ ");
            contents.lines().filter(is_task).count() > 10
        });
        for name in &paths[..3] {
            session.press("w");
            session.shows(".csv");
            session.press("\u{15}");
            session.press(name);
            session.press("\r");
            session.until("the file", |_| {
                fs::metadata(name).is_ok_and(|file| file.len() > 0)
            });
        }
        session.quit();
    });
    session_task.await.unwrap();
    for name in names.iter().chain([&stats]) {
        let text = fs::read_to_string(name).unwrap();
        assert!(text.lines().count() > 10, "{name}: {text}");
        for line in text.lines() {
            assert!(is_safe(line), "{name}: {line}");
        }
    }
    let sheet = fs::read_to_string(&names[0]).unwrap();
    let mut cells = 0;
    for line in sheet.lines() {
        for cell in split_cells(line) {
            cells += 1;
            let is_number = cell.parse::<f64>().is_ok();
            let start = cell.trim_start().chars().next();
            assert!(
                is_number || !start.is_some_and(|start| "=+-@|%＝＋－＠\t\r".contains(start)),
                "{cell:?} in {line}"
            );
        }
    }
    assert!(cells > 100, "{cells}");
    for folder_path in [Path::new(env!("CARGO_MANIFEST_DIR")), directory.path()] {
        assert!(
            !folder_path.join("vtask-was-here").exists(),
            "a text was executed in {}",
            folder_path.display()
        );
    }
}

/// Splits a line of RFC 4180 into cells.
fn split_cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    let mut rest = line.chars().peekable();
    while let Some(character) = rest.next() {
        let cell = cells.last_mut().unwrap();
        match character {
            '"' if quoted && rest.peek() == Some(&'"') => cell.extend(rest.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    assert!(!quoted, "{line}");
    cells
}

#[tokio::test(flavor = "multi_thread")]
async fn error_messages_are_escaped() {
    let mut options = Options::new(Scenario::load("quiet").unwrap());
    options.credentials = Some(("ops".to_owned(), "another".to_owned()));
    options.faults = FaultPlan::load(Path::new(PLAN)).unwrap();
    let simulator = Simulator::start(options).await.unwrap();
    for words in [
        &["list"][..],
        &["wait", "task-1"],
        &["events", "task-1", "--json"],
    ] {
        let (code, written) = run(&simulator.url(), 80, words, &[]).await;
        assert_eq!(code, 5, "{words:?}: {}", String::from_utf8_lossy(&written));
        assert!(Terminal::lines(80, true).read(&written).characters > 20);
    }
    simulator.stop().await;
}
