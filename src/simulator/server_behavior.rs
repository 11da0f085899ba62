//! Switches for the ways in which live servers differ.

use std::time::Duration;

/// Boxing of a value whose declared type is `Any`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Boxing {
    /// As vCenter 8.0.3: primitives and lists in `{"_typeName","_value"}`, data objects unboxed.
    #[default]
    Standard,
    /// Primitives and lists unboxed.
    Bare,
    /// Data objects boxed as well, as in the programming guide.
    DataObjectsToo,
    /// Lists keyed by their element type: `{"_typeName":"ArrayOfString","string":[…]}`.
    ElementKeyed,
    /// As [`Standard`](Self::Standard), and the primitives inside data objects boxed as well: reported of vCenter
    /// 8.0.3. References are unboxed.
    Nested,
}

/// Form of a fault inside data (`TaskInfo.error`, `MissingProperty.fault`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorForm {
    /// The fault itself with its text in `faultstring`: vCenter 8.0.3.
    #[default]
    Bare,
    /// `LocalizedMethodFault {fault, localizedMessage}`: reported of 9.x.
    Wrapped,
}

/// Form of an update to a property that became unset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unset {
    /// No `val`, the only form that strict clients accept.
    #[default]
    Absent,
    /// `"val": null`.
    Null,
}

/// Response for an empty list where a method or property declares a list.
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

/// Response of a void method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoidResponse {
    /// Status 204, no body.
    #[default]
    NoContent,
    /// Status 200 with an empty body.
    EmptyOk,
}

/// Property names in an update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangeNames {
    /// The paths in the filter, e.g. `info.progress`.
    #[default]
    Leaf,
    /// The whole property, `info`, for a change of any leaf.
    Whole,
}

/// Version numbering of a property collector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// Each update set has its own version; an acknowledged version can be used again.
    #[default]
    Numbered,
    /// Every update set has the version `-` and any version is accepted. The same filter never repeats an update, even
    /// if the response was lost or the client starts over with an empty version: seen on third-party servers.
    Constant,
}

/// Time limit by a proxy on waits for updates, in real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyWaitLimit {
    /// Longest wait.
    pub after: Duration,
    /// Status of the proxy's response; `None` breaks the connection.
    pub status: Option<u16>,
}

/// Server behavior. The default is a well-behaved vCenter 9.0.0 that also accepts the older releases.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, each named for what it does"
)]
pub struct ServerBehavior {
    /// Supports `POST /api/vcenter/system?action=hello`; vCenter 8.0.1.0 does not.
    pub hello: bool,
    /// Supported API releases, best first.
    pub releases: Vec<String>,
    /// Compresses responses if the client accepts it.
    pub gzip: bool,
    /// Requires `_typeName` in a request's data objects even if the declared type is unambiguous.
    pub require_type_names: bool,
    /// Omits `_typeName` where the declared type is unambiguous: in the wrappers of updates and retrieved objects.
    pub omit_type_names: bool,
    /// Boxing of values of type `Any`.
    pub boxing: Boxing,
    /// Form of faults inside data.
    pub error_form: ErrorForm,
    /// Form of unset values in updates.
    pub unset: Unset,
    /// Response for empty lists.
    pub empty_list: EmptyList,
    /// Response of void methods.
    pub void_response: VoidResponse,
    /// Adds `serverGuid` to references, filled in some and empty in others.
    pub server_guid_in_references: bool,
    /// Property names in updates.
    pub change_names: ChangeNames,
    /// Merges the changes of one object between two polls into one update. Otherwise the object has one update per
    /// changed property in the set.
    pub fold_changes: bool,
    /// Version numbering of property collectors.
    pub versions: Versions,
    /// Wakes a running wait when a view changes.
    pub wake_on_view_change: bool,
    /// Reports objects that were added to or removed from a view after the first response.
    pub report_view_changes: bool,
    /// Reports changes of `TaskManager.recentTask`, which vCenter may never do.
    pub push_recent_tasks: bool,
    /// Keeps a wait running, without a response, after its session has ended. Otherwise the wait ends too.
    pub waits_outlive_sessions: bool,
    /// Limit on the duration of a wait without changes, regardless of the requested time.
    pub max_wait: Option<Duration>,
    /// Proxy limit on the duration of a wait.
    pub proxy_wait_limit: Option<ProxyWaitLimit>,
    /// Maximum number of object updates in one response of `WaitForUpdatesEx`.
    pub update_cap: Option<usize>,
    /// Maximum number of objects in one response of `RetrievePropertiesEx`.
    pub retrieve_cap: Option<usize>,
    /// True if the account may create property collectors and views; otherwise `NoPermission`.
    pub collector_permission: bool,
    /// Types of inventory objects that the account may not read: their properties are missing, with `NoPermission`.
    pub unreadable_types: Vec<String>,
    /// True if the account has `Global.CancelTask`.
    pub cancel_privilege: bool,
    /// True if task history is supported; otherwise `NotSupported`, as on ESXi.
    pub history: bool,
    /// True if the account may read task history; otherwise `NoPermission`.
    pub history_permission: bool,
    /// Applies the history filters for user, activation, chain, tag, parent and root, and the event filter for a
    /// chain. Some third-party servers accept these filters and ignore them.
    pub detailed_filters: bool,
    /// True if the account may read events; otherwise `NoPermission`.
    pub events_permission: bool,
    /// Maximum number of history collectors per session.
    pub max_collectors: usize,
    /// Delay of the history, in world time: a task appears this long after its end.
    pub history_lag: Duration,
    /// Omits some tasks from the history that are in `recentTask`.
    pub history_gaps: bool,
    /// Returns `NotAuthenticated` for every call on property collectors and views, and only for those.
    pub collectors_unauthenticated: bool,
}

impl Default for ServerBehavior {
    fn default() -> Self {
        Self {
            hello: true,
            releases: ["9.0.0.0", "8.0.3.0", "8.0.2.0", "8.0.1.0"]
                .map(str::to_owned)
                .to_vec(),
            gzip: true,
            require_type_names: true,
            omit_type_names: false,
            boxing: Boxing::default(),
            error_form: ErrorForm::default(),
            unset: Unset::default(),
            empty_list: EmptyList::default(),
            void_response: VoidResponse::default(),
            server_guid_in_references: false,
            change_names: ChangeNames::default(),
            fold_changes: true,
            versions: Versions::default(),
            wake_on_view_change: true,
            report_view_changes: true,
            push_recent_tasks: false,
            waits_outlive_sessions: false,
            max_wait: None,
            proxy_wait_limit: None,
            update_cap: Some(100),
            retrieve_cap: Some(100),
            collector_permission: true,
            unreadable_types: Vec::new(),
            cancel_privilege: true,
            history: true,
            history_permission: true,
            detailed_filters: true,
            events_permission: true,
            max_collectors: 32,
            history_lag: Duration::ZERO,
            history_gaps: false,
            collectors_unauthenticated: false,
        }
    }
}

impl ServerBehavior {
    /// Returns the behavior of vCenter 8.0 U1: no `hello`, one release.
    pub fn release_8_0_1() -> Self {
        Self {
            hello: false,
            releases: vec!["8.0.1.0".to_owned()],
            ..Self::default()
        }
    }
}
