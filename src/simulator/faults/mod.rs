//! Faults on demand: what a bad day does to a server and to everything in front of it.
//!
//! A [`Plan`] is data: rules that say what befalls which requests (by endpoint, number, chance and time), and events
//! that befall the server as a whole at some time. It comes from a TOML file (`vtask simulate --faults FILE`; the
//! folder `assets/faults` has some, `guide.toml` explains every key) or from a test.
//!
//! Nothing happens here that no server, proxy or network could do: a client that stumbles over any of it stumbles in
//! the field, too. Effects work on the bytes as they travel, outside of the server proper, except for those that are
//! the server's own doing: sessions, its clock, restarts, and the order in which it tells changes.

mod bodies;
mod effect;
mod engine;
mod event;
mod middleware;
mod responses;
mod rule;
mod texts;
mod updates;

use std::path::Path;

use serde::Deserialize;

pub use effect::{CloseMode, Effect, FaultTarget, Span};
pub use event::{Event, ServerEvent};
pub use rule::{Pattern, Rule};
pub use texts::Text;

pub(super) use engine::Faults;
pub(super) use middleware::front;
pub(super) use responses::Dropped;

/// What is to go wrong.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// What it shows, in a line.
    pub about: String,
    /// Where chance comes from.
    pub seed: u64,
    /// What befalls requests and connections.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
    /// What befalls the server.
    #[serde(rename = "event")]
    pub events: Vec<Event>,
}

/// Why a plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file cannot be read.
    #[error("the faults {file} cannot be read: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file does not have the form of a plan.
    #[error("faults {file}, line {line}: {what}")]
    Wrong {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        what: String,
    },
    /// A rule or an event makes no sense.
    #[error("faults {file}, {place}: {what}")]
    Senseless {
        /// The file.
        file: String,
        /// Which rule or event, such as `rule 2`.
        place: String,
        /// What is wrong with it.
        what: String,
    },
}

impl Plan {
    /// Reads the plan in this file.
    pub fn load(path: &Path) -> Result<Self, PlanError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&file, &text),
            Err(source) => Err(PlanError::Unreadable { file, source }),
        }
    }

    /// Reads a plan; `file` is what errors call it.
    pub fn parse(file: &str, text: &str) -> Result<Self, PlanError> {
        let plan: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or_default();
            PlanError::Wrong {
                file: file.to_owned(),
                line: before.matches('\n').count() + 1,
                what: error.message().to_owned(),
            }
        })?;
        let senseless = |kind: &str, index: usize, what: String| PlanError::Senseless {
            file: file.to_owned(),
            place: format!("{kind} {}", index + 1),
            what,
        };
        for (index, rule) in plan.rules.iter().enumerate() {
            rule.check()
                .map_err(|what| senseless("rule", index, what))?;
        }
        for (index, event) in plan.events.iter().enumerate() {
            event
                .check()
                .map_err(|what| senseless("event", index, what))?;
        }
        Ok(plan)
    }

    /// One more rule.
    #[must_use]
    pub fn with(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// One more event.
    #[must_use]
    pub fn and(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_that_comes_along_is_well_formed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/faults");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let plan = Plan::load(&entry.unwrap().path()).unwrap_or_else(|error| panic!("{error}"));
            assert!(!plan.about.is_empty());
            assert!(!plan.rules.is_empty() || !plan.events.is_empty());
            seen += 1;
        }
        assert!(seen >= 3);
    }

    fn complaint(text: &str) -> String {
        Plan::parse("my.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_file_the_place_and_what_is_wrong() {
        let unknown = complaint("about = \"x\"\ncolour = 3\n");
        assert!(
            unknown.starts_with("faults my.toml, line 2: ") && unknown.contains("colour"),
            "{unknown}"
        );
        let effect = complaint("[[rule]]\neffect = \"explode\"\n");
        assert!(
            effect.starts_with("faults my.toml, line 2: ") && effect.contains("explode"),
            "{effect}"
        );
        for (text, expected) in [
            (
                "[[rule]]\nchance = 3.0\neffect = \"page\"\n",
                "faults my.toml, rule 1: chance must lie between 0 and 1",
            ),
            (
                "[[rule]]\non = \"connect\"\neffect = \"page\"\n",
                "faults my.toml, rule 1: a connection can only suffer delay, stall and cut",
            ),
            (
                "[[rule]]\neffect = { status = { code = 99 } }\n",
                "faults my.toml, rule 1: there is no HTTP status 99",
            ),
            (
                "[[event]]\nat = \"1s\"\nevery = \"0s\"\nwhat = \"kill_sessions\"\n",
                "faults my.toml, event 1: every must be at least a millisecond",
            ),
        ] {
            assert_eq!(complaint(text), expected);
        }
    }
}
