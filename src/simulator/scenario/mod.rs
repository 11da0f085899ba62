//! Scenarios: inventory and schedule of a simulated vCenter, defined in TOML.

mod compile;
mod convert;
mod error;
mod file;
mod inventory;
mod load_options;
mod operations;

use std::path::Path;

use vtask_files::text_file;

pub use error::ScenarioError;
pub use load_options::LoadOptions;
pub use operations::{OperationCatalogue, OperationInfo};

use super::world::WorldConfig;

/// Names and texts of the built-in scenarios.
const BUILT_IN: [(&str, &str); 4] = [
    ("demo", include_str!("../scenarios/demo.toml")),
    ("empty", include_str!("../scenarios/empty.toml")),
    ("load", include_str!("../scenarios/load.toml")),
    ("quiet", include_str!("../scenarios/quiet.toml")),
];

/// Parsed and validated scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    name: String,
    text: String,
}

impl Scenario {
    /// Returns the names of the built-in scenarios.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Loads the built-in scenario with this name, or the file at this path.
    pub fn load(name: &str) -> Result<Self, ScenarioError> {
        if let Some((name, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
            return Self::parse(name, text);
        }
        let text =
            text_file::read(Path::new(name)).map_err(|source| ScenarioError::Unreadable {
                name: name.to_owned(),
                known: Self::names().collect::<Vec<_>>().join(", "),
                source,
            })?;
        Self::parse(name, &text)
    }

    /// Parses a scenario; `name` is used in error messages.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        compile::compile(name, text, &LoadOptions::default())?;
        Ok(Self {
            name: name.to_owned(),
            text: text.to_owned(),
        })
    }

    /// Returns the built-in name or the file path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Compiles the configuration of a world.
    pub(super) fn world_config(&self, load: &LoadOptions) -> Result<WorldConfig, ScenarioError> {
        compile::compile(&self.name, &self.text, load)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_scenarios_are_valid() {
        for name in Scenario::names() {
            let scenario = Scenario::load(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(scenario.name(), name);
        }
    }

    #[test]
    fn all_scenario_files_are_built_in() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                assert!(
                    Scenario::names().any(|known| known == name),
                    "{name} is not built in"
                );
            }
        }
    }

    #[test]
    fn a_file_is_loaded_by_its_path() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        std::fs::write(path, "about = \"mine\"\n").unwrap();
        assert_eq!(Scenario::load(path).unwrap().name(), path);
        std::fs::write(path, "about = 3\n").unwrap();
        let error = Scenario::load(path).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("scenario {path}, line 1: ")),
            "{error}"
        );
    }

    fn parse_error(text: &str) -> String {
        Scenario::parse("my.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn errors_contain_file_line_and_problem() {
        let unknown_field = parse_error("about = \"x\"\ncolour = 3\n");
        assert!(
            unknown_field.starts_with("scenario my.toml, line 2: ")
                && unknown_field.contains("colour"),
            "{unknown_field}"
        );

        let no_such_entity = parse_error(
            "about = \"x\"\n[[task]]\nat = \"1s\"\n[task.what]\noperation = \"VirtualMachine.clone\"\non = \"missing\"\ntakes = \"1m\"\n",
        );
        assert_eq!(
            no_such_entity,
            "scenario my.toml, line 6: unknown entity missing"
        );

        let no_duration = parse_error(
            "about = \"x\"\n[[task]]\nat = \"1s\"\n[task.what]\noperation = \"VirtualMachine.clone\"\n",
        );
        assert!(
            no_duration.starts_with("scenario my.toml, line 5: ") && no_duration.contains("takes"),
            "{no_duration}"
        );

        let broken = parse_error("about = \"x\nday = 3");
        assert!(broken.starts_with("scenario my.toml, line 1: "), "{broken}");
    }

    #[test]
    fn an_unknown_name_lists_the_built_in_scenarios() {
        let error = Scenario::load("dmeo").unwrap_err().to_string();
        assert!(error.contains("demo, empty, load, quiet"), "{error}");
    }
}
