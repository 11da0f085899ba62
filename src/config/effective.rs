//! The settings in effect and where they come from, for `vtask config show`.

use toml::{Table, Value};

use super::{
    Environment,
    settings::{PROFILES, SETTINGS, of_section},
};
use crate::text::without_user_info;

/// A setting with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveSetting {
    /// The name, such as `defaults.theme`.
    pub name: String,
    /// The value without secrets; `None` if it is not set.
    pub value: Option<String>,
    /// `config file`, the variable, or `default`.
    pub source: String,
}

/// Returns the settings that a config file and the environment set; with `all`, those that are not set as well.
pub fn effective_settings(
    file: &Table,
    environment: &dyn Environment,
    all: bool,
) -> Vec<EffectiveSetting> {
    let mut found = Vec::new();
    let fixed = SETTINGS
        .iter()
        .filter(|setting| matches!(setting.section, "" | "defaults"));
    for setting in fixed {
        let table = match setting.section {
            "" => Some(file),
            section => file.get(section).and_then(Value::as_table),
        };
        let variable = setting
            .variable
            .and_then(|name| Some((name, environment.get(name)?)));
        let (value, source) = match (variable, table.and_then(|table| table.get(setting.key))) {
            (Some((name, value)), _) => (Some(value), name),
            (None, Some(value)) => (Some(shown(setting.key, value)), "config file"),
            (None, None) if all => (None, "default"),
            (None, None) => continue,
        };
        found.push(EffectiveSetting {
            name: setting.name(),
            value,
            source: source.to_owned(),
        });
    }
    if all && !file.contains_key("profiles") {
        found.extend(of_section(PROFILES).map(|setting| EffectiveSetting {
            name: setting.name(),
            value: None,
            source: "default".to_owned(),
        }));
    }
    for section in ["profiles", "filters", "columns", "keys"] {
        if let Some(value) = file.get(section) {
            add_from_file(section, section, value, &mut found);
        }
    }
    found
}

fn add_from_file(name: &str, key: &str, value: &Value, found: &mut Vec<EffectiveSetting>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                add_from_file(&format!("{name}.{key}"), key, value, found);
            }
        }
        value => found.push(EffectiveSetting {
            name: name.to_owned(),
            value: Some(shown(key, value)),
            source: "config file".to_owned(),
        }),
    }
}

/// Returns a value without passwords.
fn shown(key: &str, value: &Value) -> String {
    match value {
        _ if key == "password" => "(hidden)".to_owned(),
        Value::String(text) => without_user_info(text).into_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_win_and_passwords_are_hidden() {
        let file = "default-profile = \"lab\"\n[defaults]\nbell = true\ntheme = \"dark\"\n\
                    [profiles.lab]\nurl = \"https://ops:hunter2@vc01.lab\"\npassword = \"hunter2\"\n";
        let file: Table = file.parse().unwrap();
        let environment = |name: &str| (name == "VTASK_THEME").then(|| "light".to_owned());
        let settings = effective_settings(&file, &environment, false);
        let lines: Vec<String> = settings
            .iter()
            .map(|setting| {
                format!(
                    "{} {} {}",
                    setting.name,
                    setting.value.as_deref().unwrap_or("-"),
                    setting.source
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                "default-profile lab config file",
                "defaults.bell true config file",
                "defaults.theme light VTASK_THEME",
                "profiles.lab.password (hidden) config file",
                "profiles.lab.url https://…@vc01.lab config file",
            ]
        );
        let all = effective_settings(&Table::new(), &|_: &str| None, true);
        assert!(
            all.iter()
                .any(|setting| setting.name == "profiles.NAME.url" && setting.value.is_none())
        );
    }
}
