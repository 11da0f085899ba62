//! Progress of a task and its source.

/// Progress of a task. An operation that reports nothing is `None`, never 0 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// Reported by the server, 0 to 100.
    Reported(u8),
    /// Mean of the children's percentages, because the task reports none.
    Derived(u8),
    /// Not reported, or not a percentage.
    None,
}

impl Progress {
    /// Converts a value sent by the server; values outside 0 to 100 become `None`.
    pub fn reported(figure: Option<i32>) -> Self {
        let percent = figure.and_then(|figure| u8::try_from(figure).ok());
        let percent = percent.filter(|percent| *percent <= 100);
        percent.map_or(Self::None, Self::Reported)
    }

    /// Returns the percentage, reported or derived.
    pub fn percent(self) -> Option<u8> {
        match self {
            Self::Reported(percent) | Self::Derived(percent) => Some(percent),
            Self::None => None,
        }
    }
}
