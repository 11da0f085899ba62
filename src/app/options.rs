//! Screen options: appearance, clipboard and initial view.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{
    columns::Columns, finish_notifications::FinishTracker, keymap::Keymap,
    last_seen_times::LastSeen, pane_layout::PaneLayout, progress_curve_file::KnownCurve,
};
use crate::task::{Saved, row_model::Sort};

macro_rules! themes {
    ($($(#[$about:meta])* $theme:ident = $name:literal,)+) => {
        /// A color theme.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub enum ThemeChoice {
            $($(#[$about])* $theme,)+
            /// A user theme: the contents of its file.
            Custom(Arc<str>),
        }

        impl ThemeChoice {
            /// The built-in themes.
            pub const BUILT_IN: &[Self] = &[$(Self::$theme,)+];

            /// Returns a built-in theme by name.
            pub fn built_in(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$theme),)+ _ => None }
            }

            /// Returns the names of the built-in themes.
            pub fn names() -> Vec<&'static str> {
                vec![$($name,)+]
            }

            /// Returns the contents of the theme file.
            pub fn text(&self) -> &str {
                match self {
                    $(Self::$theme => include_str!(concat!("../../assets/themes/", $name, ".toml")),)+
                    Self::Custom(text) => text,
                }
            }
        }
    };
}

themes! {
    #[default]
    Dark = "dark",
    Light = "light",
    HighContrastDark = "high-contrast-dark",
    HighContrastLight = "high-contrast-light",
    ColorBlindDark = "color-blind-dark",
    ColorBlindLight = "color-blind-light",
}

/// Background of the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Background {
    /// Dark or unknown.
    #[default]
    Dark,
    Light,
}

/// Clipboard backend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Clipboard {
    /// OSC 52: the clipboard of the terminal's machine, also over SSH.
    #[default]
    Terminal,
    /// A local command that reads the text from standard input.
    Command(String),
}

impl Clipboard {
    /// Detects the local clipboard command from the platform and environment.
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

/// The themes for dark and light backgrounds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Themes {
    pub dark: ThemeChoice,
    pub light: ThemeChoice,
}

impl Themes {
    /// Uses one theme for both backgrounds.
    pub fn only(theme: ThemeChoice) -> Self {
        Self {
            dark: theme.clone(),
            light: theme,
        }
    }

    /// Returns built-in themes by name. `auto`, `high-contrast` and `color-blind` depend on the background.
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

    /// True if the themes differ by background.
    pub fn follow_background(&self) -> bool {
        self.dark != self.light
    }
}

/// Color support of the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorDepth {
    /// 24-bit color.
    True,
    /// 256 colors.
    Indexed,
    /// 16 colors.
    #[default]
    Sixteen,
    /// No colors: bold, dim, underline and reverse only.
    Mono,
}

/// Options of the screen.
#[derive(Debug, Clone)]
pub struct Options {
    /// True if tasks cannot be cancelled.
    pub read_only: bool,
    pub themes: Themes,
    /// The detected background.
    pub background: Background,
    /// True if the background can be queried (OSC 11).
    pub query_background: bool,
    pub clipboard: Clipboard,
    pub keymap: Keymap,
    /// Problems found in the config file, shown at startup.
    pub config_warnings: Vec<String>,
    pub colors: ColorDepth,
    /// True if only ASCII characters may be drawn.
    pub ascii: bool,
    /// Initial position and size of the details pane.
    pub pane_layout: PaneLayout,
    pub time_zone: TimeZone,
    /// All named filters.
    pub saved_filters: Saved,
    /// The named filters saved from the screen.
    pub user_filters: Saved,
    /// The filter history, newest last.
    pub typed_filters: Vec<String>,
    /// Time at which the user last looked at each server in earlier runs.
    pub last_seen: Vec<LastSeen>,
    /// Progress curves learned in earlier runs, newest last.
    pub progress_curves: Vec<KnownCurve>,
    /// The initial sort order.
    pub sort: Sort,
    pub columns: Columns,
    /// Selects the tasks to notify of; `None` if no notification is enabled.
    pub finish_tracker: Option<FinishTracker>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_only: false,
            themes: Themes::default(),
            background: Background::default(),
            query_background: false,
            clipboard: Clipboard::default(),
            keymap: Keymap::standard(),
            config_warnings: Vec::new(),
            colors: ColorDepth::True,
            ascii: false,
            pane_layout: PaneLayout::default(),
            time_zone: TimeZone::UTC,
            saved_filters: Saved::new(),
            user_filters: Saved::new(),
            typed_filters: Vec::new(),
            last_seen: Vec::new(),
            progress_curves: Vec::new(),
            sort: Sort::default(),
            columns: Columns::default(),
            finish_tracker: None,
        }
    }
}

impl Options {
    /// Returns the theme for the current background.
    pub fn theme(&self) -> &ThemeChoice {
        match self.background {
            Background::Dark => &self.themes.dark,
            Background::Light => &self.themes.light,
        }
    }

    /// Detects terminal capabilities from `NO_COLOR`, `COLORTERM`, `TERM`, `COLORFGBG` and the locale.
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

/// Parses `COLORFGBG`: `foreground;background` as ANSI color numbers.
fn background(colors: Option<&str>) -> Background {
    let background = colors.and_then(|colors| colors.rsplit(';').next());
    match background {
        Some("7" | "15") => Background::Light,
        _ => Background::Dark,
    }
}

/// True if the terminal can be queried for its background. Most terminals ignore an unknown query; consoles may print
/// it, and GNU screen does not forward it.
fn supports_osc11(term: &str, in_screen: bool) -> bool {
    let plain = ["linux", "dumb", "vt", "cons", "sun", "eterm", "Eterm"];
    !term.is_empty() && !in_screen && !plain.iter().any(|plain| term.starts_with(plain))
}

fn colors(term: &str, color_term: Option<&str>) -> ColorDepth {
    match color_term {
        Some("truecolor" | "24bit") => ColorDepth::True,
        _ if term.contains("direct") => ColorDepth::True,
        // These support 24-bit color; their names identify them where `COLORTERM` is not set, as over SSH.
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
        // Windows Terminal and the console of Windows 10 and later, which set no variable.
        _ if cfg!(windows) && term.is_empty() => ColorDepth::True,
        _ if term.contains("256") => ColorDepth::Indexed,
        _ if term.ends_with("-mono") || term.ends_with("-m") || term.starts_with("vt") => {
            ColorDepth::Mono
        }
        _ => ColorDepth::Sixteen,
    }
}

/// Checks the first locale variable that is set; assumes UTF-8 if none is.
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
    fn detects_color_support() {
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
    fn detects_ascii_only_terminals() {
        assert!(from(&[("TERM", "linux")]).ascii);
        assert!(from(&[("TERM", "xterm"), ("LANG", "C")]).ascii);
        assert!(!from(&[("TERM", "xterm"), ("LANG", "de_DE.UTF-8")]).ascii);
        assert!(!from(&[("TERM", "xterm"), ("LC_ALL", "C.UTF-8")]).ascii);
        assert!(!from(&[("TERM", "xterm")]).ascii);
    }

    #[test]
    fn detects_a_light_background() {
        for (colors, background) in [
            ("0;15", Background::Light),
            ("0;7", Background::Light),
            ("0;default;15", Background::Light),
            ("15;0", Background::Dark),
            ("15;default;0", Background::Dark),
            ("0;default", Background::Dark),
            ("", Background::Dark),
        ] {
            let detected = from(&[("COLORFGBG", colors)]).background;
            assert_eq!(detected, background, "{colors}");
        }
        assert_eq!(from(&[]).background, Background::Dark);
    }

    #[test]
    fn only_supported_terminals_are_queried() {
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
    fn some_themes_follow_the_background() {
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
