//! Theme and symbols for this terminal.

use ratatui::style::Style;

use super::{
    symbols::Symbols,
    theme::{Role, Theme},
};
use crate::app::Options;

/// Theme and symbols for this terminal.
#[derive(Debug, Clone)]
pub struct Appearance {
    pub theme: Theme,
    pub symbols: Symbols,
}

impl Appearance {
    pub fn new(options: &Options) -> Self {
        Self {
            theme: Theme::load(options.theme(), options.colors),
            symbols: Symbols::new(options.ascii),
        }
    }

    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }
}
