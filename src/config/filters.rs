//! Saved filters from the config file and from the screen.

use super::{ConfigFile, Environment};
use crate::{app::saved_filter_file::SavedFilterFile, task::Saved};

#[derive(Debug, Default)]
pub struct NamedFilters {
    /// All saved filters; those of the config file win over others of the same name.
    pub all: Saved,
    /// Filters saved on the screen.
    pub own: Saved,
    /// Error of reading the filters saved on the screen.
    pub problem: Option<String>,
}

/// Loads the saved filters.
pub fn named_filters(file: &ConfigFile, environment: &dyn Environment) -> NamedFilters {
    let named = SavedFilterFile::from_environment(|name| environment.get(name));
    let (own, problem) = match named.read() {
        Ok(own) => (own, None),
        Err(problem) => (Saved::new(), Some(problem)),
    };
    let mut all = own.clone();
    all.extend(file.filters.clone());
    NamedFilters { all, own, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_file_overrides_screen_filters() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().display().to_string();
        let environment = |name: &str| (name == "XDG_STATE_HOME").then(|| path.clone());
        let named = SavedFilterFile::from_environment(environment);
        named.save("mine", Some("user:ops")).unwrap();
        named.save("late", Some("is:late")).unwrap();
        let file = ConfigFile::parse("[filters]\nmine = \"user:kim\"\n").unwrap();
        let filters = named_filters(&file, &environment);
        assert_eq!(filters.all["mine"], "user:kim");
        assert_eq!(filters.all["late"], "is:late");
        assert_eq!(filters.problem, None);
        std::fs::write(directory.path().join("vtask/named-filters.toml"), "?").unwrap();
        let filters = named_filters(&file, &environment);
        assert_eq!(filters.all.len(), 1);
        assert!(filters.problem.unwrap().contains("named-filters.toml"));
    }
}
