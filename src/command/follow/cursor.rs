//! The cursor file: the finished tasks that were delivered, as far as needed to continue after a restart.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::CommandError;
use crate::files::private_file;

/// Version of the file format.
const VERSION: u32 = 1;

/// Position in the tasks of one server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Server time: all tasks that finished before were delivered.
    pub(super) since: Timestamp,
    /// Tasks that finished later and were delivered, too.
    #[serde(default)]
    pub(super) delivered: BTreeMap<String, Timestamp>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    version: u32,
    servers: BTreeMap<String, Position>,
}

/// A cursor file. Positions of servers that are not followed now are kept.
#[derive(Debug)]
pub(super) struct CursorFile {
    path: PathBuf,
    servers: BTreeMap<String, Position>,
    is_saved: bool,
}

impl CursorFile {
    /// Reads the file, if it exists.
    ///
    /// # Errors
    /// Fails if the file cannot be read or is no cursor.
    pub(super) fn open(path: &Path) -> Result<Self, CommandError> {
        let unusable = |why: String| {
            CommandError::Usage(format!(
                "the cursor {} cannot be used: {why}.",
                path.display()
            ))
        };
        let servers = match fs::read(path) {
            Ok(text) => {
                let content: Content = serde_json::from_slice(&text)
                    .map_err(|error| unusable(format!("{error}. Remove the file to start anew")))?;
                if content.version != VERSION {
                    let version = content.version;
                    return Err(unusable(format!("its version is {version}, not {VERSION}")));
                }
                content.servers
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(unusable(error.to_string())),
        };
        Ok(Self {
            path: path.to_owned(),
            servers,
            is_saved: false,
        })
    }

    /// Returns the position in the tasks of a server.
    pub(super) fn position(&self, instance: &str) -> Option<&Position> {
        self.servers.get(instance)
    }

    pub(super) fn set(&mut self, instance: &str, position: Position) {
        if self.servers.get(instance) != Some(&position) {
            self.servers.insert(instance.to_owned(), position);
            self.is_saved = false;
        }
    }

    /// Replaces the file if a position has changed.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(super) fn save(&mut self) -> Result<(), CommandError> {
        if self.is_saved {
            return Ok(());
        }
        let content = Content {
            version: VERSION,
            servers: self.servers.clone(),
        };
        let saved = serde_json::to_vec(&content)
            .map_err(io::Error::from)
            .and_then(|text| private_file::write(&self.path, &text));
        self.is_saved = saved.is_ok();
        saved.map_err(|error| {
            CommandError::unwritable(format!("the cursor {}", self.path.display()), &error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::fixture::at;

    #[test]
    fn positions_of_all_servers_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cursor");
        let mut cursor = CursorFile::open(&path).unwrap();
        let position = |second| Position {
            since: at(second),
            delivered: BTreeMap::from([("task-1".to_owned(), at(second + 1))]),
        };
        cursor.set("one", position(1));
        cursor.set("two", position(2));
        cursor.save().unwrap();
        let mut cursor = CursorFile::open(&path).unwrap();
        cursor.set("two", position(3));
        cursor.save().unwrap();
        let cursor = CursorFile::open(&path).unwrap();
        assert_eq!(cursor.position("one"), Some(&position(1)));
        assert_eq!(cursor.position("two"), Some(&position(3)));
        assert_eq!(cursor.position("three"), None);
        assert!(!private_file::is_exposed(&path, private_file::Access::Any).unwrap());
    }

    #[test]
    fn other_files_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cursor");
        for text in ["", "tasks", "{}", r#"{"version":2,"servers":{}}"#] {
            fs::write(&path, text).unwrap();
            let error = CursorFile::open(&path).unwrap_err();
            assert_eq!(error.code(), 2, "{error}");
            assert!(error.to_string().contains("cursor"), "{error}");
        }
        assert!(CursorFile::open(directory.path()).is_err());
    }
}
