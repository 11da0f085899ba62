//! Files that only their owner can read, replaced atomically.
//!
//! On Unix by file modes; on Windows files inherit the access list of their directory, which is private to the user in
//! the profile directory.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Maximum number of temporary names to try.
const MAX_ATTEMPTS: u32 = 100;

/// Replaces a file by one with this content and mode 0600, creating its directory with mode 0700 if needed.
///
/// Readers see either the old or the new content, even after a crash. The content is never in a file that others can
/// read, and a temporary file left behind by an earlier run does not get in the way.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    create_directory(directory)?;
    let (mut file, temporary) = create_beside(path)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Access of other users to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Any,
    Write,
}

/// Returns true if group or others have this access.
///
/// On Windows, files in the user's profile directory count as private, as other users have no access to it by default.
/// Elsewhere others can usually read but not replace a file of this user.
pub fn is_exposed(path: &Path, access: Access) -> io::Result<bool> {
    #[cfg(unix)]
    {
        let bits = match access {
            Access::Any => 0o077,
            Access::Write => 0o022,
        };
        let metadata = fs::metadata(path)?;
        Ok(std::os::unix::fs::MetadataExt::mode(&metadata) & bits != 0)
    }
    #[cfg(not(unix))]
    {
        let path = path.canonicalize()?;
        let profile = std::env::home_dir().and_then(|directory| directory.canonicalize().ok());
        let is_in_profile = profile.is_some_and(|profile| path.starts_with(profile));
        Ok(access == Access::Any && !is_in_profile)
    }
}

/// Returns advice to protect an exposed file: "run `chmod 600 …`" or its equivalent.
pub fn protection_advice(path: &Path) -> String {
    if cfg!(windows) {
        "move it into your user profile, for example to %APPDATA%\\vtask".to_owned()
    } else {
        format!("run `chmod 600 {}`", path.display())
    }
}

/// Creates a directory that only its owner can access, unless it exists.
pub fn create_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Creates an empty file with an unused name in the directory of `path`.
fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for _ in 0..MAX_ATTEMPTS {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_file_name(format!(".{name}.{}-{number}.tmp", process::id()));
        match options.open(&temporary) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (file, temporary)),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_content_is_replaced_and_no_temporary_file_is_left() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("vtask/state/file");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(path.parent().unwrap()), ["file"]);
    }

    #[test]
    fn stale_temporary_files_are_ignored() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("file");
        for number in 0..20 {
            let stale = format!(".file.{}-{number}.tmp", process::id());
            fs::write(base.path().join(stale), "stale").unwrap();
        }
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_failed_write_keeps_the_old_file_and_removes_the_temporary_one() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("directory");
        fs::create_dir_all(path.join("content")).unwrap();
        assert!(write(&path, b"new").is_err());
        assert!(path.join("content").is_dir());
        assert_eq!(names(base.path()), ["directory"]);
    }

    #[cfg(unix)]
    #[test]
    fn file_and_folder_are_private() {
        use std::os::unix::fs::PermissionsExt;

        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("vtask/file");
        write(&path, b"old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(is_exposed(&path, Access::Any).unwrap());
        write(&path, b"secret").unwrap();
        assert!(!is_exposed(&path, Access::Any).unwrap());
        assert!(!is_exposed(path.parent().unwrap(), Access::Any).unwrap());
    }
}
