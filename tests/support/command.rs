//! Runs commands with captured input and output, against the embedded vCenter over HTTP.

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
    simulator::{
        Control, Options, Simulator,
        fault_injection::{FaultPlan, FaultRule},
        scenario::Scenario,
    },
};

/// Time limit of every command and condition.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Time limit of a condition, shorter so that the condition fails before the command.
const CONDITION_TIMEOUT: Duration = Duration::from_secs(50);

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

/// Starts a server of the scenario above with a fault.
pub(crate) async fn server_with_fault(rule: FaultRule) -> Simulator {
    server_with(|options| options.faults = FaultPlan::default().with(rule)).await
}

/// Starts a server of the demo, whose history has thirty days.
pub(crate) async fn demo_server() -> Simulator {
    let mut options = Options::new(Scenario::load("demo").unwrap()).manual();
    options.starts_at = Some("2026-03-04T15:00:00Z".parse().unwrap());
    Simulator::start(options).await.unwrap()
}

/// Returns the number of requests whose kind contains this text, such as `SessionManager/Login`.
pub(crate) fn count_requests(control: &Control, kind: &str) -> usize {
    let requests = control.requests();
    let matching = requests
        .iter()
        .filter(|request| request.kind.contains(kind));
    matching.count()
}

/// Runs a command with a record in the place of a server.
pub(crate) async fn run_from_record(words: &str, file: &Path) -> CommandOutput {
    let line = line(words).word("--from").word(file.to_str().unwrap());
    line.at("").await
}

/// Parses the lines of NDJSON.
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Writes a config file with a profile for each server; returns its path.
pub(crate) fn config(directory: &Path, servers: &[(&str, &Simulator)]) -> String {
    let profiles = servers.iter().map(|(name, server)| {
        let url = server.url();
        format!("[profiles.{name}]\nurl = \"{url}\"\nusername = \"ops\"\n")
    });
    let path = directory.join("config.toml");
    fs::write(&path, profiles.collect::<String>()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Advances the clock until the future is dropped, at fifty times the speed of real time.
pub(crate) async fn drive(control: &Control) {
    drive_by(control, Duration::from_millis(500)).await;
}

/// Advances the clock by `step` every ten milliseconds until the future is dropped.
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
pub(crate) async fn wait_until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let result = timeout(CONDITION_TIMEOUT, waiting).await;
    result.expect("the condition holds");
}

/// Waits until a condition that is read from a server holds.
pub(crate) async fn wait_until_async(what: &str, done: impl AsyncFn() -> bool) {
    let waiting = async {
        while !done().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let result = timeout(CONDITION_TIMEOUT, waiting).await;
    result.unwrap_or_else(|_| panic!("within {CONDITION_TIMEOUT:?}: {what}"));
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
pub(crate) struct CommandOutput {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl CommandOutput {
    /// Parses the NDJSON lines of the output.
    pub(crate) fn lines(&self) -> Vec<Value> {
        json_lines(&self.out)
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
pub(crate) struct CommandLine {
    words: Vec<String>,
    input: &'static str,
    input_is_terminal: bool,
    size: Option<(usize, usize)>,
    output_width: Option<usize>,
    out: Option<Box<dyn Write>>,
    err: SharedBuffer,
    environment: Vec<(&'static str, String)>,
    interrupt_after: Option<Duration>,
    stopped: Option<oneshot::Receiver<()>>,
}

pub(crate) fn line(words: &str) -> CommandLine {
    CommandLine {
        words: words.split_whitespace().map(str::to_owned).collect(),
        input: "",
        input_is_terminal: false,
        size: None,
        output_width: None,
        out: None,
        err: SharedBuffer::default(),
        environment: vec![("VTASK_PASSWORD", "secret".to_owned())],
        interrupt_after: None,
        stopped: None,
    }
}

impl CommandLine {
    pub(crate) fn word(mut self, word: &str) -> Self {
        self.words.push(word.to_owned());
        self
    }

    pub(crate) fn input(mut self, text: &'static str) -> Self {
        self.input = text;
        self
    }

    /// Makes standard input a terminal with this input.
    pub(crate) fn type_input(mut self, text: &'static str) -> Self {
        self.input_is_terminal = true;
        self.input(text)
    }

    /// Makes standard error a terminal of this size.
    pub(crate) fn terminal(mut self, columns: usize, rows: usize) -> Self {
        self.size = Some((columns, rows));
        self
    }

    /// Makes standard output a terminal of this width.
    pub(crate) fn output_width(mut self, columns: usize) -> Self {
        self.output_width = Some(columns);
        self
    }

    pub(crate) fn stdout_to(mut self, writer: impl Write + 'static) -> Self {
        self.out = Some(Box::new(writer));
        self
    }

    /// Writes standard error to `buffer`, to be read while the command runs.
    pub(crate) fn stderr_to(mut self, buffer: SharedBuffer) -> Self {
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

    /// Sends Ctrl-C after this time.
    pub(crate) fn interrupt_after(mut self, after: Duration) -> Self {
        self.interrupt_after = Some(after);
        self
    }

    /// Sends Ctrl-C once this channel receives a message.
    pub(crate) fn interrupt_when(mut self, stopped: oneshot::Receiver<()>) -> Self {
        self.stopped = Some(stopped);
        self
    }

    pub(crate) async fn on(self, simulator: &Simulator) -> CommandOutput {
        self.at(&simulator.url()).await
    }

    /// Runs the command while the server's clock advances.
    pub(crate) async fn with_running_clock(self, simulator: &Simulator) -> CommandOutput {
        let control = simulator.control();
        tokio::select! {
            output = self.on(simulator) => output,
            () = drive(&control) => unreachable!("the clock advances without end"),
        }
    }

    /// Runs the command against the servers of its arguments or its config, while their clocks advance.
    pub(crate) async fn on_servers(self, simulators: &[&Simulator]) -> CommandOutput {
        let driving = simulators.iter().map(|simulator| {
            let control = simulator.control();
            async move { drive(&control).await }
        });
        tokio::select! {
            output = self.at("") => output,
            _ = join_all(driving) => unreachable!("the clock advances without end"),
        }
    }

    /// Runs the command until `actions` ends, then sends Ctrl-C. Also returns the time from then to its end.
    pub(crate) async fn during<F: Future<Output = ()>>(
        self,
        simulator: &Simulator,
        actions: impl FnOnce(Outputs) -> F,
    ) -> (CommandOutput, Duration) {
        let (stop, stopped) = oneshot::channel();
        let outputs = Outputs::default();
        let line = self.stdout_to(outputs.out.clone()).interrupt_when(stopped);
        let line = line.stderr_to(outputs.err.clone());
        let mut running = Box::pin(line.on(simulator));
        tokio::select! {
            output = &mut running => panic!("the command ended by itself: {output:?}"),
            () = actions(outputs.clone()) => stop.send(()).unwrap(),
        }
        let stopped = Instant::now();
        let mut output = running.await;
        let elapsed = stopped.elapsed();
        output.out = outputs.out.text();
        assert_eq!(output.code, 130, "{output:?}");
        assert_eq!(simulator.control().session_count(), 0, "{output:?}");
        (output, elapsed)
    }

    pub(crate) async fn at(self, url: &str) -> CommandOutput {
        let (out, err) = (SharedBuffer::default(), self.err);
        let words = ["vtask"].into_iter().map(str::to_owned).chain(self.words);
        let connection = ["--url", url, "--username", "ops"].map(str::to_owned);
        let needs_no_connection = |words: &[String]| {
            let names_profiles = words.iter().any(|word| word == "--config");
            words[1] == "config" || words[1] == "trust" || names_profiles
        };
        let words: Vec<String> = words.collect();
        let words = if needs_no_connection(&words) {
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
                    .output_width
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
            signals: match (self.interrupt_after, self.stopped) {
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
        let output = timeout(TIMEOUT, command::run(cli, &mut command_io)).await;
        let code = match output.expect("the command ends in time") {
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
        CommandOutput {
            code,
            out: out.text(),
            err: err.text(),
        }
    }
}
