//! Themes: styles per role, read from `assets/themes` or a custom file and reduced to the colors of the terminal.

mod color;
mod file;
mod role;

use ratatui::style::Style;

use crate::app::{ColorDepth, ThemeChoice};

use file::ThemeFile;
pub use role::Role;

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
