//! Named filters saved from the screen, in `vtask/named-filters.toml` below `$XDG_STATE_HOME` or `~/.local/state`;
//! lines of `name = "filter"`, mode 0600. The user's config file is never written; filters of the same name in it take
//! precedence.

use std::{
    fs,
    io::{self, ErrorKind},
};

use crate::{
    files::state_file::{MAX_BYTES, StateFile},
    task::Saved,
};

/// The file of named filters.
#[derive(Debug, Clone, Default)]
pub struct SavedFilterFile(StateFile);

impl SavedFilterFile {
    /// Locates the file from `XDG_STATE_HOME` and `HOME`.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self(StateFile::new("named-filters.toml", variable))
    }

    /// Reads the filters.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or parsed: its path and the reason.
    pub fn read(&self) -> Result<Saved, String> {
        let Some(path) = self.0.path() else {
            return Ok(Saved::new());
        };
        let problem = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Saved::new()),
            Err(error) => return Err(problem(&error)),
            Ok(file) if file.len() > MAX_BYTES => return Err(problem(&"file too large")),
            Ok(_) => {}
        }
        let text = fs::read_to_string(path).map_err(|error| problem(&error))?;
        toml::from_str(&text).map_err(|error| problem(&error.message()))
    }

    /// Saves or deletes a filter. Reads the file again first, as other instances may have changed it.
    ///
    /// # Errors
    ///
    /// If there is no state directory, or the file cannot be read or written.
    pub fn save(&self, name: &str, filter: Option<&str>) -> io::Result<()> {
        if self.0.path().is_none() {
            let why = "neither XDG_STATE_HOME nor HOME is set";
            return Err(io::Error::new(ErrorKind::NotFound, why));
        }
        let mut all = self.read().map_err(io::Error::other)?;
        match filter {
            Some(filter) => all.insert(name.to_owned(), filter.to_owned()),
            None => all.remove(name),
        };
        let text = toml::to_string(&all).map_err(io::Error::other)?;
        self.0.write(&text)
    }
}

/// Returns why a name is not valid for a filter.
pub fn name_problem(name: &str) -> Option<&'static str> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '(' | ')' | '@');
    if name.is_empty() {
        Some("Enter a name for the filter.")
    } else if name.contains(odd) {
        Some("The name must not contain spaces, parentheses or @.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_persistent_until_deleted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().display().to_string();
        let named = || {
            SavedFilterFile::from_environment(|name| {
                (name == "XDG_STATE_HOME").then(|| path.clone())
            })
        };
        assert_eq!(named().read(), Ok(Saved::new()));
        named().save("mine", Some("user:kim \"a b\"")).unwrap();
        named().save("größe", Some("/^db-\\d+$/")).unwrap();
        let kept = named().read().unwrap();
        assert_eq!(kept["mine"], "user:kim \"a b\"");
        assert_eq!(kept["größe"], "/^db-\\d+$/");
        named().save("mine", None).unwrap();
        assert_eq!(named().read().unwrap().len(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let file = directory.path().join("vtask/named-filters.toml");
            let mode = fs::metadata(file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn invalid_file_is_reported_and_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("broken.toml");
        fs::write(&file, "mine = \n").unwrap();
        let named = SavedFilterFile(StateFile(Some(file.clone())));
        assert!(named.read().unwrap_err().contains("broken.toml: "));
        assert!(named.save("mine", Some("web")).is_err());
        assert_eq!(fs::read_to_string(file).unwrap(), "mine = \n");
        assert!(
            SavedFilterFile(StateFile(None))
                .save("mine", Some("web"))
                .is_err()
        );
    }

    #[test]
    fn names_are_validated() {
        for name in ["mine", "db-1", "größe"] {
            assert_eq!(name_problem(name), None, "{name}");
        }
        for name in ["", "a b", "@x", "(x)", "a\tb"] {
            assert!(name_problem(name).is_some(), "{name:?}");
        }
    }
}
