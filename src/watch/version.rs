//! How far the server has told of changes: the version that a wait is begun with.

/// The version that was reached. The server tells what happened since, and everything where there is none.
#[derive(Debug, Default)]
pub(super) struct Version {
    reached: String,
    /// Whether the server was seen to tell versions apart. Some know only one, and tell nothing twice.
    is_kept: bool,
    /// Whether the last set was cut: what comes after it has another version in any case.
    was_cut: bool,
}

impl Version {
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

    /// An answer may have been lost on its way. The version may be asked for again where the server keeps it; else all
    /// is to be told anew.
    pub(super) fn answer_lost(&mut self) {
        if !self.is_kept {
            self.restart();
        }
    }

    /// Everything is to be told anew.
    pub(super) fn restart(&mut self) {
        self.reached.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(sets: &[(&str, bool)]) -> Version {
        let mut version = Version::default();
        for (reached, is_cut) in sets {
            version.arrived(reached, *is_cut);
        }
        version.answer_lost();
        version
    }

    #[test]
    fn a_version_is_asked_for_again_where_versions_were_seen_to_differ() {
        assert_eq!(after(&[("1", false), ("2", false)]).as_str(), "2");
        assert_eq!(after(&[("1", false), ("", false)]).as_str(), "");
        assert_eq!(after(&[("-", false)]).as_str(), "");
        assert_eq!(after(&[("-", false), ("-", false)]).as_str(), "");
    }

    #[test]
    fn the_version_after_a_set_that_was_cut_shows_nothing() {
        assert_eq!(after(&[("-", true), ("P", false)]).as_str(), "");
        assert_eq!(
            after(&[("-", true), ("P", false), ("P", false)]).as_str(),
            ""
        );
        assert_eq!(
            after(&[("1", true), ("2", false), ("3", false)]).as_str(),
            "3"
        );
    }
}
