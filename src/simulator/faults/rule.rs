//! Which requests are befallen, and when.

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;

use super::effect::Effect;

/// What is meant: a glob over the kind of a request (`Task/info`, `PropertyCollector/*`, `hello`), in which `*`
/// stands for anything; or `connect` for connections before their first request, which `*` does not mean.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Pattern(String);

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Default for Pattern {
    fn default() -> Self {
        Self("*".to_owned())
    }
}

impl Pattern {
    /// Whether it means connections.
    pub(super) fn means_connections(&self) -> bool {
        self.0 == "connect"
    }

    /// Whether it means this kind of request, or `connect`.
    pub(super) fn matches(&self, kind: &str) -> bool {
        if kind == "connect" || self.means_connections() {
            return self.0 == kind;
        }
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| kind.strip_prefix(first)) else {
            return false;
        };
        let mut parts: Vec<&str> = parts.collect();
        let Some(last) = parts.pop() else {
            return rest.is_empty();
        };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

/// What befalls which requests.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which requests; all, if nothing else is said.
    #[serde(default)]
    pub on: Pattern,
    /// So many of them are spared first.
    #[serde(default)]
    pub skip: u64,
    /// Only so many are befallen; absent: no end.
    pub times: Option<u64>,
    /// How likely each is befallen, 0 to 1.
    #[serde(default = "always")]
    pub chance: f64,
    /// When it begins, counted from when the plan was taken up.
    #[serde(default)]
    pub from: SignedDuration,
    /// When it ends; absent: never.
    pub until: Option<SignedDuration>,
    /// After so long it begins again.
    pub every: Option<SignedDuration>,
    /// What happens.
    pub effect: Effect,
}

fn always() -> f64 {
    1.0
}

impl Rule {
    /// Befalls every such request.
    pub fn new(on: &str, effect: Effect) -> Self {
        Self {
            on: on.into(),
            skip: 0,
            times: None,
            chance: always(),
            from: SignedDuration::ZERO,
            until: None,
            every: None,
            effect,
        }
    }

    /// The same, only so many times.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    /// The same, so many being spared first.
    #[must_use]
    pub fn after(self, skip: u64) -> Self {
        Self { skip, ..self }
    }

    /// The same, with a chance.
    #[must_use]
    pub fn chance(self, chance: f64) -> Self {
        Self { chance, ..self }
    }

    /// What is wrong with it, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.chance) {
            return Err("chance must lie between 0 and 1".to_owned());
        }
        if self.on.means_connections() && !self.effect.suits_connections() {
            return Err("a connection can only suffer delay, stall and cut".to_owned());
        }
        if self.every.is_some_and(|every| every.as_millis() < 1) {
            return Err("every must be at least a millisecond".to_owned());
        }
        self.effect.check()
    }

    /// Whether it is its time, so long after the plan was taken up.
    pub(super) fn is_time(&self, elapsed: Duration) -> bool {
        let mut elapsed = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX);
        if elapsed < self.from {
            return false;
        }
        if let Some(every) = self.every {
            let since = (elapsed - self.from).as_millis() % every.as_millis().max(1);
            let since = i64::try_from(since).unwrap_or(i64::MAX);
            elapsed = self.from + SignedDuration::from_millis(since);
        }
        self.until.is_none_or(|until| elapsed < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_globs_over_kinds() {
        for (pattern, kind, expected) in [
            ("*", "Task/info", true),
            ("*", "hello", true),
            ("*", "connect", false),
            ("connect", "connect", true),
            ("connect", "Task/info", false),
            ("Task/info", "Task/info", true),
            ("Task/info", "Task/infos", false),
            ("Task/*", "TaskManager/recentTask", false),
            (
                "PropertyCollector/*",
                "PropertyCollector/CreateFilter",
                true,
            ),
            ("*/Create*", "PropertyCollector/CreateFilter", true),
            (
                "*/Create*Filter",
                "PropertyCollector/CreatePropertyCollector",
                false,
            ),
            ("*View*", "ListView/ModifyListView", true),
            ("", "Task/info", false),
        ] {
            assert_eq!(
                Pattern::from(pattern).matches(kind),
                expected,
                "{pattern} {kind}"
            );
        }
    }

    #[test]
    fn a_window_opens_closes_and_comes_back() {
        let rule = Rule {
            from: SignedDuration::from_secs(10),
            until: Some(SignedDuration::from_secs(15)),
            every: Some(SignedDuration::from_secs(60)),
            ..Rule::new("*", Effect::Page)
        };
        let open = |seconds| rule.is_time(Duration::from_secs(seconds));
        assert!(
            !open(9) && open(10) && open(14) && !open(15) && !open(69) && open(70) && !open(75)
        );
    }
}
