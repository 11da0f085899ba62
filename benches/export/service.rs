//! A service: the built program, restarted on demand.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use color_eyre::{
    Result,
    eyre::{OptionExt, WrapErr},
};

use crate::comparison::Lines;

/// Clock ticks per second in `/proc/PID/stat`.
const TICKS: f64 = 100.0;

/// A running service and what its earlier processes have used.
pub(crate) struct Service {
    vtask: PathBuf,
    directory: PathBuf,
    arguments: Vec<String>,
    child: Child,
    reader: Option<JoinHandle<()>>,
    lines: Arc<Mutex<Lines>>,
    cpu_before: f64,
    /// Peak of the resident memory of all processes.
    peak_kib: u64,
}

impl Service {
    /// Starts `vtask` with these arguments; messages are appended to a log file named after the subcommand.
    pub(crate) fn start(vtask: &Path, directory: &Path, arguments: &[&str]) -> Result<Self> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let lines = Arc::default();
        let (child, reader) = spawn(vtask, directory, &arguments, &lines)?;
        Ok(Self {
            vtask: vtask.to_owned(),
            directory: directory.to_owned(),
            arguments,
            child,
            reader: Some(reader),
            lines,
            cpu_before: 0.0,
            peak_kib: 0,
        })
    }

    pub(crate) fn messages(&self) -> String {
        fs::read_to_string(self.directory.join(format!("{}.log", self.arguments[0])))
            .unwrap_or_default()
    }

    /// Ends the process with this signal. Returns the exit code, if there is one.
    pub(crate) fn terminate(&mut self, signal: &str) -> Result<Option<i32>> {
        self.measure()?;
        self.cpu_before = self.cpu_seconds()?;
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-s", signal, &pid]).status()?;
        let code = self.child.wait()?.code();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        Ok(code)
    }

    /// Returns the lines written to standard output.
    pub(crate) fn lines(&self) -> MutexGuard<'_, Lines> {
        locked(&self.lines)
    }

    pub(crate) fn restart(&mut self) -> Result<()> {
        let (child, reader) = spawn(&self.vtask, &self.directory, &self.arguments, &self.lines)?;
        (self.child, self.reader) = (child, Some(reader));
        Ok(())
    }

    /// Returns the CPU time of all processes in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(')').ok_or_eyre("no process status")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
        let ticks = ticks(11).zip(ticks(12)).ok_or_eyre("no CPU time")?;
        Ok(self.cpu_before + (ticks.0 + ticks.1) / TICKS)
    }

    /// Records the peak of the resident memory.
    pub(crate) fn measure(&mut self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        };
        self.peak_kib = self.peak_kib.max(number("VmHWM:").unwrap_or_default());
        Ok(number("VmRSS:").unwrap_or_default())
    }

    pub(crate) fn peak_kib(&self) -> u64 {
        self.peak_kib
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn locked(lines: &Mutex<Lines>) -> MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

fn spawn(
    vtask: &Path,
    directory: &Path,
    arguments: &[String],
    lines: &Arc<Mutex<Lines>>,
) -> Result<(Child, JoinHandle<()>)> {
    let log = directory.join(format!("{}.log", arguments[0]));
    let log = File::options().create(true).append(true).open(log)?;
    let mut command = Command::new(vtask);
    command
        .args(arguments)
        .env("VTASK_PASSWORD", "any")
        .env("HOME", directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log);
    let child = command.spawn();
    let mut child =
        child.wrap_err_with(|| format!("cannot start {}; build it first", vtask.display()))?;
    let out = child.stdout.take().ok_or_eyre("no output")?;
    let lines = lines.clone();
    let reader = thread::spawn(move || {
        let out = BufReader::new(out).lines();
        for line in out.map_while(Result::ok) {
            locked(&lines).add(&line);
        }
    });
    Ok((child, reader))
}
