//! Themes: styles per role, read from `assets/themes` or a custom file and reduced to the colors of the terminal.

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
        /// The meaning of a screen element; themes map it to a style.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Role {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Role {
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns the name in theme files.
            fn name(self) -> String {
                kebab(match self { $(Self::$name => stringify!($name),)+ })
            }
        }
    };
}

roles! {
    /// The screen background.
    Ground,
    /// Ordinary text.
    Text,
    /// Emphasized text.
    Strong,
    /// Secondary text.
    Dim,
    /// Lines, guides and other subtle elements.
    Faint,
    /// The program name.
    Brand,
    /// A key.
    Key,
    /// Column titles and field names.
    Heading,
    /// The selected row.
    Selected,
    /// The selected row while another panel has the focus.
    SelectedIdle,
    /// Running tasks.
    Running,
    /// Queued tasks.
    Queued,
    /// Failed tasks.
    Failed,
    /// Cancelled tasks.
    Cancelled,
    /// Successful tasks.
    Success,
    /// Expired or unknown tasks.
    Lost,
    /// Warnings.
    Warning,
    /// Alerts that must not be missed.
    Alarm,
    /// Outdated values.
    Stale,
    /// The filled part of a gauge.
    Gauge,
    /// The filled part of a gauge with a derived percentage.
    GaugeDerived,
    /// The empty part of a gauge.
    Track,
    /// The active tab.
    Tab,
    /// The border of the focused panel.
    Focus,
    /// The frame of a popup.
    Frame,
    /// The background of a popup.
    Panel,
    /// A button.
    Button,
    /// The selected button.
    ButtonChosen,
    /// A JSON field name.
    Name,
    /// A JSON string.
    String,
    /// A JSON number, boolean or null.
    Number,
}

/// The style of every role on this terminal.
#[derive(Debug, Clone)]
pub struct Theme {
    styles: Vec<Style>,
    depth: ColorDepth,
}

impl Theme {
    /// Loads a theme for a color depth. Invalid entries of a custom theme fall back to its base; [`Theme::problems`]
    /// reports them.
    pub fn load(choice: &ThemeChoice, depth: ColorDepth) -> Self {
        let file = ThemeFile::read(choice.text()).0;
        let styles = Role::ALL
            .iter()
            .map(|role| file.role_style(*role).style(depth));
        Self {
            styles: styles.collect(),
            depth,
        }
    }

    /// Returns the problems of a theme file, each with its line.
    pub fn problems(text: &str) -> Vec<String> {
        ThemeFile::read(text).1
    }

    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// True if text keeps its color on colored backgrounds. With 16 colors, whose look the terminal decides, no
    /// combination is sure to be readable.
    pub(super) fn keeps_text_colors(&self) -> bool {
        self.depth != ColorDepth::Sixteen
    }
}

#[cfg(test)]
mod tests;
