//! The processes under test and their resource usage.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use color_eyre::{
    Result,
    eyre::{OptionExt, WrapErr, eyre},
};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// Resource usage of a process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ResourceUsage {
    pub(crate) resident_kib: u64,
    pub(crate) descriptors: usize,
    pub(crate) threads: u64,
}

impl ResourceUsage {
    pub(crate) fn of(process: u32) -> Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))
            .wrap_err_with(|| format!("process {process} not found"))?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        };
        Ok(Self {
            resident_kib: number("VmRSS:").unwrap_or_default(),
            threads: number("Threads:").unwrap_or_default(),
            descriptors: fs::read_dir(format!("/proc/{process}/fd"))?.count(),
        })
    }
}

/// `vtask simulate` with load and faults.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(vtask: &Path, faults: &Path, log: &Path, load: [&str; 2]) -> Result<Self> {
        let mut child = Command::new(vtask)
            .args([
                "simulate",
                "--listen",
                "127.0.0.1:0",
                "--scenario",
                "load",
                "--finish",
            ])
            .args(["--tasks", load[0], "--rate", load[1]])
            .arg("--faults")
            .arg(faults)
            .arg("--log")
            .arg(log)
            .stdout(Stdio::piped())
            .spawn()
            .wrap_err_with(|| format!("cannot start {}; build it first", vtask.display()))?;
        let out = child.stdout.take().ok_or_eyre("no output")?;
        let mut lines = BufReader::new(out).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("url ").map(str::to_owned))
            .ok_or_eyre("the server printed no URL")?;
        // Drain the rest of the output so that the process does not block.
        thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, url })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have exited by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `vtask` on a pseudo-terminal.
pub(crate) struct Screen {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    // Keeps the terminal open.
    _master: Box<dyn portable_pty::MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    written: Arc<AtomicU64>,
    stats: PathBuf,
    id: u32,
}

impl Screen {
    pub(crate) fn start(vtask: &Path, url: &str, stats: PathBuf) -> Result<Self> {
        let size = PtySize {
            rows: 50,
            cols: 160,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty_error = |error| eyre!("no pseudo-terminal: {error}");
        let pair = native_pty_system().openpty(size).map_err(pty_error)?;
        let mut command = CommandBuilder::new(vtask);
        command.args(["--url", url, "--username", "soak", "--stats"]);
        command.arg(&stats);
        command.env("VTASK_PASSWORD", "soak");
        // Allows reading /proc/PID/fd from this process.
        command.env("VTASK_DEBUGGABLE", "1");
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        let child = pair.slave.spawn_command(command).map_err(pty_error)?;
        drop(pair.slave);
        let id = child.process_id().ok_or_eyre("vtask exited immediately")?;
        let mut reader = pair.master.try_clone_reader().map_err(pty_error)?;
        let written = Arc::new(AtomicU64::new(0));
        let count = written.clone();
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                count.fetch_add(read as u64, Ordering::Relaxed);
            }
        });
        Ok(Self {
            child,
            writer: pair.master.take_writer().map_err(pty_error)?,
            _master: pair.master,
            written,
            stats,
            id,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Returns the number of bytes written to the terminal.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(crate) fn press(&mut self, keys: &str) -> Result<()> {
        self.writer.write_all(keys.as_bytes())?;
        Ok(self.writer.flush()?)
    }

    /// Quits vtask. Returns its exit code and statistics.
    pub(crate) fn quit(mut self) -> Result<(u32, String)> {
        self.press("q")?;
        let exit = self.child.wait()?;
        let stats = fs::read_to_string(&self.stats).wrap_err("no statistics file")?;
        Ok((exit.exit_code(), stats))
    }
}

/// Incremental reader of the server's request log.
pub(crate) struct Log {
    file: PathBuf,
    offset: u64,
    /// Number of requests in each second since the server's start.
    seconds: Vec<u32>,
    pub(crate) requests: u64,
    pub(crate) unanswered: u64,
    pub(crate) errors: u64,
    pub(crate) sign_ins: u64,
}

impl Log {
    pub(crate) fn new(file: PathBuf) -> Self {
        Self {
            file,
            offset: 0,
            seconds: Vec::new(),
            requests: 0,
            unanswered: 0,
            errors: 0,
            sign_ins: 0,
        }
    }

    pub(crate) fn read_new_lines(&mut self) -> Result<()> {
        let mut file = File::open(&self.file)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        // The last line may be incomplete.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.offset += whole as u64;
        for line in text[..whole].lines() {
            let mut columns = line.split('\t');
            let second = columns
                .next()
                .and_then(|at| at.split('.').next()?.parse::<usize>().ok());
            let (Some(second), Some(status)) = (second, columns.next()) else {
                continue;
            };
            if self.seconds.len() <= second {
                self.seconds.resize(second + 1, 0);
            }
            self.seconds[second] += 1;
            self.requests += 1;
            match status {
                "0" => self.unanswered += 1,
                "200" | "204" => {}
                _ => self.errors += 1,
            }
            self.sign_ins += u64::from(line.ends_with("/Login"));
        }
        Ok(())
    }

    /// Returns the highest number of requests within one second.
    pub(crate) fn peak(&self) -> u32 {
        self.seconds.iter().copied().max().unwrap_or_default()
    }
}
