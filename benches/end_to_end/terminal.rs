//! vtask in a pseudo-terminal, and the server that it watches, each in a process of its own.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::Value;

const VTASK: &str = env!("CARGO_BIN_EXE_vtask");
/// Keys that move the selection up and down.
pub(super) const ARROWS: [&[u8]; 2] = [b"\x1b[B", b"\x1b[A"];

/// `vtask simulate` in a child process, killed on drop.
pub(super) struct Server {
    process: Child,
    pub(super) url: String,
}

/// Processor time of a process so far; zero if the system does not report it.
fn cpu_time(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name before the last parenthesis may contain spaces; user and system time are the 14th and 15th field.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

impl Server {
    pub(super) fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(VTASK)
            .args(["simulate", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("url ").map(str::to_owned))
            .expect("the server prints its URL");
        // Drain the rest of the output so that the process does not block.
        thread::spawn(move || lines.for_each(drop));
        Self { process, url }
    }

    /// Processor time so far.
    pub(super) fn cpu_time(&self) -> Duration {
        cpu_time(self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Results of a run of vtask.
pub(super) struct Run {
    stats: Value,
    /// Processor time of the servers during the run.
    servers: Duration,
    pub(super) first_frame: Duration,
    /// Bytes written to the terminal in the last seconds, without any input.
    pub(super) written_at_rest: usize,
}

impl Run {
    pub(super) fn number(&self, path: &str) -> f64 {
        self.stats
            .pointer(path)
            .and_then(Value::as_f64)
            .unwrap_or(f64::NAN)
    }

    pub(super) fn cpu_share(&self) -> f64 {
        100.0 * self.number("/cpuSeconds") / self.number("/seconds")
    }

    /// Share of a core that the servers took.
    pub(super) fn server_share(&self) -> f64 {
        100.0 * self.servers.as_secs_f64() / self.number("/seconds")
    }
}

/// Runs vtask with one server, or with its embedded one.
pub(super) fn watch(
    arguments: &[&str],
    server: Option<&Server>,
    time: Duration,
    keys: &[&[u8]],
) -> Run {
    let url = server.map(|server| ["--url", &server.url, "--username", "bench"]);
    let arguments = [arguments, url.as_ref().map_or(&[], |url| &url[..])].concat();
    watch_all(&arguments, server.as_slice(), time, keys)
}

/// Runs vtask in a 200×60 terminal for `time`, with ten of these key presses per second in turn, then quits it.
pub(super) fn watch_all(
    arguments: &[&str],
    servers: &[&Server],
    time: Duration,
    keys: &[&[u8]],
) -> Run {
    let server_cpu_time = || {
        servers
            .iter()
            .map(|server| server.cpu_time())
            .sum::<Duration>()
    };
    let server_cpu_before = server_cpu_time();
    let stats = stats_file();
    let size = PtySize {
        rows: 60,
        cols: 200,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(VTASK);
    command.args(arguments);
    command.args(["--stats", stats.to_str().unwrap()]);
    command.env("VTASK_PASSWORD", "bench");
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    let base = base_directory();
    for name in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        command.env(name, &base);
    }
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let written = Arc::new(AtomicUsize::new(0));
    let (drawn, first) = mpsc::channel();
    let began = Instant::now();
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let count = written.clone();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        let mut start = Vec::new();
        while let Ok(read @ 1..) = reader.read(&mut buffer) {
            count.fetch_add(read, Ordering::Relaxed);
            if start.len() < 1 << 16 {
                start.extend_from_slice(&buffer[..read]);
                if String::from_utf8_lossy(&start).contains("vtask") {
                    let _ = drawn.send(Instant::now());
                    start.resize(1 << 16, 0);
                }
            }
        }
    });
    let first = first
        .recv_timeout(Duration::from_secs(10))
        .expect("a first frame");
    let end = began + time;
    let is_quiet = keys.is_empty();
    if is_quiet {
        thread::sleep(time);
    }
    // Every turn is completed, because the next key would be typed into a prompt that is still open.
    while !is_quiet && Instant::now() < end {
        for key in keys {
            thread::sleep(Duration::from_millis(100));
            writer.write_all(key).unwrap();
            writer.flush().unwrap();
        }
    }
    let before = written.load(Ordering::Relaxed);
    if is_quiet {
        thread::sleep(Duration::from_secs(5));
    }
    let written_at_rest = written.load(Ordering::Relaxed) - before;
    let servers = server_cpu_time().saturating_sub(server_cpu_before);
    // Repeated, because a key that is read together with an Escape counts as one with Alt.
    let mut quit_at = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if Instant::now() >= quit_at {
            let _ = writer.write_all(b"q").and_then(|()| writer.flush());
            quit_at += Duration::from_secs(2);
        }
        thread::sleep(Duration::from_millis(10));
    }
    let text = fs::read_to_string(&stats).expect("the statistics file");
    let _ = fs::remove_file(&stats);
    Run {
        stats: serde_json::from_str(&text).unwrap(),
        servers,
        first_frame: first.duration_since(began),
        written_at_rest,
    }
}

/// Directory of the files that vtask keeps between runs, for all runs of this process.
pub(super) fn base_directory() -> PathBuf {
    env::temp_dir().join(format!("vtask-bench-{}", std::process::id()))
}

fn stats_file() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    env::temp_dir().join(format!("vtask-stats-{}-{number}.json", std::process::id()))
}
