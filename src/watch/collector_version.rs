//! The version of a property collector from which the next wait starts.

/// The last version received. Without one the server reports the whole state.
#[derive(Debug, Default)]
pub(super) struct CollectorVersion {
    pub(super) latest: String,
    /// True once the server was seen to use different versions. Some have only one and report nothing twice.
    has_distinct_versions: bool,
    /// True if the last set was truncated: the next one has another version in any case.
    was_truncated: bool,
    /// True if changes may be lost permanently; only a new filter would report them.
    pub(super) is_lost: bool,
}

impl CollectorVersion {
    /// Records a set of changes, complete or truncated.
    pub(super) fn record_set(&mut self, version: &str, is_truncated: bool) {
        if version.is_empty() {
            return;
        }
        if !self.was_truncated && !self.latest.is_empty() {
            self.has_distinct_versions = self.latest != version;
        }
        version.clone_into(&mut self.latest);
        self.was_truncated = is_truncated;
    }

    /// Records that an answer may have been lost. If the server keeps versions, the same one can be used again.
    pub(super) fn record_lost_answer(&mut self) {
        self.is_lost |= !self.has_distinct_versions;
    }

    /// Makes the next wait report the whole state.
    pub(super) fn restart(&mut self) {
        self.latest.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_lost_after(sets: &[(&str, bool)]) -> bool {
        let mut version = CollectorVersion::default();
        for (latest, is_truncated) in sets {
            version.record_set(latest, *is_truncated);
        }
        assert!(!version.is_lost);
        version.record_lost_answer();
        version.is_lost
    }

    #[test]
    fn a_version_is_reused_if_the_server_keeps_versions() {
        assert!(!is_lost_after(&[("1", false), ("2", false)]));
        assert!(is_lost_after(&[]));
        assert!(is_lost_after(&[("1", false), ("", false)]));
        assert!(is_lost_after(&[("-", false), ("-", false)]));
        assert!(is_lost_after(&[("1", false), ("-", false), ("-", false)]));
    }

    #[test]
    fn a_truncated_set_does_not_prove_that_versions_are_kept() {
        assert!(is_lost_after(&[("-", true), ("P", false)]));
        assert!(is_lost_after(&[("-", true), ("P", false), ("P", false)]));
        assert!(!is_lost_after(&[("1", true), ("2", false), ("3", false)]));
    }
}
