//! How far the server has told of changes: the version that a wait is begun with.

/// The version that was reached. The server tells what happened since, and everything where there is none.
#[derive(Debug, Default)]
pub(super) struct CollectorVersion {
    reached: String,
    /// Whether the server was seen to tell versions apart. Some know only one, and tell nothing twice.
    is_kept: bool,
    /// Whether the last set was cut: what comes after it has another version in any case.
    was_cut: bool,
    is_lost: bool,
}

impl CollectorVersion {
    /// As it travels.
    pub(super) fn as_str(&self) -> &str {
        &self.reached
    }

    /// A set of changes arrived, all that there were or cut.
    pub(super) fn arrived(&mut self, version: &str, is_cut: bool) {
        if version.is_empty() {
            return;
        }
        if !self.was_cut && !self.reached.is_empty() {
            self.is_kept = self.reached != version;
        }
        version.clone_into(&mut self.reached);
        self.was_cut = is_cut;
    }

    /// An answer may have been lost on its way. Where the server keeps versions, this one may be asked for again.
    pub(super) fn answer_lost(&mut self) {
        self.is_lost |= !self.is_kept;
    }

    /// Whether changes may be lost for good: only another filter would tell of them.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Everything is to be told anew.
    pub(super) fn restart(&mut self) {
        self.reached.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_lost_after(sets: &[(&str, bool)]) -> bool {
        let mut version = CollectorVersion::default();
        for (reached, is_cut) in sets {
            version.arrived(reached, *is_cut);
        }
        assert!(!version.is_lost());
        version.answer_lost();
        version.is_lost()
    }

    #[test]
    fn a_version_is_asked_for_again_where_versions_were_seen_to_differ() {
        assert!(!is_lost_after(&[("1", false), ("2", false)]));
        assert!(is_lost_after(&[]));
        assert!(is_lost_after(&[("1", false), ("", false)]));
        assert!(is_lost_after(&[("-", false), ("-", false)]));
        assert!(is_lost_after(&[("1", false), ("-", false), ("-", false)]));
    }

    #[test]
    fn the_version_after_a_set_that_was_cut_shows_nothing() {
        assert!(is_lost_after(&[("-", true), ("P", false)]));
        assert!(is_lost_after(&[("-", true), ("P", false), ("P", false)]));
        assert!(!is_lost_after(&[("1", true), ("2", false), ("3", false)]));
    }
}
