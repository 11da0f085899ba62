//! What is decided before the screen starts: how it looks, and whether it may ask for anything.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{columns::Columns, keymap::Keymap, pane_split::PaneSplit};
use crate::task::{Saved, row_model::Sort};

macro_rules! themes {
    ($($(#[$about:meta])+ $theme:ident = $name:literal,)+) => {
        /// Which theme.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub enum ThemeChoice {
            $($(#[$about])+ $theme,)+
            /// One's own: the text of its file.
            Own(Arc<str>),
        }

        impl ThemeChoice {
            /// Those that come with the program.
            pub const BUILT_IN: &[Self] = &[$(Self::$theme,)+];

            /// One that comes with the program, by its name.
            pub fn built_in(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$theme),)+ _ => None }
            }

            /// The names of those that come with the program.
            pub fn names() -> Vec<&'static str> {
                vec![$($name,)+]
            }

            /// What stands in its file.
            pub fn text(&self) -> &str {
                match self {
                    $(Self::$theme => include_str!(concat!("../../assets/themes/", $name, ".toml")),)+
                    Self::Own(text) => text,
                }
            }
        }
    };
}

themes! {
    /// For light text on a dark background.
    #[default]
    Dark = "dark",
    /// For dark text on a light background.
    Light = "light",
    /// White on black.
    HighContrastDark = "high-contrast-dark",
    /// Black on white.
    HighContrastLight = "high-contrast-light",
    /// Blue and orange for green and red, on a dark background.
    ColorBlindDark = "color-blind-dark",
    /// The same on a light background.
    ColorBlindLight = "color-blind-light",
}

/// What the terminal draws on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Background {
    /// Dark, or not known.
    #[default]
    Dark,
    /// Light.
    Light,
}

/// Where what is copied goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Clipboard {
    /// To the terminal, which has it on the clipboard of the machine that it runs on, also over SSH (OSC 52).
    #[default]
    Terminal,
    /// To a command of this machine, on its standard input.
    Command(String),
}

impl Clipboard {
    /// The clipboard of this machine, as far as the environment tells that it has one.
    pub fn local(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let command = if cfg!(target_os = "macos") {
            "pbcopy"
        } else if cfg!(windows) {
            "clip"
        } else if set("WAYLAND_DISPLAY") {
            "wl-copy"
        } else if set("DISPLAY") {
            "xclip -selection clipboard"
        } else {
            return None;
        };
        Some(Self::Command(command.to_owned()))
    }
}

/// A theme for each background; the same one twice where only one will do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Themes {
    /// On a dark background.
    pub dark: ThemeChoice,
    /// On a light background.
    pub light: ThemeChoice,
}

impl Themes {
    /// One for all.
    pub fn only(theme: ThemeChoice) -> Self {
        Self {
            dark: theme.clone(),
            light: theme,
        }
    }

    /// Those that come with the program, by the name that a person gives: `auto`, `high-contrast` and `color-blind`
    /// go by the terminal's background.
    pub fn named(name: &str) -> Option<Self> {
        let pair = |dark, light| Some(Self { dark, light });
        match name {
            "auto" => pair(ThemeChoice::Dark, ThemeChoice::Light),
            "high-contrast" => pair(
                ThemeChoice::HighContrastDark,
                ThemeChoice::HighContrastLight,
            ),
            "color-blind" => pair(ThemeChoice::ColorBlindDark, ThemeChoice::ColorBlindLight),
            name => ThemeChoice::built_in(name).map(Self::only),
        }
    }

    /// Whether it matters which background it is.
    pub fn follow_background(&self) -> bool {
        self.dark != self.light
    }
}

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorDepth {
    /// 24 bits.
    True,
    /// 256.
    Indexed,
    /// The sixteen of old.
    #[default]
    Sixteen,
    /// None: bold, dim, underline and reverse only.
    Mono,
}

/// What is decided before the screen starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether to look only: nothing can be cancelled from here.
    pub read_only: bool,
    /// The theme for each background.
    pub themes: Themes,
    /// The terminal's background, as far as is known.
    pub background: Background,
    /// Whether the terminal may be asked for its background.
    pub query_background: bool,
    /// Where what is copied goes.
    pub clipboard: Clipboard,
    /// Which key does what; those that come with the program where none are given.
    pub keymap: Option<Keymap>,
    /// What is wrong with the configuration, to be said at the start.
    pub config_warnings: Vec<String>,
    /// The colours that the terminal has.
    pub colors: ColorDepth,
    /// Whether to draw with ASCII only.
    pub ascii: bool,
    /// Where the details are at the start, and how large.
    pub pane_split: PaneSplit,
    /// Where people's clocks are.
    pub time_zone: TimeZone,
    /// Filters that have names.
    pub saved_filters: Saved,
    /// Those of them that got them on the screen.
    pub user_filters: Saved,
    /// Filters that were typed before, the latest last.
    pub typed_filters: Vec<String>,
    /// The order of the rows to begin with.
    pub sort: Sort,
    /// The columns of the list.
    pub columns: Columns,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_only: false,
            themes: Themes::default(),
            background: Background::default(),
            query_background: false,
            clipboard: Clipboard::default(),
            keymap: None,
            config_warnings: Vec::new(),
            colors: ColorDepth::True,
            ascii: false,
            pane_split: PaneSplit::default(),
            time_zone: TimeZone::UTC,
            saved_filters: Saved::new(),
            user_filters: Saved::new(),
            typed_filters: Vec::new(),
            sort: Sort::default(),
            columns: Columns::default(),
        }
    }
}

impl Options {
    /// The theme that counts now.
    pub fn theme(&self) -> &ThemeChoice {
        match self.background {
            Background::Dark => &self.themes.dark,
            Background::Light => &self.themes.light,
        }
    }

    /// What the environment tells of the terminal: `NO_COLOR`, `COLORTERM`, `TERM`, `COLORFGBG`, and whether the
    /// locale speaks UTF-8.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name| variable(name).filter(|value| !value.is_empty());
        let term = value("TERM").unwrap_or_default();
        let plain = matches!(term.as_str(), "linux" | "dumb" | "vt100" | "vt220");
        Self {
            background: background(value("COLORFGBG").as_deref()),
            query_background: supports_osc11(&term, value("STY").is_some()),
            colors: if value("NO_COLOR").is_some() || term == "dumb" {
                ColorDepth::Mono
            } else {
                colors(&term, value("COLORTERM").as_deref())
            },
            ascii: plain || !is_utf8_locale(value),
            time_zone: TimeZone::system(),
            ..Self::default()
        }
    }
}

/// `COLORFGBG` is `foreground;background`, in the sixteen colours.
fn background(colors: Option<&str>) -> Background {
    let background = colors.and_then(|colors| colors.rsplit(';').next());
    match background {
        Some("7" | "15") => Background::Light,
        _ => Background::Dark,
    }
}

/// Whether it is worth while to ask the terminal for its background. One that does not know the question leaves it
/// unanswered, which does no harm; consoles may print it, and GNU screen keeps it for itself.
fn supports_osc11(term: &str, in_screen: bool) -> bool {
    let plain = ["linux", "dumb", "vt", "cons", "sun", "eterm", "Eterm"];
    !term.is_empty() && !in_screen && !plain.iter().any(|plain| term.starts_with(plain))
}

fn colors(term: &str, color_term: Option<&str>) -> ColorDepth {
    match color_term {
        Some("truecolor" | "24bit") => ColorDepth::True,
        _ if term.contains("direct") => ColorDepth::True,
        // These have 24 bits, and are known by their names where COLORTERM does not come along, as over SSH.
        _ if [
            "kitty",
            "alacritty",
            "foot",
            "wezterm",
            "ghostty",
            "contour",
        ]
        .iter()
        .any(|name| term.contains(name)) =>
        {
            ColorDepth::True
        }
        _ if term.contains("256") => ColorDepth::Indexed,
        _ if term.ends_with("-mono") || term.ends_with("-m") || term.starts_with("vt") => {
            ColorDepth::Mono
        }
        _ => ColorDepth::Sixteen,
    }
}

/// The first of the locale's variables that is set decides; none set says nothing against it.
fn is_utf8_locale(value: impl Fn(&'static str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(value);
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8") || !matches!(&*locale, "c" | "posix")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Options {
        Options::from_environment(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colours_go_by_what_the_terminal_has() {
        for (variables, colors) in [
            (&[("TERM", "xterm-256color")][..], ColorDepth::Indexed),
            (
                &[("TERM", "xterm"), ("COLORTERM", "truecolor")],
                ColorDepth::True,
            ),
            (&[("TERM", "xterm")], ColorDepth::Sixteen),
            (&[("TERM", "xterm-kitty")], ColorDepth::True),
            (&[("TERM", "vt100")], ColorDepth::Mono),
            (
                &[("TERM", "xterm-256color"), ("NO_COLOR", "1")],
                ColorDepth::Mono,
            ),
            (
                &[("TERM", "xterm-256color"), ("NO_COLOR", "")],
                ColorDepth::Indexed,
            ),
            (&[("TERM", "dumb")], ColorDepth::Mono),
        ] {
            assert_eq!(from(variables).colors, colors, "{variables:?}");
        }
    }

    #[test]
    fn a_plain_console_or_locale_gets_ascii() {
        assert!(from(&[("TERM", "linux")]).ascii);
        assert!(from(&[("TERM", "xterm"), ("LANG", "C")]).ascii);
        assert!(!from(&[("TERM", "xterm"), ("LANG", "de_DE.UTF-8")]).ascii);
        assert!(!from(&[("TERM", "xterm"), ("LC_ALL", "C.UTF-8")]).ascii);
        assert!(!from(&[("TERM", "xterm")]).ascii);
    }

    #[test]
    fn a_light_background_is_known_by_the_environment() {
        assert_eq!(from(&[("COLORFGBG", "0;15")]).background, Background::Light);
        assert_eq!(from(&[("COLORFGBG", "15;0")]).background, Background::Dark);
        assert_eq!(from(&[]).background, Background::Dark);
    }

    #[test]
    fn only_terminals_that_answer_are_asked() {
        for term in ["xterm-256color", "tmux-256color", "foot"] {
            assert!(from(&[("TERM", term)]).query_background, "{term}");
        }
        for term in ["linux", "dumb", "vt100", ""] {
            assert!(!from(&[("TERM", term)]).query_background, "{term}");
        }
        let screen = [("TERM", "screen-256color"), ("STY", "1.pts")];
        assert!(!from(&screen).query_background);
    }

    #[test]
    fn some_themes_go_by_the_background_and_others_do_not() {
        for name in ["auto", "high-contrast", "color-blind"] {
            assert!(Themes::named(name).unwrap().follow_background(), "{name}");
        }
        for name in ThemeChoice::names() {
            let themes = Themes::named(name).unwrap();
            assert!(!themes.follow_background(), "{name}");
        }
        assert_eq!(Themes::named("drak"), None);
    }
}
