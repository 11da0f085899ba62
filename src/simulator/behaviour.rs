//! What differs between live servers, as switches: a client has to survive all of it.

use std::time::Duration;

/// How a value in a place of type `Any` is boxed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Boxing {
    /// As vCenter 8.0.3: primitives and lists in `{"_typeName","_value"}`, data objects as they are.
    #[default]
    Standard,
    /// Primitives and lists without any box.
    Bare,
    /// Data objects boxed as well, as the programming guide shows them.
    DataObjectsToo,
    /// Lists keyed by their element type: `{"_typeName":"ArrayOfString","string":[…]}`.
    ElementKeyed,
    /// As [`Standard`](Self::Standard), and the primitives inside data objects boxed as well: reported of vCenter
    /// 8.0.3. References stay as they are.
    Nested,
}

/// How a fault inside data (`TaskInfo.error`, `MissingProperty.fault`) is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorForm {
    /// The fault itself, its text in `faultstring`: vCenter 8.0.3.
    #[default]
    Bare,
    /// `LocalizedMethodFault {fault, localizedMessage}`: reported of 9.x.
    Wrapped,
}

/// How a change to a property that became unset is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unset {
    /// No `val` at all. Strict clients accept nothing else.
    #[default]
    Absent,
    /// `"val": null`.
    Null,
}

/// How an empty list is answered where a method or property declares a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyList {
    /// `[]`.
    #[default]
    Array,
    /// `null`.
    Null,
    /// Status 204, no body.
    NoContent,
}

/// How a void method is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoidAnswer {
    /// Status 204, no body.
    #[default]
    NoContent,
    /// Status 200 with an empty body.
    EmptyOk,
}

/// What an update names as changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangeNames {
    /// The paths that the filter asks for, e.g. `info.progress`.
    #[default]
    Leaf,
    /// The whole property, `info`, whatever leaf changed.
    Whole,
}

/// How a property collector numbers what it told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// Each set has a version of its own; a version that was proved to have arrived may be asked for again.
    #[default]
    Numbered,
    /// All sets have the version `-`, any version is taken for it, and what was told once is not told again by the
    /// same filter, whether it arrived or not, not even from the start: seen of third-party servers.
    Constant,
}

/// An answer that does not come from vCenter but from something in front of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The HTTP status.
    pub status: u16,
    /// Headers: name and value.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Outage {
    /// A page of HTML with this status and title.
    pub fn page(status: u16, title: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            body: format!(
                "<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
            ),
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What a reverse proxy says when the service behind it is away; `retry_after` as the header has it.
    pub fn service_unavailable(retry_after: Option<&str>) -> Self {
        let page = Self::page(503, "503 Service Unavailable");
        match retry_after {
            Some(value) => page.with_header("retry-after", value),
            None => page,
        }
    }

    /// A redirect to a page where a browser could sign in.
    pub fn login_redirect() -> Self {
        Self::page(301, "301 Moved Permanently").with_header("location", "/ui/login")
    }

    /// A page where a browser could sign in, with status 200.
    pub fn login_page() -> Self {
        Self::page(200, "Sign in")
    }
}

/// What cuts waits that take longer than it likes, as proxies do. Real time, whatever the server's clock does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitCut {
    /// Longest wait.
    pub after: Duration,
    /// What the client gets instead; `None`: the connection breaks.
    pub answer: Option<Outage>,
}

/// The switches. The default is a well-behaved vCenter 9.0.0 that knows the older releases, too.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, each named for what it does"
)]
pub struct Behaviours {
    /// Whether `POST /api/vcenter/system?action=hello` exists; without it the server is an 8.0.1.0.
    pub hello: bool,
    /// The releases that the server knows, best first.
    pub releases: Vec<String>,
    /// Whether answers are compressed when the client accepts it.
    pub gzip: bool,
    /// Whether a request's data objects must carry `_typeName` even where the declared type says enough.
    pub require_type_names: bool,
    /// Leaves `_typeName` out of the update and retrieve wrappers, where it tells nothing (a server may).
    pub lean_type_names: bool,
    /// Boxing in places of type `Any`.
    pub boxing: Boxing,
    /// The form of faults inside data.
    pub error_form: ErrorForm,
    /// How unset values are written in updates.
    pub unset: Unset,
    /// How empty lists are answered.
    pub empty_list: EmptyList,
    /// How void methods are answered.
    pub void_answer: VoidAnswer,
    /// Whether references carry `serverGuid` (some filled, some empty).
    pub server_guid_in_references: bool,
    /// What updates name as changed.
    pub change_names: ChangeNames,
    /// Whether changes of one object between two polls are folded into one update. When they are not, an object
    /// that changed in several properties occurs several times in one set.
    pub fold_changes: bool,
    /// How property collectors number what they told.
    pub versions: Versions,
    /// Whether a running wait notices that a view was modified.
    pub wake_on_view_change: bool,
    /// Whether filters ever notice that a view was modified after the first answer.
    pub see_view_changes: bool,
    /// Whether collectors report changes of `TaskManager.recentTask`. vCenter may never do so.
    pub push_recent_tasks: bool,
    /// Whether running waits go on, silently, after their session has ended. Otherwise they end with it.
    pub waits_outlive_sessions: bool,
    /// Waits end after this long with nothing new, whatever was asked for.
    pub waits_end_after: Option<Duration>,
    /// What cuts waits before they end.
    pub waits_cut: Option<WaitCut>,
    /// Most object updates in one answer of `WaitForUpdatesEx`; `None`: no limit.
    pub update_cap: Option<usize>,
    /// Most objects in one answer of `RetrievePropertiesEx`; `None`: no limit.
    pub retrieve_cap: Option<usize>,
    /// Whether the account may create property collectors and views (`NoPermission` otherwise).
    pub property_collector: bool,
    /// Whether the account holds `Global.CancelTask`.
    pub cancel_privilege: bool,
    /// Whether task history is there (`NotSupported` otherwise, as on ESXi).
    pub history: bool,
    /// Whether the account may read task history (`NoPermission` otherwise).
    pub history_permission: bool,
    /// Whether history can be asked by user, token, chain, tag, parent and root, and events by chain. Third-party
    /// servers were seen that take such a filter and ignore it.
    pub fine_filters: bool,
    /// Whether the account may read events (`NoPermission` otherwise).
    pub events_permission: bool,
    /// Most task history collectors a session may hold at a time.
    pub max_collectors: usize,
    /// How far history is behind: a task finished less than this long ago (world time) is not in it yet.
    pub history_lag: Duration,
    /// Whether history now and then misses a task that `recentTask` shows.
    pub history_misses: bool,
    /// Session-half-death: `NotAuthenticated` for every call on the property collector and views only.
    pub collectors_signed_out: bool,
    /// How long every answer is held back (real time).
    pub latency: Duration,
}

impl Default for Behaviours {
    fn default() -> Self {
        Self {
            hello: true,
            releases: ["9.0.0.0", "8.0.3.0", "8.0.2.0", "8.0.1.0"]
                .map(str::to_owned)
                .to_vec(),
            gzip: true,
            require_type_names: true,
            lean_type_names: false,
            boxing: Boxing::default(),
            error_form: ErrorForm::default(),
            unset: Unset::default(),
            empty_list: EmptyList::default(),
            void_answer: VoidAnswer::default(),
            server_guid_in_references: false,
            change_names: ChangeNames::default(),
            fold_changes: true,
            versions: Versions::default(),
            wake_on_view_change: true,
            see_view_changes: true,
            push_recent_tasks: false,
            waits_outlive_sessions: false,
            waits_end_after: None,
            waits_cut: None,
            update_cap: Some(100),
            retrieve_cap: Some(100),
            property_collector: true,
            cancel_privilege: true,
            history: true,
            history_permission: true,
            fine_filters: true,
            events_permission: true,
            max_collectors: 32,
            history_lag: Duration::ZERO,
            history_misses: false,
            collectors_signed_out: false,
            latency: Duration::ZERO,
        }
    }
}

impl Behaviours {
    /// A vCenter 8.0 U1: no `hello`, one release.
    pub fn release_8_0_1() -> Self {
        Self {
            hello: false,
            releases: vec!["8.0.1.0".to_owned()],
            ..Self::default()
        }
    }
}
