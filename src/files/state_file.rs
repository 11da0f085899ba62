//! Small text files that the program keeps between runs.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{directories::state_directory, private_file};

/// Maximum size of a file that is read, in bytes.
pub const MAX_BYTES: u64 = 2 << 20;

/// A private file in the state directory; `None` if the environment determines no directory.
#[derive(Debug, Clone, Default)]
pub struct StateFile(pub Option<PathBuf>);

impl StateFile {
    /// Locates the file from `XDG_STATE_HOME` and `HOME`.
    pub fn new(name: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        Self(state_directory(variable).map(|directory| directory.join(name)))
    }

    /// Returns the path, if there is a state directory.
    pub fn path(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// Returns the text; an empty one if the file cannot be read or is too large.
    pub fn text(&self) -> String {
        let small = |path: &&Path| fs::metadata(path).is_ok_and(|file| file.len() <= MAX_BYTES);
        let bytes = self.path().filter(small).map(fs::read);
        let bytes = bytes.and_then(Result::ok).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Replaces the text, if there is a state directory.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn write(&self, text: &str) -> io::Result<()> {
        let write = |path| private_file::write(path, text.as_bytes());
        self.path().map_or(Ok(()), write)
    }
}
