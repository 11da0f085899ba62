//! Changes to the config file that keep its comments: `vtask config init`, `set` and `edit`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use toml_edit::{DocumentMut, Item, Table, Value};

use super::{
    ConfigError, ConfigFile, Environment,
    file::default_path,
    settings::{PROFILES, SETTINGS, SettingType},
};
use crate::{
    files::{private_file, text_file},
    text::did_you_mean,
};

const SAMPLE: &str = include_str!("../../assets/config.sample.toml");

/// Returns the path of the config file: the given one, or the default one.
///
/// # Errors
/// Returns an error if no path is given and the environment determines none.
pub fn config_path(
    named: Option<&Path>,
    environment: &dyn Environment,
) -> Result<PathBuf, ConfigError> {
    let path = named
        .map(Path::to_owned)
        .or_else(|| default_path(environment));
    path.ok_or_else(|| {
        ConfigError("HOME is not set; give the config file with --config.".to_owned())
    })
}

/// Writes a config file in which every setting is commented out.
///
/// # Errors
/// Returns an error if the file exists or cannot be written.
pub fn init_config(path: &Path) -> Result<(), ConfigError> {
    if path.exists() {
        return Err(ConfigError(format!("{} exists already.", path.display())));
    }
    let lines = SAMPLE.lines().map(|line| match line {
        "" => String::from("\n"),
        line if line.starts_with('#') => format!("{line}\n"),
        line => format!("# {line}\n"),
    });
    write(path, &lines.collect::<String>())
}

/// Sets a value, such as `defaults.theme` or `profiles.lab.url`.
///
/// # Errors
/// Returns an error if there is no such setting, the value is invalid, or the file cannot be read or written. The file
/// is unchanged then.
pub fn set_config(path: &Path, name: &str, value: &str) -> Result<(), ConfigError> {
    let value_type = type_of(name)?;
    let text = text_file::read_or_empty(path)
        .map_err(|error| ConfigError(format!("{} cannot be read: {error}.", path.display())))?;
    let wrong = |why: String| ConfigError(format!("{name}: {why}"));
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        wrong(format!(
            "{} is not valid TOML: {}",
            path.display(),
            error.message()
        ))
    })?;
    let value = match value_type {
        // A text needs no quotes.
        Some(SettingType::Text | SettingType::Duration | SettingType::Choice(_)) => {
            Value::from(value)
        }
        Some(SettingType::List) | None if !value.starts_with('[') => {
            let words = value.split(',').map(str::trim);
            Value::Array(words.filter(|word| !word.is_empty()).collect())
        }
        _ => value
            .parse()
            .map_err(|_| wrong(format!("“{value}” is not a valid value of this setting.")))?,
    };
    // A file with comments only: they belong before the first table.
    let comments = document.trailing().as_str().unwrap_or_default().to_owned();
    if document.is_empty() && !comments.is_empty() {
        document.set_trailing("");
        document
            .decor_mut()
            .set_prefix(comments.trim_end().to_owned() + "\n\n");
    }
    let mut table: &mut Table = document.as_table_mut();
    let mut words: Vec<&str> = name.split('.').collect();
    let last = words.pop().unwrap_or_default();
    for word in words {
        let entry = table.entry(word).or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        table = entry
            .as_table_mut()
            .ok_or_else(|| wrong(format!("{word} is not a table in {}.", path.display())))?;
    }
    match table.get_mut(last).and_then(Item::as_value_mut) {
        // The comment behind a value stays.
        Some(before) => {
            let decor = before.decor().clone();
            *before = value;
            *before.decor_mut() = decor;
        }
        None => {
            table.insert(last, Item::Value(value));
        }
    }
    let text = document.to_string();
    let (_, errors) = ConfigFile::parse_valid(&text);
    if let Some(error) = errors.first() {
        return Err(wrong(error.clone()));
    }
    write(path, &text)
}

/// Returns the type of a setting by its name; `None` for keys of the screen.
fn type_of(name: &str) -> Result<Option<SettingType>, ConfigError> {
    let words: Vec<&str> = name.split('.').collect();
    let pattern = match words[..] {
        ["profiles", _, key] => format!("{PROFILES}.{key}"),
        ["filters", _] => "filters.NAME".to_owned(),
        ["columns", "all" | "narrow" | "normal" | "wide"] => {
            "columns.all, narrow, normal, wide".to_owned()
        }
        ["keys", _, _] => return Ok(None),
        _ => name.to_owned(),
    };
    if pattern == format!("{PROFILES}.password") {
        let why = "a password on the command line can be read by other users; use `vtask config set-password`.";
        return Err(ConfigError(format!("{name}: {why}")));
    }
    let mut settings = SETTINGS.iter();
    if let Some(setting) = settings.find(|setting| setting.name() == pattern) {
        return Ok(Some(setting.value_type));
    }
    let names: Vec<String> = SETTINGS
        .iter()
        .map(super::settings::Setting::name)
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Err(ConfigError(format!(
        "there is no setting “{name}”{} `vtask config show --all` lists them.",
        did_you_mean(&pattern, &names)
    )))
}

fn write(path: &Path, text: &str) -> Result<(), ConfigError> {
    // A symbolic link stays one.
    let file = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    private_file::write(&file, text.as_bytes())
        .map_err(|error| ConfigError(format!("{} cannot be written: {error}.", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_stays_one() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (
            directory.path().join("real.toml"),
            directory.path().join("link"),
        );
        fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        set_config(&link, "defaults.bell", "true").unwrap();
        assert!(fs::read_to_string(&file).unwrap().contains("bell = true"));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn values_are_set_and_comments_stay() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vtask/config.toml");
        let set = |name: &str, value: &str| set_config(&path, name, value);
        set("profiles.lab.url", "vc01.lab").unwrap();
        set("defaults.bell", "true").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(
            &path,
            text.replace("bell = true", "# Loud.\nbell = true # yes"),
        )
        .unwrap();
        set("defaults.bell", "false").unwrap();
        set("defaults.sort", "state,-elapsed").unwrap();
        set("columns.wide", "[\"task\", \"id\"]").unwrap();
        set("filters.mine", "user:ops").unwrap();
        set("keys.list.up", "k").unwrap();
        set("defaults.details-size", "40").unwrap();
        insta::assert_snapshot!(fs::read_to_string(&path).unwrap());
    }

    #[test]
    fn a_file_in_utf16_is_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        let text = "\u{feff}# größer\n[defaults]\nbell = true\n";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(&path, bytes).unwrap();
        set_config(&path, "defaults.bell", "false").unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "# größer\n[defaults]\nbell = false\n"
        );
    }

    #[test]
    fn a_wrong_value_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        fs::write(&path, "# mine\n").unwrap();
        for (name, value, why) in [
            ("defaults.tiemout", "1h", "did you mean “defaults.timeout”?"),
            ("defaults.timeout", "soon", "expected a duration"),
            ("defaults.bell", "loud", "is not a valid value"),
            ("defaults.fetch", "pull", "fetch"),
            ("profiles.lab.password", "hunter2", "set-password"),
            ("profiles.lab.thumbprint", "x", "thumbprint"),
        ] {
            let error = set_config(&path, name, value).unwrap_err().0;
            assert!(error.contains(why), "{name}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\n");
    }

    #[test]
    fn settings_follow_the_comments_of_a_new_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        init_config(&path).unwrap();
        let comments = fs::read_to_string(&path).unwrap();
        set_config(&path, "defaults.bell", "true").unwrap();
        set_config(&path, "profiles.lab.url", "vc01.lab").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let settings = "\n[defaults]\nbell = true\n\n[profiles.lab]\nurl = \"vc01.lab\"\n";
        assert_eq!(text, comments.trim_end().to_owned() + "\n" + settings);
    }

    #[test]
    fn a_new_file_has_everything_commented_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        init_config(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\n# [profiles.lab]\n"), "{text}");
        assert!(toml::from_str::<toml::Table>(&text).unwrap().is_empty());
        assert!(init_config(&path).unwrap_err().0.contains("exists already"));
    }
}
