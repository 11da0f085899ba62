//! What is decided before the screen starts: how it looks, and whether it may ask for anything.

use jiff::tz::TimeZone;

/// Which palette.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// For light text on a dark background.
    #[default]
    Dark,
    /// For dark text on a light background.
    Light,
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
    /// The palette.
    pub theme: ThemeChoice,
    /// The colours that the terminal has.
    pub colors: ColorDepth,
    /// Whether to draw with ASCII only.
    pub ascii: bool,
    /// Where people's clocks are.
    pub time_zone: TimeZone,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_only: false,
            theme: ThemeChoice::default(),
            colors: ColorDepth::True,
            ascii: false,
            time_zone: TimeZone::UTC,
        }
    }
}

impl Options {
    /// What the environment tells of the terminal: `NO_COLOR`, `COLORTERM`, `TERM`, `COLORFGBG`, and whether the
    /// locale speaks UTF-8.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name| variable(name).filter(|value| !value.is_empty());
        let term = value("TERM").unwrap_or_default();
        let plain = matches!(term.as_str(), "linux" | "dumb" | "vt100" | "vt220");
        Self {
            theme: theme(value("COLORFGBG").as_deref()),
            colors: if value("NO_COLOR").is_some() || term == "dumb" {
                ColorDepth::Mono
            } else {
                colors(&term, value("COLORTERM").as_deref())
            },
            ascii: plain || !speaks_utf8(value),
            time_zone: TimeZone::system(),
            ..Self::default()
        }
    }
}

/// `COLORFGBG` is `foreground;background`, in the sixteen colours.
fn theme(colors: Option<&str>) -> ThemeChoice {
    let background = colors.and_then(|colors| colors.rsplit(';').next());
    match background {
        Some("7" | "15") => ThemeChoice::Light,
        _ => ThemeChoice::Dark,
    }
}

fn colors(term: &str, color_term: Option<&str>) -> ColorDepth {
    match color_term {
        Some("truecolor" | "24bit") => ColorDepth::True,
        _ if term.contains("direct") => ColorDepth::True,
        _ if term.contains("256") => ColorDepth::Indexed,
        _ => ColorDepth::Sixteen,
    }
}

/// The first of the locale's variables that is set decides; none set says nothing against it.
fn speaks_utf8(value: impl Fn(&'static str) -> Option<String>) -> bool {
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
    fn a_light_background_gets_the_light_theme() {
        assert_eq!(from(&[("COLORFGBG", "0;15")]).theme, ThemeChoice::Light);
        assert_eq!(from(&[("COLORFGBG", "15;0")]).theme, ThemeChoice::Dark);
        assert_eq!(from(&[]).theme, ThemeChoice::Dark);
    }
}
