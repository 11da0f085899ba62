//! Runs commands with captured input and output, against the embedded vCenter over HTTP.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "each test binary uses its own part; a test that cannot go on has failed"
)]

pub(crate) mod proxy;
pub(crate) mod tcp_relay;

use std::{
    fs,
    io::{self, Cursor, Write},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::{future::join_all, stream};
use serde_json::Value;
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};
use vtask::{
    cli,
    command::{
        self,
        fetch_args::FetchArgs,
        global_args::{ColorChoice, LogFormat},
        io_context::{CommandIo, Output},
        signals::StopSignal,
    },
    simulator::{Control, Options, Simulator, scenario::Scenario},
};

/// Time limit of every command and condition.
const BOUND: Duration = Duration::from_secs(60);
/// Limit of a condition: shorter, so that the failed condition is named and not the command.
const CONDITION_BOUND: Duration = Duration::from_secs(50);

/// At the start: 1 succeeds after 20 s, 2 fails after 10 s, 3 runs for an hour and can be cancelled, 4 cannot and runs
/// as long, 5 succeeds after 15 s and is removed immediately, 6 has a child (7, after 1 s) that fails although 6
/// succeeds. On x/y one (8) starts after 6 s and succeeds after 5 s.
pub(crate) const SCENARIO: &str = r#"
about = "test"
first_task = 1
[inventory]
datastores = ["ds"]
clusters = [{ name = "c", hosts = ["h1", "h2"] }]
machine_folders = [{ name = "f", cluster = "c", machines = ["a", "b", "x/y", "evil\u001b[31m"] }]

[[task]]
at = "0s"
what = { operation = "VirtualMachine.relocate", on = "a", takes = "20s", progress = "linear", by = { user = "LAB\\kim" }, activation = "act-7" }
[[task]]
at = "0s"
what = { operation = "VirtualMachine.clone", on = "b", takes = "10s", by = { user = "LAB\\ops" }, error = { _typeName = "NoDiskSpace", faultstring = "The datastore is full.", datastore = "ds" } }
[[task]]
at = "0s"
what = { operation = "VirtualMachine.relocate", on = "b", takes = "1h", progress = "linear", cancel = { after = "2s" } }
[[task]]
at = "0s"
what = { operation = "VirtualMachine.consolidateDisks", on = "a", takes = "1h" }
[[task]]
at = "0s"
what = { operation = "VirtualMachine.relocate", on = "evil\u001b[31m", takes = "15s", keep = "1ms" }
[[task]]
at = "0s"
[task.what]
operation = "EnterMaintenanceMode.enterMaintenanceMode"
on = "h1"
takes = "8s"
tolerant = true
[[task.what.children]]
after = "1s"
what = { operation = "VirtualMachine.migrate", on = "a", takes = "12s", error = { _typeName = "NoDiskSpace", faultstring = "full" } }
[[task]]
at = "6s"
what = { operation = "VirtualMachine.relocate", on = "x/y", takes = "5s" }
"#;

/// Starts a server of the scenario above, with a stopped clock.
pub(crate) async fn server() -> Simulator {
    server_with(|_| ()).await
}

pub(crate) async fn server_with(adjust: impl FnOnce(&mut Options)) -> Simulator {
    let mut options = Options::new(Scenario::parse("test", SCENARIO).unwrap()).manual();
    adjust(&mut options);
    let simulator = Simulator::start(options).await.unwrap();
    // By now no task is queued; queued tasks are read less often.
    simulator.control().advance(Duration::from_millis(500));
    simulator
}

/// Writes a config file with a profile for each server; returns its path.
pub(crate) fn config(folder: &Path, servers: &[(&str, &Simulator)]) -> String {
    let profiles = servers.iter().map(|(name, server)| {
        let url = server.url();
        format!("[profiles.{name}]\nurl = \"{url}\"\nusername = \"ops\"\n")
    });
    let path = folder.join("config.toml");
    fs::write(&path, profiles.collect::<String>()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Advances the clock until it is dropped, at fifty times the speed of real time.
pub(crate) async fn drive(control: &Control) {
    drive_by(control, Duration::from_millis(500)).await;
}

/// Advances the clock by `step` every ten milliseconds until it is dropped.
pub(crate) async fn drive_by(control: &Control, step: Duration) {
    loop {
        sleep(Duration::from_millis(10)).await;
        control.advance(step);
    }
}

/// Advances the clock by some seconds, with pauses of real time in which clients read the changes.
pub(crate) async fn advance(control: &Control, seconds: u64) {
    for _ in 0..seconds * 2 {
        control.advance(Duration::from_millis(500));
        sleep(Duration::from_millis(10)).await;
    }
}

/// Returns a client for servers on this machine.
pub(crate) fn http_client() -> reqwest::Client {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Waits until a condition holds.
pub(crate) async fn until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = timeout(CONDITION_BOUND, waiting).await;
    waited.expect("the condition holds");
}

/// Waits until a condition that is read from a server holds.
pub(crate) async fn until_async(what: &str, done: impl AsyncFn() -> bool) {
    let waiting = async {
        while !done().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = timeout(CONDITION_BOUND, waiting).await;
    waited.unwrap_or_else(|_| panic!("within {CONDITION_BOUND:?}: {what}"));
}

/// Returns the sum of the series of a metric with these labels.
pub(crate) fn metric_sum(page: &str, metric: &str, labels: &str) -> f64 {
    let start = format!("{metric}{{");
    let lines = page.lines().filter(|line| line.starts_with(&start));
    let lines = lines.filter(|line| line.contains(labels));
    let values = lines.map(|line| line.rsplit(' ').next().unwrap());
    values.map(|value| value.parse::<f64>().unwrap()).sum()
}

/// Output and exit code of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Parses the NDJSON lines of the output.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Returns the lines of one type.
    pub(crate) fn of_type(&self, kind: &str) -> Vec<Value> {
        let lines = self.lines().into_iter();
        lines.filter(|line| line["type"] == kind).collect()
    }
}

/// A writer whose content can be read.
#[derive(Clone, Default)]
pub(crate) struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SharedBuffer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Standard output and standard error of a running command.
#[derive(Clone, Default)]
pub(crate) struct Outputs {
    pub(crate) out: SharedBuffer,
    pub(crate) err: SharedBuffer,
}

/// A command line without the connection options.
pub(crate) struct Line {
    words: Vec<String>,
    input: &'static str,
    input_is_terminal: bool,
    size: Option<(usize, usize)>,
    out_size: Option<usize>,
    out: Option<Box<dyn Write>>,
    err: SharedBuffer,
    environment: Vec<(&'static str, String)>,
    interrupted: Option<Duration>,
    stopped: Option<oneshot::Receiver<()>>,
}

pub(crate) fn line(words: &str) -> Line {
    Line {
        words: words.split_whitespace().map(str::to_owned).collect(),
        input: "",
        input_is_terminal: false,
        size: None,
        out_size: None,
        out: None,
        err: SharedBuffer::default(),
        environment: vec![("VTASK_PASSWORD", "secret".to_owned())],
        interrupted: None,
        stopped: None,
    }
}

impl Line {
    pub(crate) fn word(mut self, word: &str) -> Self {
        self.words.push(word.to_owned());
        self
    }

    pub(crate) fn input(mut self, text: &'static str) -> Self {
        self.input = text;
        self
    }

    /// Makes standard input a terminal on which this is typed.
    pub(crate) fn typed(mut self, text: &'static str) -> Self {
        self.input_is_terminal = true;
        self.input(text)
    }

    /// Makes standard error a terminal of this size.
    pub(crate) fn screen(mut self, columns: usize, rows: usize) -> Self {
        self.size = Some((columns, rows));
        self
    }

    /// Makes standard output a terminal of this width.
    pub(crate) fn wide(mut self, columns: usize) -> Self {
        self.out_size = Some(columns);
        self
    }

    pub(crate) fn into(mut self, writer: impl Write + 'static) -> Self {
        self.out = Some(Box::new(writer));
        self
    }

    /// Writes standard error to `buffer`, to be read while the command runs.
    pub(crate) fn messages_into(mut self, buffer: SharedBuffer) -> Self {
        self.err = buffer;
        self
    }

    /// Removes the password from the environment.
    pub(crate) fn without_password(mut self) -> Self {
        self.environment.clear();
        self
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// Presses Ctrl-C after this time.
    pub(crate) fn interrupted(mut self, after: Duration) -> Self {
        self.interrupted = Some(after);
        self
    }

    /// Presses Ctrl-C when this is sent.
    pub(crate) fn interrupted_by(mut self, stopped: oneshot::Receiver<()>) -> Self {
        self.stopped = Some(stopped);
        self
    }

    pub(crate) async fn on(self, simulator: &Simulator) -> Ran {
        self.at(&simulator.url()).await
    }

    /// Runs it while the server's clock advances.
    pub(crate) async fn driven(self, simulator: &Simulator) -> Ran {
        let control = simulator.control();
        tokio::select! {
            ran = self.on(simulator) => ran,
            () = drive(&control) => unreachable!("the clock advances without end"),
        }
    }

    /// Runs it against the servers named by its words or its config, while their clocks advance.
    pub(crate) async fn among(self, simulators: &[&Simulator]) -> Ran {
        let driving = simulators.iter().map(|simulator| {
            let control = simulator.control();
            async move { drive(&control).await }
        });
        tokio::select! {
            ran = self.at("") => ran,
            _ = join_all(driving) => unreachable!("the clock advances without end"),
        }
    }

    /// Runs it until `acting` has ended, then presses Ctrl-C. Also returns the time that it took to end.
    pub(crate) async fn during<F: Future<Output = ()>>(
        self,
        simulator: &Simulator,
        acting: impl FnOnce(Outputs) -> F,
    ) -> (Ran, Duration) {
        let (stop, stopped) = oneshot::channel();
        let outputs = Outputs::default();
        let line = self.into(outputs.out.clone()).interrupted_by(stopped);
        let line = line.messages_into(outputs.err.clone());
        let mut running = Box::pin(line.on(simulator));
        tokio::select! {
            ran = &mut running => panic!("it ended by itself: {ran:?}"),
            () = acting(outputs.clone()) => stop.send(()).unwrap(),
        }
        let stopped = Instant::now();
        let mut ran = running.await;
        let took = stopped.elapsed();
        ran.out = outputs.out.text();
        assert_eq!(ran.code, 130, "{ran:?}");
        assert_eq!(simulator.control().session_count(), 0, "{ran:?}");
        (ran, took)
    }

    pub(crate) async fn at(self, url: &str) -> Ran {
        let (out, err) = (SharedBuffer::default(), self.err);
        let words = ["vtask"].into_iter().map(str::to_owned).chain(self.words);
        let connection = ["--url", url, "--username", "ops"].map(str::to_owned);
        let is_known = |words: &[String]| {
            let names_profiles = words.iter().any(|word| word == "--config");
            words[1] == "config" || words[1] == "trust" || names_profiles
        };
        let words: Vec<String> = words.collect();
        let words = if is_known(&words) {
            words
        } else {
            words.into_iter().chain(connection).collect()
        };
        let cli = cli::parse(&words).unwrap_or_else(|error| panic!("{error}"));
        let environment = self.environment;
        let environment = move |name: &str| {
            let found = environment.iter().rev().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        };
        let (input, is_terminal) = (self.input, self.input_is_terminal);
        let mut command_io = CommandIo {
            out: Output {
                writer: self.out.unwrap_or_else(|| Box::new(out.clone())),
                size: self
                    .out_size
                    .map(|columns| -> Box<dyn Fn() -> (usize, usize)> {
                        Box::new(move || (columns, 24))
                    }),
            },
            err: Output {
                writer: Box::new(err.clone()),
                size: self
                    .size
                    .map(|size| -> Box<dyn Fn() -> (usize, usize)> { Box::new(move || size) }),
            },
            input: Box::new(move || (Box::new(Cursor::new(input)), is_terminal)),
            environment: &environment,
            signals: match (self.interrupted, self.stopped) {
                (Some(after), _) => Box::pin(stream::once(async move {
                    sleep(after).await;
                    StopSignal::Interrupt
                })),
                (None, Some(stopped)) => Box::pin(stream::once(async move {
                    let _ = stopped.await;
                    StopSignal::Interrupt
                })),
                (None, None) => Box::pin(stream::pending()),
            },
            color: ColorChoice::Auto,
            log_format: LogFormat::Text,
            fetch: FetchArgs::default(),
            deadline: None,
        };
        let ran = timeout(BOUND, command::run(cli, &mut command_io)).await;
        let code = match ran.expect("it ends") {
            Ok(outcome) => outcome.code(),
            Err(error) => {
                if error.is_reported() {
                    let message = error.message();
                    let _ = writeln!(command_io.err.writer, "vtask: {message}");
                }
                error.code()
            }
        };
        drop(command_io);
        Ran {
            code,
            out: out.text(),
            err: err.text(),
        }
    }
}
