//! Directories for configuration, data, state and caches: those of the XDG base directory specification, on Windows
//! `%APPDATA%` and `%LOCALAPPDATA%` unless an XDG variable is set.

use std::path::{Path, PathBuf};

/// Environment variables and fallback below the home directory of a base directory.
struct BaseDirectory {
    variable: &'static str,
    below_home: &'static str,
    windows_variable: &'static str,
    below_windows_profile: &'static str,
}

const CONFIG: BaseDirectory = BaseDirectory {
    variable: "XDG_CONFIG_HOME",
    below_home: ".config",
    windows_variable: "APPDATA",
    below_windows_profile: "AppData/Roaming",
};
const DATA: BaseDirectory = BaseDirectory {
    variable: "XDG_DATA_HOME",
    below_home: ".local/share",
    windows_variable: "LOCALAPPDATA",
    below_windows_profile: "AppData/Local",
};
const CACHE: BaseDirectory = BaseDirectory {
    variable: "XDG_CACHE_HOME",
    below_home: ".cache",
    windows_variable: "LOCALAPPDATA",
    below_windows_profile: "AppData/Local",
};
const STATE: BaseDirectory = BaseDirectory {
    variable: "XDG_STATE_HOME",
    below_home: ".local/state",
    windows_variable: "LOCALAPPDATA",
    below_windows_profile: "AppData/Local",
};

/// Returns the directory of the config file and of themes, if the environment determines one.
pub fn config_directory(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    CONFIG.resolve(&variable)
}

/// Returns the directory of permanent data, such as known hosts.
pub fn data_directory(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    DATA.resolve(&variable)
}

/// Returns the directory of state that is kept between runs, such as typed filters.
pub fn state_directory(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    STATE.resolve(&variable)
}

/// Returns the directory of data that can be read again from servers.
pub fn cache_directory(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    CACHE.resolve(&variable)
}

/// Returns the directory of files that live as long as the user is logged in on this machine; the state directory if
/// the system has none.
pub fn runtime_directory(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    absolute(&variable, "XDG_RUNTIME_DIR")
        .map(|base| base.join("vtask"))
        .or_else(|| STATE.resolve(&variable))
}

impl BaseDirectory {
    fn resolve(&self, variable: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
        if cfg!(windows) {
            self.on_windows(variable)
        } else {
            self.on_unix(variable)
        }
    }

    fn on_unix(&self, variable: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
        let home = || Some(Path::new(&variable("HOME")?).join(self.below_home));
        let base = absolute(variable, self.variable).or_else(home)?;
        Some(base.join("vtask"))
    }

    fn on_windows(&self, variable: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
        let profile =
            || Some(Path::new(&variable("USERPROFILE")?).join(self.below_windows_profile));
        let base = absolute(variable, self.variable)
            .or_else(|| absolute(variable, self.windows_variable))
            .or_else(profile)?;
        Some(base.join("vtask"))
    }
}

/// Reads a path from a variable; relative paths are ignored, as the specification requires.
fn absolute(variable: &impl Fn(&str) -> Option<String>, name: &str) -> Option<PathBuf> {
    let path = variable(name).map(PathBuf::from);
    path.filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment<'a>(pairs: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn windows_has_its_own_directories_unless_xdg_variables_are_set() {
        let usual = environment(&[
            ("APPDATA", "/roaming"),
            ("LOCALAPPDATA", "/local"),
            ("USERPROFILE", "/users/kim"),
            ("HOME", "/home/kim"),
        ]);
        assert_eq!(CONFIG.on_windows(&usual), Some("/roaming/vtask".into()));
        assert_eq!(STATE.on_windows(&usual), Some("/local/vtask".into()));
        let bare = environment(&[("USERPROFILE", "/users/kim")]);
        assert_eq!(
            DATA.on_windows(&bare),
            Some("/users/kim/AppData/Local/vtask".into())
        );
        let xdg = environment(&[("XDG_CONFIG_HOME", "/xdg"), ("APPDATA", "/roaming")]);
        assert_eq!(CONFIG.on_windows(&xdg), Some("/xdg/vtask".into()));
        assert_eq!(CONFIG.on_windows(&environment(&[])), None);
    }

    #[test]
    fn variables_come_before_the_home_directory() {
        let both = environment(&[("HOME", "/home/kim"), ("XDG_STATE_HOME", "/state")]);
        assert_eq!(state_directory(&both), Some("/state/vtask".into()));
        let config = config_directory(&both);
        assert_eq!(config, Some("/home/kim/.config/vtask".into()));
        let data = data_directory(&both);
        assert_eq!(data, Some("/home/kim/.local/share/vtask".into()));
    }

    #[test]
    fn relative_paths_are_ignored() {
        let relative = environment(&[("HOME", "/home/kim"), ("XDG_STATE_HOME", "state")]);
        let state = state_directory(&relative);
        assert_eq!(state, Some("/home/kim/.local/state/vtask".into()));
    }

    #[test]
    fn the_runtime_directory_falls_back_to_the_state_directory() {
        let runtime = environment(&[("HOME", "/home/kim"), ("XDG_RUNTIME_DIR", "/run/user/1")]);
        assert_eq!(
            runtime_directory(&runtime),
            Some("/run/user/1/vtask".into())
        );
        let home = environment(&[("HOME", "/home/kim")]);
        assert_eq!(runtime_directory(&home), state_directory(&home));
        assert_eq!(runtime_directory(environment(&[])), None);
    }
}
