//! Options of the full screen, from flags, the config file and the terminal, in this order.

use super::screen_args::ScreenArgs;
use crate::{
    app::{Clipboard, Columns, Options, Themes, filter_history::FilterHistoryFile},
    config::{self, ClipboardChoice, ConfigFile, Environment},
};

/// Returns the options of the screen. Invalid settings are reported there as warnings and replaced by defaults.
pub(super) fn screen_options(
    args: &ScreenArgs,
    file: &ConfigFile,
    environment: &dyn Environment,
) -> Options {
    let terminal = Options::from_environment(|name| environment.get(name));
    let defaults = &file.defaults;
    let light = |is_light: bool| is_light.then_some("light");
    let name = args.theme.as_deref().or(light(args.light));
    let name = name.or(defaults.theme.as_deref());
    let name = name.or(light(defaults.light)).unwrap_or("auto");
    let (themes, mut config_warnings): (Themes, _) =
        config::theme(name, file.path.as_deref(), environment);
    let (keymap, problems) = file.key_overrides.keymap(&terminal.keymap);
    config_warnings.extend(problems);
    let (pane_layout, problems) = config::pane_layout(defaults);
    config_warnings.extend(problems);
    let clipboard = match (defaults.clipboard, &defaults.clipboard_command) {
        (Some(ClipboardChoice::Osc52), _) | (None, None) => Clipboard::Terminal,
        (_, Some(command)) => Clipboard::Command(command.clone()),
        (Some(ClipboardChoice::Local), None) => Clipboard::local(|name| environment.get(name))
            .unwrap_or_else(|| {
                let text = "clipboard = \"local\": no clipboard was found; set clipboard-command.";
                config_warnings.push(text.to_owned());
                Clipboard::Terminal
            }),
    };
    config_warnings.extend(file.filter_problems());
    let filters = config::named_filters(file, environment);
    let unread = |problem| format!("filters saved on the screen: {problem}");
    config_warnings.extend(filters.problem.map(unread));
    config_warnings.extend_from_slice(&file.list.problems);
    Options {
        saved_filters: filters.all,
        user_filters: filters.own,
        typed_filters: FilterHistoryFile::from_environment(|name| environment.get(name)).filters(),
        sort: args
            .sort
            .as_ref()
            .or(file.list.sort.as_ref())
            .cloned()
            .unwrap_or_default(),
        columns: match &args.columns {
            Some(set) => Columns::for_all_widths(set.clone()),
            None => file.list.columns.clone(),
        },
        themes,
        clipboard,
        ascii: args.ascii || defaults.ascii || terminal.ascii,
        keymap,
        config_warnings,
        pane_layout,
        ..terminal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{Action, Context, ThemeChoice},
        cli,
        task::row_model::Sort,
    };

    fn from(arguments: &[&str], file: &str) -> Options {
        let arguments = std::iter::once("vtask").chain(arguments.iter().copied());
        let cli = cli::parse(arguments).unwrap();
        let file = ConfigFile::parse(file).unwrap();
        screen_options(&cli.watch.screen, &file, &|_: &str| None)
    }

    #[test]
    fn flags_win_over_the_config_file() {
        let file = "[defaults]\ntheme = \"high-contrast-dark\"\n";
        assert_eq!(from(&[], file).themes.dark, ThemeChoice::HighContrastDark);
        assert_eq!(from(&["--light"], file).themes.dark, ThemeChoice::Light);
        let flag = from(&["--theme", "color-blind"], file);
        assert_eq!(flag.themes.dark, ThemeChoice::ColorBlindDark);
        assert!(flag.themes.follow_background());
        assert!(from(&[], "").themes.follow_background());
        let file = "[defaults]\nsort = [\"state\", \"-elapsed\"]\n";
        assert_eq!(from(&[], file).sort.to_string(), "state,-elapsed");
        assert_eq!(from(&["--sort", "-id"], file).sort.to_string(), "-id");
        assert_eq!(from(&[], "").sort, Sort::default());
        let file = "columns = [\"id\"]\n";
        let shown = |options: &Options| options.columns.of(80, false)[0].to_string();
        assert_eq!(shown(&from(&[], file)), "id");
        assert_eq!(
            shown(&from(&["--columns", "target:30,task"], file)),
            "target:30"
        );
    }

    #[test]
    fn errors_are_reported_and_screen_starts() {
        let file = "[defaults]\ntheme = \"drak\"\n[keys.list]\nfly = \"f\"\nup = \"e\"\n";
        let options = from(&[], file);
        assert_eq!(
            options.config_warnings.len(),
            2,
            "{:?}",
            options.config_warnings
        );
        assert!(options.config_warnings[0].contains("“dark”?"));
        let up = options.keymap.key(Context::List, Action::Up).unwrap();
        assert_eq!(up.to_string(), "e");
    }
}
