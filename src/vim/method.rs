//! API methods called by the client, classified by their effect on the server.

/// Effect of a method on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MethodEffect {
    /// Reads only.
    Reads,
    /// Creates, changes or ends objects of the client's own session, invisible to others: the session itself, views,
    /// filters and collectors.
    OwnSession,
    /// Changes something visible to others. A read-only client refuses to send it.
    Changes,
}

/// Defines [`ApiMethod`], so that every method has a type of objects and an effect.
macro_rules! methods {
    ($($name:ident of $object:literal: $effect:ident,)+) => {
        /// An API method by its name on the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum ApiMethod {
            $($name,)+
        }

        impl ApiMethod {
            /// All methods that the client can call.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns the last path segment of a call.
            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// Returns type and name of the method for counters and traces.
            pub(super) fn endpoint(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($object, "/", stringify!($name)),)+
                }
            }

            /// Returns the effect of the method.
            pub(super) fn effect(self) -> MethodEffect {
                match self {
                    $(Self::$name => MethodEffect::$effect,)+
                }
            }
        }
    };
}

methods! {
    CancelRetrievePropertiesEx of "PropertyCollector": OwnSession,
    CancelTask of "Task": Changes,
    CancelWaitForUpdates of "PropertyCollector": OwnSession,
    ContinueRetrievePropertiesEx of "PropertyCollector": OwnSession,
    CreateCollectorForTasks of "TaskManager": OwnSession,
    CreateFilter of "PropertyCollector": OwnSession,
    CreateListView of "ViewManager": OwnSession,
    CreatePropertyCollector of "PropertyCollector": OwnSession,
    CurrentTime of "ServiceInstance": Reads,
    DestroyCollector of "TaskHistoryCollector": OwnSession,
    DestroyPropertyCollector of "PropertyCollector": OwnSession,
    DestroyView of "ListView": OwnSession,
    HasPrivilegeOnEntities of "AuthorizationManager": Reads,
    Login of "SessionManager": OwnSession,
    Logout of "SessionManager": OwnSession,
    ModifyListView of "ListView": OwnSession,
    QueryEvents of "EventManager": Reads,
    ReadPreviousTasks of "TaskHistoryCollector": OwnSession,
    ResetCollector of "TaskHistoryCollector": OwnSession,
    RetrievePropertiesEx of "PropertyCollector": Reads,
    WaitForUpdatesEx of "PropertyCollector": OwnSession,
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;

    /// All methods, repeated by hand: adding one requires a decision about read-only clients here as well.
    const ALLOWED_READ_ONLY: [&str; 20] = [
        "CancelRetrievePropertiesEx",
        "CancelWaitForUpdates",
        "ContinueRetrievePropertiesEx",
        "CreateCollectorForTasks",
        "CreateFilter",
        "CreateListView",
        "CreatePropertyCollector",
        "CurrentTime",
        "DestroyCollector",
        "DestroyPropertyCollector",
        "DestroyView",
        "HasPrivilegeOnEntities",
        "Login",
        "Logout",
        "ModifyListView",
        "QueryEvents",
        "ReadPreviousTasks",
        "ResetCollector",
        "RetrievePropertiesEx",
        "WaitForUpdatesEx",
    ];
    const REFUSED_READ_ONLY: [&str; 1] = ["CancelTask"];

    #[test]
    fn every_method_is_classified() {
        let names = |changes: bool| -> Vec<&str> {
            let all = ApiMethod::ALL.iter();
            let of_kind =
                all.filter(|method| (method.effect() == MethodEffect::Changes) == changes);
            of_kind.map(|method| method.name()).collect()
        };
        assert_eq!(names(false), ALLOWED_READ_ONLY);
        assert_eq!(names(true), REFUSED_READ_ONLY);
    }

    /// Only `client.rs`, which knows the method, and `release.rs`, which sends `hello`, may send requests.
    #[test]
    fn every_request_is_sent_through_the_classification() {
        let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut senders = Vec::new();
        let mut directories = vec![directory.clone()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                    continue;
                }
                let text = fs::read_to_string(&path).unwrap();
                let uses_http = [
                    "Method::POST",
                    "Method::PUT",
                    "Method::PATCH",
                    "Method::DELETE",
                ];
                let is_this = path.ends_with("method.rs");
                if !is_this && uses_http.iter().any(|word| text.contains(word)) {
                    senders.push(path.file_name().unwrap().to_owned());
                }
            }
        }
        senders.sort();
        assert_eq!(senders, ["client.rs", "release.rs"]);
    }
}
