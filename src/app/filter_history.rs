//! Filter history, kept between runs in `vtask/filters` below `$XDG_STATE_HOME` or `~/.local/state`. One filter per
//! line, newest last, mode 0600. Read errors are ignored: the history is then empty.

use std::io;

use crate::files::state_file::StateFile;

/// Maximum number of filters.
const MAX_ENTRIES: usize = 200;

/// The filter history file.
#[derive(Debug, Clone, Default)]
pub struct FilterHistoryFile(StateFile);

impl FilterHistoryFile {
    /// Locates the file from `XDG_STATE_HOME` and `HOME`.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self(StateFile::new("filters", variable))
    }

    /// Returns the filters, newest last.
    pub fn filters(&self) -> Vec<String> {
        let mut kept = Vec::new();
        for line in self.0.text().lines().filter(|line| !line.trim().is_empty()) {
            push(&mut kept, line);
        }
        kept
    }

    /// Adds a filter. Reads the file again first, as other instances may have added some.
    pub fn add(&self, filter: &str) -> io::Result<()> {
        let mut kept = self.filters();
        push(&mut kept, filter);
        self.0.write(&(kept.join("\n") + "\n"))
    }
}

/// Appends a filter, removes duplicates of it and drops the oldest entries beyond the limit.
pub fn push(kept: &mut Vec<String>, filter: &str) {
    kept.retain(|known| known != filter);
    kept.push(filter.to_owned());
    let surplus = kept.len().saturating_sub(MAX_ENTRIES);
    kept.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_is_persistent_and_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().display().to_string();
        let memory = || {
            FilterHistoryFile::from_environment(|name| {
                (name == "XDG_STATE_HOME").then(|| path.clone())
            })
        };
        assert_eq!(memory().filters(), [""; 0]);
        for number in 0..MAX_ENTRIES + 5 {
            memory().add(&format!("web {number}")).unwrap();
        }
        memory().add("web 7").unwrap();
        let kept = memory().filters();
        assert_eq!(kept.len(), MAX_ENTRIES);
        assert_eq!(kept.last().unwrap(), "web 7");
        assert_eq!(kept.iter().filter(|known| *known == "web 7").count(), 1);
    }

    #[test]
    fn no_history_without_a_state_directory() {
        let memory = FilterHistoryFile::from_environment(|_| None);
        memory.add("web").unwrap();
        assert_eq!(memory.filters(), [""; 0]);
    }
}
