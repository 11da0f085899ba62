//! What keeps passwords and sessions in memory from ending up elsewhere: no core dumps, and no look into this process by
//! others of the same user.

/// Set to anything, others may debug and trace this process, and it may leave core dumps.
const DEBUGGABLE: &str = "VTASK_DEBUGGABLE";

/// Keeps the memory of this process to itself, as far as the system offers that; for all of its life, for secrets come
/// in by many ways. On Linux the process is not dumpable, which commands that it starts do not inherit; elsewhere the
/// limit on core dumps is zero.
pub fn disable_core_dumps() {
    if std::env::var_os(DEBUGGABLE).is_some_and(|value| !value.is_empty()) {
        return;
    }
    // Where the system refuses, nothing is lost that was there before.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    #[cfg(all(unix, not(target_os = "linux")))]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            ..getrlimit(Resource::Core)
        };
        let _ = setrlimit(Resource::Core, none);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior};

    #[test]
    fn the_process_is_not_dumpable() {
        super::disable_core_dumps();
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    }
}
