//! What things look like: data, read from `assets/themes` or from a file of one's own, brought to the colours that the
//! terminal has.

mod color;
mod file;

use ratatui::style::Style;
use serde::Deserialize;

use crate::{
    app::{ColorDepth, ThemeChoice},
    text::kebab,
};

use file::ThemeFile;

macro_rules! roles {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// What a piece of the screen means; the theme says what that looks like.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Role {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Role {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name in a theme file.
            fn name(self) -> String {
                kebab(match self { $(Self::$name => stringify!($name),)+ })
            }
        }
    };
}

roles! {
    /// The whole screen, below everything.
    Ground,
    /// Ordinary text.
    Text,
    /// Text that matters.
    Strong,
    /// Secondary text.
    Dim,
    /// Rules, guides, what is barely there.
    Faint,
    /// The program's name.
    Brand,
    /// A key.
    Key,
    /// The names of columns and fields.
    Heading,
    /// The selected row.
    Selected,
    /// The selected row, while another panel has the keys.
    SelectedIdle,
    /// What runs.
    Running,
    /// What waits.
    Queued,
    /// What failed.
    Failed,
    /// What was cancelled.
    Cancelled,
    /// What went well.
    Success,
    /// What ended unseen, or is not known.
    Lost,
    /// What needs attention.
    Warning,
    /// What must not be overlooked.
    Alarm,
    /// What is older than it should be.
    Stale,
    /// The filled part of a gauge.
    Gauge,
    /// The filled part of a gauge whose figure is derived.
    GaugeDerived,
    /// The empty part of a gauge.
    Track,
    /// The open tab.
    Tab,
    /// The rule above the panel that has the keys.
    Focus,
    /// The frame of what lies over the panels.
    Frame,
    /// The ground of what lies over the panels.
    Panel,
    /// A button.
    Button,
    /// The button that is pointed at.
    ButtonChosen,
    /// A field's name in JSON.
    Name,
    /// A text in JSON.
    String,
    /// A number or another bare value in JSON.
    Number,
}

/// What every role looks like on this terminal.
#[derive(Debug, Clone)]
pub struct Theme {
    styles: Vec<Style>,
    depth: ColorDepth,
}

impl Theme {
    /// A theme on a terminal of so many colours. What is wrong with a theme of one's own is as in the one it is based
    /// on; [`Theme::problems`] tells of it.
    pub fn load(choice: &ThemeChoice, depth: ColorDepth) -> Self {
        let file = ThemeFile::read(choice.text()).0;
        let styles = Role::ALL.iter().map(|role| file.ink(*role).style(depth));
        Self {
            styles: styles.collect(),
            depth,
        }
    }

    /// What is wrong with the text of a theme, each with its line.
    pub fn problems(text: &str) -> Vec<String> {
        ThemeFile::read(text).1
    }

    /// What a role looks like.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// Whether what lies on a ground of its own keeps its colours. Of sixteen colours, whose looks the terminal
    /// decides, none can be read on every other.
    pub(super) fn mixes(&self) -> bool {
        self.depth != ColorDepth::Sixteen
    }
}

#[cfg(test)]
mod tests;
