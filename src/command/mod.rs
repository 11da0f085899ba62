//! What each subcommand does.

pub mod simulate;
