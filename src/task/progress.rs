//! How far a task is, and how that is known.

/// How far a task is. That an operation reports nothing is a statement of its own: never 0 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// The server's figure, 0 to 100.
    Reported(u8),
    /// No figure of its own: the mean of its children that have one, in percent.
    Derived(u8),
    /// The operation reports none, or none that is a percentage.
    None,
}

impl Progress {
    /// A figure as the server sent it; what lies outside of 0 to 100 is none.
    pub fn reported(figure: Option<i32>) -> Self {
        let percent = figure.and_then(|figure| u8::try_from(figure).ok());
        let percent = percent.filter(|percent| *percent <= 100);
        percent.map_or(Self::None, Self::Reported)
    }

    /// Percent done, however it is known.
    pub fn percent(self) -> Option<u8> {
        match self {
            Self::Reported(percent) | Self::Derived(percent) => Some(percent),
            Self::None => None,
        }
    }
}
