//! Themes by name: built-in ones and the user's own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Environment, file::default_path};
use crate::{
    app::{ThemeChoice, Themes},
    files::text_file,
    text::did_you_mean,
    ui::Theme,
};

/// Returns the theme of that name or path and its problems; unusable settings are ignored. The user's own themes are
/// `NAME.toml` in the directory `themes` beside the config file.
pub fn theme(
    name: &str,
    config: Option<&Path>,
    environment: &dyn Environment,
) -> (Themes, Vec<String>) {
    let automatic = || Themes::named("auto").unwrap_or_default();
    if let Some(themes) = Themes::named(name) {
        return (themes, Vec::new());
    }
    let extension = Path::new(name).extension();
    let is_path = name.contains(['/', '\\']) || extension.is_some_and(|e| e == "toml");
    let directory = directory(config, environment);
    let path = if is_path {
        PathBuf::from(name)
    } else {
        match &directory {
            Some(directory) => directory.join(format!("{name}.toml")),
            None => PathBuf::from(format!("{name}.toml")),
        }
    };
    match text_file::read(&path) {
        Ok(text) => {
            let problems = Theme::problems(&text).into_iter();
            let problems = problems.map(|problem| format!("theme {}: {problem}", path.display()));
            (
                Themes::only(ThemeChoice::Custom(text.into())),
                problems.collect(),
            )
        }
        Err(error) if is_path => {
            let text = format!("the theme {} cannot be read: {error}.", path.display());
            (automatic(), vec![text])
        }
        Err(_) => {
            let mut known = vec!["auto", "high-contrast", "color-blind"];
            known.extend(ThemeChoice::names());
            let hint = did_you_mean(name, &known);
            let text = format!(
                "there is no theme “{name}”{hint} Your own theme of that name would be {}.",
                path.display()
            );
            (automatic(), vec![text])
        }
    }
}

/// Returns the directory of the user's own themes.
fn directory(config: Option<&Path>, environment: &dyn Environment) -> Option<PathBuf> {
    let file = config
        .map(Path::to_owned)
        .or_else(|| default_path(environment));
    Some(file?.parent()?.join("themes"))
}

/// Returns the names of the user's own themes.
pub fn own_themes(config: Option<&Path>, environment: &dyn Environment) -> Vec<String> {
    let files = directory(config, environment).and_then(|directory| fs::read_dir(directory).ok());
    let paths = files
        .into_iter()
        .flatten()
        .flatten()
        .map(|file| file.path());
    let themes = paths.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    themes
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nowhere(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn themes_are_found_by_name_and_by_path() {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("config.toml");
        fs::create_dir(directory.path().join("themes")).unwrap();
        let own = directory.path().join("themes/mine.toml");
        fs::write(&own, "based-on = \"light\"\n[failed]\nfg = \"pink\"\n").unwrap();
        for name in ["mine", own.to_str().unwrap()] {
            let (themes, problems) = theme(name, Some(&config), &nowhere);
            assert!(matches!(themes.dark, ThemeChoice::Custom(_)), "{name}");
            assert_eq!(problems.len(), 1);
            assert!(problems[0].contains("mine.toml: line 3: [failed] fg: “pink”"));
        }
        assert_eq!(theme("light", None, &nowhere).0.dark, ThemeChoice::Light);
    }

    #[test]
    fn unknown_theme_is_reported_and_replaced() {
        for (name, part) in [
            ("hihg-contrast", "did you mean"),
            ("/nonexistent.toml", "cannot be read"),
        ] {
            let (themes, problems) = theme(name, None, &nowhere);
            assert_eq!(Some(themes), Themes::named("auto"));
            assert!(problems[0].contains(part), "{problems:?}");
        }
    }
}
