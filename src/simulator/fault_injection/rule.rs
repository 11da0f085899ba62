//! Fault rules: the affected requests, and the time and frequency of the fault.

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;

use super::effect::FaultEffect;

/// Glob over the kind of a request (`Task/info`, `PropertyCollector/*`, `hello`), where `*` matches any text.
/// `connect` matches new connections, which `*` does not.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct RequestPattern(String);

impl From<String> for RequestPattern {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for RequestPattern {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Default for RequestPattern {
    fn default() -> Self {
        Self("*".to_owned())
    }
}

impl RequestPattern {
    /// Returns true if the pattern matches connections instead of requests.
    pub(super) fn means_connections(&self) -> bool {
        self.0 == "connect"
    }

    /// Returns true if the pattern matches this kind of request, or `connect`.
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

/// Effect on matching requests.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Affected requests; default: all.
    #[serde(default)]
    pub on: RequestPattern,
    /// Number of matching requests that are not affected at first.
    #[serde(default)]
    pub skip: u64,
    /// Maximum number of affected requests; absent: unlimited.
    pub times: Option<u64>,
    /// Probability (0–1).
    #[serde(default = "always")]
    pub chance: f64,
    /// Start, relative to the activation of the plan.
    #[serde(default)]
    pub from: SignedDuration,
    /// End; absent: never.
    pub until: Option<SignedDuration>,
    /// Interval at which the time window repeats.
    pub every: Option<SignedDuration>,
    /// Effect on an affected request.
    pub effect: FaultEffect,
}

fn always() -> f64 {
    1.0
}

impl FaultRule {
    /// Creates a rule that affects every matching request.
    pub fn new(on: &str, effect: FaultEffect) -> Self {
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

    /// Limits the number of affected requests.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    /// Skips the first `skip` matching requests.
    #[must_use]
    pub fn after(self, skip: u64) -> Self {
        Self { skip, ..self }
    }

    /// Sets the probability.
    #[must_use]
    pub fn chance(self, chance: f64) -> Self {
        Self { chance, ..self }
    }

    /// Validates the parameters.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.chance) {
            return Err("chance must be between 0 and 1".to_owned());
        }
        if self.on.means_connections() && !self.effect.suits_connections() {
            return Err("connections support only delay, stall and cut".to_owned());
        }
        if self.every.is_some_and(|every| every.as_millis() < 1) {
            return Err("every must be at least 1ms".to_owned());
        }
        self.effect.check()
    }

    /// Returns true if the time window is open `elapsed` after the activation of the plan.
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
                RequestPattern::from(pattern).matches(kind),
                expected,
                "{pattern} {kind}"
            );
        }
    }

    #[test]
    fn a_time_window_repeats() {
        let rule = FaultRule {
            from: SignedDuration::from_secs(10),
            until: Some(SignedDuration::from_secs(15)),
            every: Some(SignedDuration::from_secs(60)),
            ..FaultRule::new("*", FaultEffect::Page)
        };
        let open = |seconds| rule.is_time(Duration::from_secs(seconds));
        assert!(
            !open(9) && open(10) && open(14) && !open(15) && !open(69) && open(70) && !open(75)
        );
    }
}
