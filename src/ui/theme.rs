//! What things look like: data, read from `assets/themes`, brought to the colours that the terminal has.

mod color;

use std::collections::HashMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::app::{ColorDepth, ThemeChoice};

use color::Rgb;

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
        }
    };
}

roles! {
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

/// A theme that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// It does not read.
    #[error("the theme does not read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// It leaves something out.
    #[error("the theme says nothing about {0:?}")]
    Missing(Role),
}

/// One role in a theme file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ink {
    fg: Option<Rgb>,
    bg: Option<Rgb>,
    fg16: Option<Sixteen>,
    bg16: Option<Sixteen>,
    #[serde(default)]
    style: Vec<Modification>,
    #[serde(default)]
    mono: Vec<Modification>,
}

impl Ink {
    fn style(&self, depth: ColorDepth) -> Style {
        let (fg, bg, modifications) = match depth {
            ColorDepth::True => (
                self.fg.map(Rgb::exact),
                self.bg.map(Rgb::exact),
                &self.style,
            ),
            ColorDepth::Indexed => (
                self.fg.map(Rgb::indexed),
                self.bg.map(Rgb::indexed),
                &self.style,
            ),
            ColorDepth::Sixteen => (
                self.fg16.map(Color::from),
                self.bg16.map(Color::from),
                &self.style,
            ),
            ColorDepth::Mono => (None, None, &self.mono),
        };
        let modifiers = modifications.iter().map(|m| Modifier::from(*m));
        Style {
            fg,
            bg,
            add_modifier: modifiers.collect(),
            ..Style::default()
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Modification {
    Bold,
    Dim,
    Italic,
    Underlined,
    Reversed,
}

impl From<Modification> for Modifier {
    fn from(modification: Modification) -> Self {
        match modification {
            Modification::Bold => Self::BOLD,
            Modification::Dim => Self::DIM,
            Modification::Italic => Self::ITALIC,
            Modification::Underlined => Self::UNDERLINED,
            Modification::Reversed => Self::REVERSED,
        }
    }
}

/// The sixteen colours by the names that ratatui gives them.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Sixteen {
    Black,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
    Gray,
    DarkGray,
    LightRed,
    LightGreen,
    LightYellow,
    LightBlue,
    LightMagenta,
    LightCyan,
    White,
}

impl From<Sixteen> for Color {
    fn from(color: Sixteen) -> Self {
        match color {
            Sixteen::Black => Self::Black,
            Sixteen::Red => Self::Red,
            Sixteen::Green => Self::Green,
            Sixteen::Yellow => Self::Yellow,
            Sixteen::Blue => Self::Blue,
            Sixteen::Magenta => Self::Magenta,
            Sixteen::Cyan => Self::Cyan,
            Sixteen::Gray => Self::Gray,
            Sixteen::DarkGray => Self::DarkGray,
            Sixteen::LightRed => Self::LightRed,
            Sixteen::LightGreen => Self::LightGreen,
            Sixteen::LightYellow => Self::LightYellow,
            Sixteen::LightBlue => Self::LightBlue,
            Sixteen::LightMagenta => Self::LightMagenta,
            Sixteen::LightCyan => Self::LightCyan,
            Sixteen::White => Self::White,
        }
    }
}

/// What every role looks like on this terminal.
#[derive(Debug, Clone)]
pub struct Theme {
    styles: Vec<Style>,
}

impl Theme {
    /// A theme that comes with the program.
    ///
    /// # Errors
    /// Never with the themes that passed this project's tests.
    pub fn load(choice: ThemeChoice, depth: ColorDepth) -> Result<Self, ThemeError> {
        let text = match choice {
            ThemeChoice::Dark => include_str!("../../assets/themes/dark.toml"),
            ThemeChoice::Light => include_str!("../../assets/themes/light.toml"),
        };
        Self::parse(text, depth)
    }

    /// Reads a theme.
    ///
    /// # Errors
    /// When it does not read, or leaves a role out.
    pub fn parse(text: &str, depth: ColorDepth) -> Result<Self, ThemeError> {
        let inks: HashMap<Role, Ink> = toml::from_str(text)?;
        let styles = Role::ALL.iter().map(|role| {
            let ink = inks.get(role).ok_or(ThemeError::Missing(*role))?;
            Ok(ink.style(depth))
        });
        Ok(Self {
            styles: styles.collect::<Result<_, ThemeError>>()?,
        })
    }

    /// What a role looks like.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPTHS: [ColorDepth; 4] = [
        ColorDepth::True,
        ColorDepth::Indexed,
        ColorDepth::Sixteen,
        ColorDepth::Mono,
    ];

    #[test]
    fn the_themes_read_for_every_terminal() {
        for choice in [ThemeChoice::Dark, ThemeChoice::Light] {
            for depth in DEPTHS {
                Theme::load(choice, depth).unwrap();
            }
        }
    }

    #[test]
    fn outcomes_look_different_wherever_there_are_colours() {
        let outcomes = [
            Role::Running,
            Role::Queued,
            Role::Failed,
            Role::Cancelled,
            Role::Success,
        ];
        for choice in [ThemeChoice::Dark, ThemeChoice::Light] {
            for depth in &DEPTHS[..3] {
                let theme = Theme::load(choice, *depth).unwrap();
                for (index, one) in outcomes.iter().enumerate() {
                    for other in &outcomes[index + 1..] {
                        let (a, b) = (theme.style(*one).fg, theme.style(*other).fg);
                        assert_ne!(a, b, "{one:?} and {other:?} in {choice:?}, {depth:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn without_colours_there_are_none() {
        let theme = Theme::load(ThemeChoice::Dark, ColorDepth::Mono).unwrap();
        for role in Role::ALL {
            let style = theme.style(*role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        let selected = theme.style(Role::Selected);
        assert!(selected.add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn what_a_theme_leaves_out_is_named() {
        let error = Theme::parse("[text]", ColorDepth::True).unwrap_err();
        assert!(
            matches!(error, ThemeError::Missing(Role::Strong)),
            "{error}"
        );
        for text in ["[text]\nfg = \"blue\"", "[sky]", "[text]\ncolour = 1"] {
            assert!(matches!(
                Theme::parse(text, ColorDepth::True),
                Err(ThemeError::Syntax(_))
            ));
        }
    }
}
