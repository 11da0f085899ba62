//! Protects passwords and sessions in memory: no core dumps, no access by debuggers of the same user.

use crate::config::{env_flag, process_environment};

/// If on, the process can be debugged and may write core dumps.
const DEBUGGABLE: &str = "VTASK_DEBUGGABLE";

/// Disables core dumps for the life of the process, since secrets can enter memory at any time. On Linux the process
/// becomes non-dumpable, which child processes do not inherit; on other Unix systems the core size limit is zero.
pub fn disable_core_dumps() {
    if process_environment(DEBUGGABLE).is_some_and(|value| env_flag(&value) == Ok(true)) {
        return;
    }
    // Best effort: a failure leaves the defaults in place.
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
