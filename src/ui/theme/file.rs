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
    fg16: Option<Color>,
    bg16: Option<Color>,
    style: Vec<Modification>,
    mono: Vec<Modification>,
}

impl RoleStyle {
    pub(super) fn style(&self, depth: ColorDepth) -> Style {
        let color = |rgb: Option<Rgb>, ansi| match depth {
            ColorDepth::True => rgb.map(Rgb::exact),
            ColorDepth::Indexed => rgb.map(Rgb::indexed),
            ColorDepth::Sixteen => ansi,
            ColorDepth::Mono => None,
        };
        let modifications = match depth {
            ColorDepth::Mono => &self.mono,
            _ => &self.style,
        };
        let modifiers = modifications.iter().map(|m| Modifier::from(*m));
        Style {
            fg: color(self.fg, self.fg16),
            bg: color(self.bg, self.bg16),
            add_modifier: modifiers.collect(),
            ..Style::default()
        }
    }

    /// Sets one field of a role.
    fn take(&mut self, key: &str, value: &Value) -> Result<(), String> {
        match key {
            "fg" => self.fg = Some(read(value)?),
            "bg" => self.bg = Some(read(value)?),
            "fg16" => self.fg16 = Some(read_ansi_color(value)?),
            "bg16" => self.bg16 = Some(read_ansi_color(value)?),
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

/// Reads one of the sixteen ANSI colors.
fn read_ansi_color(value: &Value) -> Result<Color, String> {
    let name: String = read(value)?;
    match name.parse() {
        Ok(Color::Reset | Color::Rgb(..) | Color::Indexed(_)) | Err(_) => Err(format!(
            "“{name}” is none of black, red, green, yellow, blue, magenta, cyan, gray, dark-gray, light-red, \
             light-green, light-yellow, light-blue, light-magenta, light-cyan, white"
        )),
        Ok(color) => Ok(color),
    }
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
