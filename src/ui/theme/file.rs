//! Theme files. Invalid entries are reported with their line and skipped.

use std::{collections::HashMap, fmt::Display};

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, de::DeserializeOwned};
use toml::{Table, Value};

use super::{color::Rgb, role::Role};
use crate::{
    app::{ColorDepth, ThemeChoice},
    text::{did_you_mean, toml_line, toml_problem},
};

/// The style of one role in a theme file.
#[derive(Debug, Clone, Default)]
pub(super) struct RoleStyle {
    pub(super) fg: Option<Rgb>,
    pub(super) bg: Option<Rgb>,
    fg16: Option<AnsiColor>,
    bg16: Option<AnsiColor>,
    style: Vec<Modification>,
    mono: Vec<Modification>,
}

impl RoleStyle {
    pub(super) fn style(&self, depth: ColorDepth) -> Style {
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

    /// Sets one field of a role.
    fn take(&mut self, key: &str, value: &Value) -> Result<(), String> {
        match key {
            "fg" => self.fg = Some(read(value)?),
            "bg" => self.bg = Some(read(value)?),
            "fg16" => self.fg16 = Some(read(value)?),
            "bg16" => self.bg16 = Some(read(value)?),
            "style" => self.style = read(value)?,
            "mono" => self.mono = read(value)?,
            _ => {
                let known = ["fg", "bg", "fg16", "bg16", "style", "mono"];
                let hint = did_you_mean(key, &known);
                return Err(format!("unknown key “{key}”{hint}"));
            }
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value.clone()).map_err(|error| error.message().trim().replace('`', "“"))
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

macro_rules! ansi_colors {
    ($($name:ident,)+) => {
        /// The sixteen ANSI colors by ratatui's names.
        #[derive(Debug, Clone, Copy, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum AnsiColor {
            $($name,)+
        }

        impl From<AnsiColor> for Color {
            fn from(color: AnsiColor) -> Self {
                match color { $(AnsiColor::$name => Self::$name,)+ }
            }
        }
    };
}

ansi_colors! {
    Black, Red, Green, Yellow, Blue, Magenta, Cyan, Gray,
    DarkGray, LightRed, LightGreen, LightYellow, LightBlue, LightMagenta, LightCyan, White,
}

/// A theme file merged with its base theme.
#[derive(Debug, Clone, Default)]
pub(super) struct ThemeFile {
    /// Terminal background that the colors were chosen for.
    pub(super) background: Option<Rgb>,
    roles: HashMap<Role, RoleStyle>,
}

impl ThemeFile {
    pub(super) fn role_style(&self, role: Role) -> RoleStyle {
        self.roles.get(&role).cloned().unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn has(&self, role: Role) -> bool {
        self.roles.contains_key(&role)
    }

    /// Parses a theme; returns it and its problems.
    pub(super) fn read(text: &str) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let table: Table = match toml::from_str(text) {
            Ok(table) => table,
            Err(error) => {
                problems.push(toml_problem(text, &error));
                Table::new()
            }
        };
        let mut report = |path: &[&str], what: &dyn Display| {
            let line = toml_line(text, path).map_or(String::new(), |line| format!("line {line}: "));
            problems.push(format!("{line}{what}"));
        };
        // `dark` and `light` have no base; all others extend a built-in theme.
        let mut theme = match table.get("based-on").map(Value::as_str) {
            Some(Some("nothing")) => Self::default(),
            None => Self::read(ThemeChoice::Dark.text()).0,
            Some(base) => {
                let choice = base.and_then(ThemeChoice::built_in);
                if choice.is_none() {
                    let base = base.unwrap_or_default();
                    let known = ThemeChoice::names();
                    let hint = did_you_mean(base, &known);
                    let text = format!("based-on: unknown theme “{base}”{hint}");
                    report(&["based-on"], &text);
                }
                Self::read(choice.unwrap_or_default().text()).0
            }
        };
        for (key, value) in &table {
            match (key.as_str(), value) {
                ("based-on", _) => {}
                ("background", value) => match read(value) {
                    Ok(color) => theme.background = Some(color),
                    Err(error) => report(&[key], &format!("background: {error}")),
                },
                (name, Value::Table(fields)) => {
                    let Some(role) = Role::ALL.iter().find(|role| role.name() == name) else {
                        let known: Vec<String> = Role::ALL.iter().map(|r| r.name()).collect();
                        let known: Vec<&str> = known.iter().map(String::as_str).collect();
                        let hint = did_you_mean(name, &known);
                        report(&[key], &format!("unknown role “{name}”{hint}"));
                        continue;
                    };
                    let role_style = theme.roles.entry(*role).or_default();
                    for (field, value) in fields {
                        if let Err(error) = role_style.take(field, value) {
                            report(&[key, field], &format!("[{name}] {field}: {error}"));
                        }
                    }
                }
                (name, _) => report(&[key], &format!("“{name}” must be a section like [failed]")),
            }
        }
        (theme, problems)
    }
}
