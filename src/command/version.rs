//! The version of the program.

/// Version, commit (if known) and build target.
pub const LONG: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("VTASK_BUILD"), ")");
