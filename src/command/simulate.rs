//! `vtask simulate`: the embedded vCenter as a server of its own.

/// How it serves.
#[derive(Debug, clap::Args)]
pub struct SimulateArgs {}
