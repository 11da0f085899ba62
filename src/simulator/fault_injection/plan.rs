//! Fault plans and their files.

use std::path::Path;

use serde::Deserialize;
use vtask_files::text_file;

use super::event::FaultEvent;
use super::rule::FaultRule;

/// Fault plan.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultPlan {
    /// One-line description.
    pub about: String,
    /// Seed of the random generator.
    pub seed: u64,
    /// Faults of requests and connections.
    #[serde(rename = "rule")]
    pub rules: Vec<FaultRule>,
    /// Scheduled events of the server.
    #[serde(rename = "event")]
    pub events: Vec<FaultEvent>,
}

/// Error while loading a fault plan.
#[derive(Debug, thiserror::Error)]
pub enum FaultPlanError {
    /// The file cannot be read.
    #[error("cannot read fault plan {file}: {source}")]
    Unreadable {
        /// Path of the file.
        file: String,
        /// Underlying error.
        source: std::io::Error,
    },
    /// Invalid syntax or structure.
    #[error("fault plan {file}, line {line}: {what}")]
    Syntax {
        /// Path of the file.
        file: String,
        /// Line number, starting at 1.
        line: usize,
        /// Description of the problem.
        what: String,
    },
    /// Invalid value in a rule or event.
    #[error("fault plan {file}, {entry}: {what}")]
    InvalidValue {
        /// Path of the file.
        file: String,
        /// Number of the rule or event, such as `rule 2`.
        entry: String,
        /// Description of the problem.
        what: String,
    },
}

impl FaultPlan {
    /// Loads a plan from a file.
    pub fn load(path: &Path) -> Result<Self, FaultPlanError> {
        let file = path.display().to_string();
        match text_file::read(path) {
            Ok(text) => Self::parse(&file, &text),
            Err(source) => Err(FaultPlanError::Unreadable { file, source }),
        }
    }

    /// Parses a plan; `file` is used in error messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, FaultPlanError> {
        let plan: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or_default();
            FaultPlanError::Syntax {
                file: file.to_owned(),
                line: before.matches('\n').count() + 1,
                what: error.message().to_owned(),
            }
        })?;
        let invalid_value = |kind: &str, index: usize, what: String| FaultPlanError::InvalidValue {
            file: file.to_owned(),
            entry: format!("{kind} {}", index + 1),
            what,
        };
        for (index, rule) in plan.rules.iter().enumerate() {
            rule.check()
                .map_err(|what| invalid_value("rule", index, what))?;
        }
        for (index, event) in plan.events.iter().enumerate() {
            event
                .check()
                .map_err(|what| invalid_value("event", index, what))?;
        }
        Ok(plan)
    }

    /// Adds a rule.
    #[must_use]
    pub fn with(mut self, rule: FaultRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Adds an event.
    #[must_use]
    pub fn and(mut self, event: FaultEvent) -> Self {
        self.events.push(event);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_plans_are_valid() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/faults");
        let mut seen = 0;
        for entry in std::fs::read_dir(directory).unwrap() {
            let plan =
                FaultPlan::load(&entry.unwrap().path()).unwrap_or_else(|error| panic!("{error}"));
            assert!(!plan.about.is_empty());
            assert!(!plan.rules.is_empty() || !plan.events.is_empty());
            seen += 1;
        }
        assert!(seen >= 3);
    }

    fn parse_error(text: &str) -> String {
        FaultPlan::parse("my.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn errors_contain_file_place_and_problem() {
        let unknown = parse_error("about = \"x\"\ncolour = 3\n");
        assert!(
            unknown.starts_with("fault plan my.toml, line 2: ") && unknown.contains("colour"),
            "{unknown}"
        );
        let effect = parse_error("[[rule]]\neffect = \"explode\"\n");
        assert!(
            effect.starts_with("fault plan my.toml, line 2: ") && effect.contains("explode"),
            "{effect}"
        );
        for (text, expected) in [
            (
                "[[rule]]\nchance = 3.0\neffect = \"page\"\n",
                "fault plan my.toml, rule 1: chance must be between 0 and 1",
            ),
            (
                "[[rule]]\non = \"connect\"\neffect = \"page\"\n",
                "fault plan my.toml, rule 1: connections support only delay, stall and cut",
            ),
            (
                "[[rule]]\neffect = { status = { code = 99 } }\n",
                "fault plan my.toml, rule 1: invalid HTTP status 99",
            ),
            (
                "[[event]]\nat = \"1s\"\nevery = \"0s\"\nwhat = \"kill_sessions\"\n",
                "fault plan my.toml, event 1: every must be at least 1ms",
            ),
        ] {
            assert_eq!(parse_error(text), expected);
        }
    }
}
