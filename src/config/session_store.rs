//! Stores an account's session between runs in a private file (`--keep-session`).
//!
//! The file is kept in the runtime directory, which is removed at the last logout, else in the state directory.
//! Reading it is enough to be signed in, so it is rejected if others could have read or written it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ConfigError, Environment};
use crate::{
    files::{directories::runtime_directory, private_file},
    vim::{Address, SessionStore},
};

/// Session file of one account on one server.
#[derive(Debug, Clone)]
pub struct SessionFile {
    path: PathBuf,
    server: String,
    user: String,
    last_error: Arc<Mutex<StoreError>>,
}

/// State of a write error: none, not yet reported, or reported.
#[derive(Debug, Default)]
enum StoreError {
    #[default]
    None,
    Unreported(String),
    Reported,
}

/// Contents of the file. Not `Debug`, because it holds the session.
#[derive(Serialize, Deserialize)]
struct FileContents {
    server: String,
    user: String,
    session: String,
}

impl SessionFile {
    /// Returns the session file of an account on a server, without creating anything.
    ///
    /// # Errors
    /// Returns an error if no directory is known for it, or others can access an existing file.
    pub fn of(
        address: &Address,
        user: &str,
        environment: &dyn Environment,
    ) -> Result<Self, ConfigError> {
        let runtime = runtime_directory(|name| environment.get(name)).ok_or_else(|| {
            ConfigError("no directory for session files: set XDG_RUNTIME_DIR or HOME (LOCALAPPDATA on Windows).".to_owned())
        })?;
        let server = address.authority();
        let digest = Sha256::digest(format!("{server}\n{user}"));
        let name = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
        let kept = Self {
            path: runtime.join("sessions").join(name.collect::<String>()),
            server,
            user: user.to_owned(),
            last_error: Arc::default(),
        };
        kept.check_private()?;
        Ok(kept)
    }

    /// Returns an error if the directory or file is not private to this user.
    fn check_private(&self) -> Result<(), ConfigError> {
        if let Some(directory) = self.path.parent() {
            owned(directory, true)?;
        }
        owned(&self.path, false)
    }

    fn write(&self, session: &SecretString) -> io::Result<()> {
        if let Some(directory) = self.path.parent() {
            private_file::create_directory(directory)?;
        }
        self.check_private().map_err(io::Error::other)?;
        let content = FileContents {
            server: self.server.clone(),
            user: self.user.clone(),
            session: session.expose_secret().to_owned(),
        };
        let mut text = serde_json::to_string(&content)?;
        let written = private_file::write(&self.path, text.as_bytes());
        text.zeroize();
        written
    }
}

impl SessionStore for SessionFile {
    fn load(&self) -> Option<SecretString> {
        self.check_private().ok()?;
        let mut text = fs::read_to_string(&self.path).ok()?;
        let content: Option<FileContents> = serde_json::from_str(&text).ok();
        text.zeroize();
        let content = content?;
        let is_mine = content.server == self.server && content.user == self.user;
        is_mine.then(|| SecretString::from(content.session))
    }

    fn save(&self, session: &SecretString) -> bool {
        let Err(error) = self.write(session) else {
            return true;
        };
        let error = error.to_string();
        let mut last_error = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if matches!(*last_error, StoreError::None) {
            *last_error = StoreError::Unreported(format!(
                "the session cannot be kept in {}: {}. It will be ended on exit, as without --keep-session.",
                self.path.display(),
                error.trim_end_matches('.')
            ));
        }
        false
    }

    fn last_error(&self) -> Option<String> {
        let mut last_error = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *last_error, StoreError::Reported) {
            StoreError::Unreported(text) => Some(text),
            StoreError::Reported => None,
            StoreError::None => {
                *last_error = StoreError::None;
                None
            }
        }
    }

    fn clear(&self) {
        // A file that cannot be removed holds a dead session; the next run detects that.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(unix)]
fn owned(path: &Path, is_directory: bool) -> Result<(), ConfigError> {
    use std::os::unix::fs::MetadataExt;

    const OTHERS: u32 = 0o077;
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            let path = path.display();
            return Err(ConfigError(format!(
                "{path}, where sessions are kept, cannot be read: {error}."
            )));
        }
    };
    let is_right_kind = if is_directory {
        metadata.is_dir()
    } else {
        metadata.is_file()
    };
    let mine = rustix::process::geteuid().as_raw();
    if is_right_kind && metadata.uid() == mine && metadata.mode() & OTHERS == 0 {
        return Ok(());
    }
    Err(ConfigError(format!(
        "{path}, where a session is kept, is accessible to other users, so it is not used. Find out who changed it, then remove \
         it: `rm -r {path}`.",
        path = path.display()
    )))
}

/// Windows keeps the state directory of a user from other users; a file elsewhere is not used.
#[cfg(not(unix))]
fn owned(path: &Path, _is_directory: bool) -> Result<(), ConfigError> {
    use crate::files::private_file::{Access, is_exposed};

    match is_exposed(path, Access::Any) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(false) => Ok(()),
        Ok(true) => Err(ConfigError(format!(
            "{}, where sessions are kept, is outside of your user profile and may be accessible to other users, so it is \
             not used. Unset XDG_STATE_HOME and XDG_RUNTIME_DIR to use %LOCALAPPDATA%.",
            path.display()
        ))),
        Err(error) => Err(ConfigError(format!(
            "{}, where sessions are kept, cannot be read: {error}.",
            path.display()
        ))),
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn kept(base: &Path, user: &str) -> Result<SessionFile, ConfigError> {
        let base = base.to_str().unwrap().to_owned();
        let environment = move |name: &str| (name == "XDG_RUNTIME_DIR").then(|| base.clone());
        SessionFile::of(&"vc01.lab".parse().unwrap(), user, &environment)
    }

    #[test]
    fn kept_session_is_for_its_account_only() {
        let base = tempfile::tempdir().unwrap();
        let ops = kept(base.path(), "ops").unwrap();
        assert!(ops.load().is_none());
        assert!(ops.save(&SecretString::from("one")));
        assert!(ops.save(&SecretString::from("two")));
        let again = kept(base.path(), "ops").unwrap();
        assert_eq!(again.load().unwrap().expose_secret(), "two");
        assert!(kept(base.path(), "kim").unwrap().load().is_none());
        // A file moved to another account's path is rejected.
        let kim = kept(base.path(), "kim").unwrap();
        fs::rename(&ops.path, &kim.path).unwrap();
        assert!(kim.load().is_none());
        assert!(!format!("{kim:?}").contains("two"));
        kim.clear();
        assert!(!kim.path.exists());
    }

    #[test]
    fn exposed_file_or_directory_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let ops = kept(base.path(), "ops").unwrap();
        assert!(ops.save(&SecretString::from("one")));
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        let directory = ops.path.parent().unwrap();
        assert_eq!((mode(&ops.path), mode(directory)), (0o600, 0o700));
        for (path, wrong, right) in [(&*ops.path, 0o640, 0o600), (directory, 0o755, 0o700)] {
            fs::set_permissions(path, fs::Permissions::from_mode(wrong)).unwrap();
            let refused = kept(base.path(), "ops").unwrap_err();
            assert!(refused.0.contains("accessible to other users"), "{refused}");
            assert!(ops.load().is_none());
            assert!(!ops.save(&SecretString::from("three")));
            fs::set_permissions(path, fs::Permissions::from_mode(right)).unwrap();
        }
        assert!(ops.load().is_some());
        let last_error = ops.last_error().unwrap();
        assert!(last_error.contains("cannot be kept in") && !last_error.contains(".."));
        assert_eq!(ops.last_error(), None, "once");
        let elsewhere = base.path().join("elsewhere");
        fs::rename(&ops.path, &elsewhere).unwrap();
        symlink(&elsewhere, &ops.path).unwrap();
        assert!(kept(base.path(), "ops").is_err(), "a link is no file");
    }
}
