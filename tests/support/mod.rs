//! The parts that several tests share: running commands and the built program, and reading terminal output.

pub mod built;
pub mod command;
pub mod hostile;
pub mod inventory;
#[cfg(unix)]
pub mod pty;
