//! The settings of the config file: one table, from which the JSON schema and the documentation are generated.

use serde_json::{Map, Value, json};

/// Type of a setting.
#[derive(Debug, Clone, Copy)]
pub(super) enum SettingType {
    Text,
    Bool,
    /// A whole number from a range.
    Number(i64, i64),
    /// Seconds, with fractions.
    Seconds,
    /// A duration such as `30m`.
    Duration,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A string or a list of strings.
    List,
}

/// A setting of the config file.
#[derive(Debug)]
pub(super) struct Setting {
    /// `defaults` or `profiles.NAME`.
    pub(super) section: &'static str,
    pub(super) key: &'static str,
    pub(super) value_type: SettingType,
    /// Environment variable that takes precedence.
    pub(super) variable: Option<&'static str>,
    /// Default and meaning.
    pub(super) text: &'static str,
}

const DEFAULTS: &str = "defaults";
/// Section of a connection; NAME is a placeholder.
pub(super) const PROFILES: &str = "profiles.NAME";

/// Defines the settings, a row each: key, type, variable, default and meaning.
macro_rules! settings {
    ($($section:tt { $($key:literal: $value_type:expr, $variable:expr, $text:literal;)* })*) => {
        /// All settings with a fixed name.
        pub(super) const SETTINGS: &[Setting] = {
            use SettingType::{Number, Seconds, Duration, Bool, Text, Choice, List};
            &[$($(Setting {
                section: $section,
                key: $key,
                value_type: $value_type,
                variable: $variable,
                text: $text,
            },)*)*]
        };
    };
}

settings! {
    "" {
        "default-profile": Text, Some("VTASK_PROFILE"), "Profile used without `--profile`";
    }
    DEFAULTS {
        "fetch": Choice(&["auto", "push", "poll"]), Some("VTASK_FETCH"), "Long poll or polling (`auto`)";
        "interval": Seconds, Some("VTASK_INTERVAL"), "Polling interval in seconds (2)";
        "timeout": Duration, Some("VTASK_TIMEOUT"), "Time limit of commands (none)";
        "max-outage": Duration, Some("VTASK_MAX_OUTAGE"), "`wait`: longest outage (10m)";
        "record": Text, None, "Directory for a record of every run";
        "record-max-mb": Number(1, 1_000_000), None, "Size of the records in MiB (256)";
        "record-max-age": Duration, None, "Age of the records (`14d`)";
        "keep-session": Bool, Some("VTASK_KEEP_SESSION"), "Keep sessions for the next run";
        "read-only": Bool, Some("VTASK_READ_ONLY"), "Refuse requests that change something";
        "bell": Bool, Some("VTASK_BELL"), "Ring the bell when a task ends";
        "notify": Bool, Some("VTASK_NOTIFY"), "Desktop notification when a task ends";
        "title": Bool, Some("VTASK_TITLE"), "Progress in the window title";
        "exec": Text, Some("VTASK_EXEC"), "Command for each finished task";
        "theme": Text, Some("VTASK_THEME"), "Theme or file (`auto`)";
        "light": Bool, Some("VTASK_LIGHT"), "Same as `theme = \"light\"`";
        "ascii": Bool, Some("VTASK_ASCII"), "Draw with ASCII characters";
        "sort": List, Some("VTASK_SORT"), "Columns to sort by; `-` for descending";
        "layout": Choice(&["auto", "below", "beside"]), None, "Position of the details (`auto`)";
        "details-size": Number(10, 90), None, "Share of the details in percent";
        "clipboard": Choice(&["osc52", "local"]), None, "Where copied text goes (both)";
        "clipboard-command": Text, None, "Command that receives copied text";
    }
    PROFILES {
        "url": Text, Some("VTASK_URL"), "URL or host of the vCenter";
        "username": Text, Some("VTASK_USERNAME"), "User name";
        "password-command": Text, None, "Command that prints the password";
        "password-file": Text, Some("VTASK_PASSWORD_FILE"), "File whose first line is the password";
        "password-keyring": Bool, None, "Password in the keyring: `config set-password`";
        "password": Text, Some("VTASK_PASSWORD"), "Plain-text password (unsafe)";
        "keep-session": Bool, Some("VTASK_KEEP_SESSION"), "Keep the session for the next run";
        "ca-file": Text, Some("VTASK_CA_FILE"), "CA certificates (PEM) to trust";
        "thumbprint": Text, Some("VTASK_THUMBPRINT"), "SHA-256 of the only accepted certificate";
        "insecure": Bool, Some("VTASK_INSECURE"), "Do not verify the certificate";
        "release": Text, Some("VTASK_RELEASE"), "API release (negotiated)";
        "read-only": Bool, Some("VTASK_READ_ONLY"), "Refuse requests that change something";
    }
    "filters" {
        "NAME": Text, None, "Saved filter, used as `@NAME`";
    }
    "columns" {
        "all, narrow, normal, wide": List, Some("VTASK_COLUMNS"), "Columns of the list by width";
    }
}

/// Description of the section `[keys]`.
const KEYS: &str = "Keys by context and action, in the form of assets/keys.toml";

impl Setting {
    /// Returns the name of the setting, such as `profiles.NAME.url`.
    pub(super) fn name(&self) -> String {
        if self.section.is_empty() {
            self.key.to_owned()
        } else {
            format!("{}.{}", self.section, self.key)
        }
    }

    fn schema(&self) -> Value {
        let mut schema = match self.value_type {
            SettingType::Text | SettingType::Duration => json!({"type": "string"}),
            SettingType::Bool => json!({"type": "boolean"}),
            SettingType::Number(from, to) => {
                json!({"type": "integer", "minimum": from, "maximum": to})
            }
            SettingType::Seconds => json!({"type": "number", "minimum": 0.05, "maximum": 86400}),
            SettingType::Choice(words) => json!({"enum": words}),
            SettingType::List => {
                json!({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
            }
        };
        let text = self.text.replace('`', "");
        schema["description"] = text.into();
        schema
    }
}

/// Returns the settings of a section.
pub(super) fn of_section(section: &str) -> impl Iterator<Item = &'static Setting> {
    SETTINGS
        .iter()
        .filter(move |setting| setting.section == section)
}

/// Returns the names of all settings, such as `profiles.NAME.url`.
pub fn setting_names() -> Vec<String> {
    SETTINGS.iter().map(Setting::name).collect()
}

/// Returns the JSON schema of the config file, for editors.
pub fn config_schema() -> Value {
    let object = |section: &str| {
        let properties: Map<String, Value> = of_section(section)
            .map(|setting| (setting.key.to_owned(), setting.schema()))
            .collect();
        json!({"type": "object", "additionalProperties": false, "properties": properties})
    };
    let columns = of_section("columns")
        .next()
        .map_or(Value::Null, Setting::schema);
    let widths: Map<String, Value> = ["all", "narrow", "normal", "wide"]
        .into_iter()
        .map(|name| (name.to_owned(), columns.clone()))
        .collect();
    let mut schema = object("");
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    schema["title"] = "Config file of vtask".into();
    let properties = &mut schema["properties"];
    properties["defaults"] = object(DEFAULTS);
    properties["profiles"] = json!({"type": "object", "additionalProperties": object(PROFILES)});
    properties["filters"] = json!({"type": "object", "additionalProperties": {"type": "string"},
        "description": "Saved filters by name, used as @NAME"});
    properties["columns"] = json!({"oneOf": [columns,
        {"type": "object", "additionalProperties": false, "properties": widths}]});
    properties["keys"] = json!({"type": "object", "description": KEYS,
        "additionalProperties": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}});
    schema
}

/// Returns the table of all settings in Markdown.
pub fn settings_table() -> String {
    let mut text = "| section | key | type | variable | meaning (default) |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for setting in SETTINGS {
        let type_name = match setting.value_type {
            SettingType::Text => "text".to_owned(),
            SettingType::Bool => "switch".to_owned(),
            SettingType::Number(from, to) => format!("{from}–{to}"),
            SettingType::Seconds => "seconds".to_owned(),
            SettingType::Duration => "duration".to_owned(),
            SettingType::Choice(words) => words.join(", "),
            SettingType::List => "list".to_owned(),
        };
        let variable = setting
            .variable
            .map_or(String::new(), |name| format!("`{name}`"));
        let section = if setting.section.is_empty() {
            String::new()
        } else {
            format!("`[{}]`", setting.section)
        };
        let row = [
            section,
            format!("`{}`", setting.key),
            type_name,
            variable,
            setting.text.to_owned(),
        ];
        text.push_str("| ");
        text.push_str(&row.join(" | "));
        text.push_str(" |\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigFile;

    /// Returns a valid value in TOML.
    fn example(setting: &Setting) -> String {
        match (setting.key, setting.value_type) {
            ("thumbprint", _) => format!("\"{}\"", crate::vim::Fingerprint::of(b"1")),
            (_, SettingType::Text) => "\"x\"".to_owned(),
            (_, SettingType::Bool) => "true".to_owned(),
            (_, SettingType::Number(from, _)) => from.to_string(),
            (_, SettingType::Seconds) => "1.5".to_owned(),
            (_, SettingType::Duration) => "\"30m\"".to_owned(),
            (_, SettingType::Choice(words)) => format!("\"{}\"", words[0]),
            (_, SettingType::List) => "[\"task\"]".to_owned(),
        }
    }

    #[test]
    fn every_setting_is_accepted_by_the_parser() {
        for setting in SETTINGS {
            let key = setting.key.split(',').next().unwrap();
            let mut text = format!("{key} = {}\n", example(setting));
            if !setting.section.is_empty() {
                text = format!("[{}]\n{text}", setting.section);
            }
            if let Err(error) = ConfigFile::parse(&text) {
                panic!("{text}: {error}");
            }
        }
    }

    #[test]
    fn every_key_of_the_parser_is_a_setting() {
        for section in ["defaults", "profiles.NAME"] {
            let error = ConfigFile::parse(&format!("[{section}]\nzzzzzz = 1\n"))
                .unwrap_err()
                .0;
            let (_, keys) = error.split_once("The keys here are ").unwrap();
            let keys: Vec<&str> = keys.trim_end_matches('.').split(", ").collect();
            let mut known: Vec<&str> = of_section(section).map(|setting| setting.key).collect();
            let mut parsed = keys.clone();
            known.sort_unstable();
            parsed.sort_unstable();
            assert_eq!(known, parsed, "{section}");
        }
    }

    #[test]
    fn the_schema_file_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/config.schema.json");
        let schema = serde_json::to_string_pretty(&config_schema()).unwrap() + "\n";
        if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
            std::fs::write(path, &schema).unwrap();
        }
        let file = std::fs::read_to_string(path).unwrap();
        assert!(
            file == schema,
            "write it with INSTA_UPDATE=always cargo test --lib config::settings"
        );
    }

    #[test]
    fn guide_contains_the_table_of_settings() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        let guide = std::fs::read_to_string(path).unwrap();
        let start = guide.find("| section | key |").unwrap();
        let end = guide[start..]
            .find("\n\n")
            .map_or(guide.len(), |end| start + end + 1);
        if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
            let updated = format!("{}{}{}", &guide[..start], settings_table(), &guide[end..]);
            std::fs::write(path, updated).unwrap();
        } else {
            assert!(
                guide[start..end] == settings_table(),
                "write it with INSTA_UPDATE=always cargo test --lib config::settings"
            );
        }
    }
}
