//! A raw JSON client for the simulator tests, independent of vtask's own client.

use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use vtask::simulator::scenario::Scenario;
use vtask::simulator::{Control, Options, Simulator};

pub(crate) const RELEASE: &str = "9.0.0.0";

/// A running server with a client session.
pub(crate) struct Harness {
    pub(crate) simulator: Simulator,
    pub(crate) control: Control,
    pub(crate) http: Client,
    pub(crate) base: String,
    pub(crate) session: Option<String>,
}

/// Status and body; an empty body is `null`.
pub(crate) type Reply = (u16, Value);

pub(crate) fn reference(kind: &str, id: &str) -> Value {
    json!({"_typeName": "ManagedObjectReference", "type": kind, "value": id})
}

pub(crate) fn task(number: u64) -> Value {
    reference("Task", &format!("task-{number}"))
}

pub(crate) fn property_spec(kind: &str, paths: &[&str]) -> Value {
    json!({"_typeName": "PropertySpec", "type": kind, "pathSet": paths})
}

pub(crate) fn traversal(kind: &str, path: &str) -> Value {
    json!({"_typeName": "TraversalSpec", "type": kind, "path": path, "skip": false})
}

impl Harness {
    /// Starts a server for a scenario text with a manual clock, without a session.
    pub(crate) async fn start(scenario: &str) -> Self {
        Self::with(scenario, |_| ()).await
    }

    pub(crate) async fn with(scenario: &str, adjust: impl FnOnce(&mut Options)) -> Self {
        let scenario = Scenario::parse("test", scenario).unwrap();
        let mut options = Options::new(scenario).manual();
        adjust(&mut options);
        Self::of(options).await
    }

    pub(crate) async fn of(options: Options) -> Self {
        let simulator = Simulator::start(options).await.unwrap();
        let control = simulator.control();
        let base = simulator.url();
        // Another test of this process may have installed it.
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().build().unwrap();
        Self {
            simulator,
            control,
            http,
            base,
            session: None,
        }
    }

    /// Starts a server and logs in.
    pub(crate) async fn signed_in(scenario: &str) -> Self {
        let mut harness = Self::start(scenario).await;
        harness.login().await;
        harness
    }

    pub(crate) async fn login(&mut self) {
        let body = json!({"userName": "VSPHERE.LOCAL\\ops", "password": "secret"});
        let response = self
            .raw(
                Method::POST,
                "SessionManager/SessionManager/Login",
                Some(&body),
            )
            .await;
        assert_eq!(response.status(), 200);
        let header = response.headers()["vmware-api-session-id"]
            .to_str()
            .unwrap();
        self.session = Some(header.to_owned());
    }

    pub(crate) async fn raw(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let mut request = self
            .http
            .request(method, format!("{}/sdk/vim25/{RELEASE}/{path}", self.base));
        if let Some(session) = &self.session {
            request = request.header("vmware-api-session-id", session);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.unwrap()
    }

    /// True if the connection breaks before the response is complete.
    pub(crate) async fn is_connection_broken(&self, path: &str, body: &Value) -> bool {
        let url = format!("{}/sdk/vim25/{RELEASE}/{path}", self.base);
        let request = self.http.post(url).json(body);
        let request = match &self.session {
            Some(session) => request.header("vmware-api-session-id", session),
            None => request,
        };
        match request.send().await {
            Ok(response) => response.bytes().await.is_err(),
            Err(_) => true,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        reply(self.raw(Method::GET, path, None).await).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        reply(self.raw(Method::POST, path, Some(&body)).await).await
    }

    /// Returns the `info` of a task that exists.
    pub(crate) async fn info(&self, number: u64) -> Value {
        let (status, info) = self.get(&format!("Task/task-{number}/info")).await;
        assert_eq!(status, 200, "{info}");
        info
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.control.advance(Duration::from_secs(seconds));
    }
}

pub(crate) async fn reply(response: Response) -> Reply {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let value = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    (status, value)
}

/// Asserts that the reply is a fault of this type.
#[track_caller]
pub(crate) fn assert_fault(reply: &Reply, type_name: &str) {
    assert_eq!(reply.0, 500, "{}", reply.1);
    assert_eq!(reply.1["_typeName"], type_name, "{}", reply.1);
    assert!(reply.1["faultstring"].is_string(), "{}", reply.1);
}

/// Asserts that every JSON object has a type name, except for the contents of boxes.
#[track_caller]
pub(crate) fn assert_typed(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(assert_typed),
        Value::Object(fields) => {
            assert!(
                fields.get("_typeName").is_some_and(Value::is_string),
                "no _typeName in {value}"
            );
            fields.values().for_each(assert_typed);
        }
        _ => {}
    }
}

/// Polls until `check` returns a value; fails after ten seconds.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    mut check: impl FnMut() -> F,
) -> T {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "condition not met within 10 s"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) const INVENTORY: &str = r#"
about = "test"
first_task = 1
[inventory]
datastores = ["ds"]
clusters = [{ name = "c", hosts = ["h1", "h2"] }]
machine_folders = [{ name = "f", cluster = "c", machines = ["a", "b", "x/y", "evil\u001b[31m"] }]
"#;

/// Three tasks: 1 runs and is cancelable after 5 s, 2 is not cancelable, 3 fails after 10 s.
pub(crate) const THREE_TASKS: &str = r#"
about = "test"
first_task = 1
[inventory]
datastores = ["ds"]
clusters = [{ name = "c", hosts = ["h1", "h2"] }]
machine_folders = [{ name = "f", cluster = "c", machines = ["a", "b", "x/y"] }]

[[task]]
at = "0s"
[task.what]
operation = "VirtualMachine.clone"
on = "a"
by = { user = "VSPHERE.LOCAL\\ops" }
queue = "0s"
takes = "100s"
progress = "linear"
exclusive = true
details = true
cancel = { after = "5s" }
activation = "act-1"
tag = "CHG1"
phases = [
  { at = 0, key = "phase.one", text = "One", arg = { disk = "1" } },
  { at = 50, key = "phase.two", text = "Two" },
]
result = { _typeName = "ManagedObjectReference", type = "VirtualMachine", value = "vm-99" }

[[task]]
at = "0s"
[task.what]
operation = "vsan.resync"
by = { alarm = { name = "disk", entity = "c" } }
queue = "0s"
takes = "60s"
result = { _typeName = "int", _value = 42 }

[[task]]
at = "0s"
[task.what]
operation = "VirtualMachine.powerOn"
on = "b"
by = { schedule = "nightly" }
queue = "0s"
takes = "10s"
progress = { steps = [[10, 95]] }
error = { _typeName = "InvalidPowerState", faultstring = "not now", requestedState = "poweredOn", existingState = "poweredOn", faultCause = { _typeName = "FileNotFound", faultstring = "no file", file = "[ds] b.vmx" } }
"#;
