//! Access to environment variables.

use std::env;

/// Environment variables, passed as an argument so that only the entry point reads the real ones.
pub trait Environment {
    /// Returns the value of a variable, unless it is unset or empty.
    fn get(&self, name: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<String>> Environment for F {
    fn get(&self, name: &str) -> Option<String> {
        self(name).filter(|value| !value.is_empty())
    }
}

/// Reads the environment of this process.
pub(crate) fn process_environment(name: &str) -> Option<String> {
    env::var(name).ok()
}
