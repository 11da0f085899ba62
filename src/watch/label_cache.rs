//! Operation labels kept between runs, as they depend only on the server's build and the session's locale.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use vtask_files::{directories::cache_directory, private_file};
use vtask_vim::{
    Client, Error,
    types::{About, OperationLabel},
};

/// Age after which labels are read again: an extension that was registered since adds some.
const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Maximum size of a file, in bytes.
const MAX_BYTES: u64 = 4 << 20;
/// Maximum number of files; the oldest ones are removed.
const MAX_FILES: usize = 32;
/// Maximum length of a build, version or locale in the name of a file.
const MAX_NAME_PART: usize = 40;

/// The directory of the labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCache {
    directory: PathBuf,
}

/// The file for one build and locale: a JSON object with the label of each operation.
#[derive(Debug, Clone)]
struct LabelFile(PathBuf);

impl LabelCache {
    /// Locates the directory from `XDG_CACHE_HOME` and `HOME`, if the environment determines one.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        cache_directory(variable).map(|cache| Self::new(&cache))
    }

    /// Uses `operation-labels` below a directory.
    pub fn new(cache: &Path) -> Self {
        Self {
            directory: cache.join("operation-labels"),
        }
    }

    /// Returns the file for a server and locale; `None` if their names cannot be part of the name of a file.
    fn file(&self, about: &About, locale: &str) -> Option<LabelFile> {
        let parts = [&*about.version, &*about.build, locale];
        let is_plain = |part: &&str| {
            let is_valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            (1..=MAX_NAME_PART).contains(&part.len()) && part.chars().all(is_valid)
        };
        let name = format!("{}.json", parts.join("_"));
        parts
            .iter()
            .all(is_plain)
            .then(|| LabelFile(self.directory.join(name)))
    }
}

impl LabelFile {
    /// Returns the labels, unless there are none or they are too old.
    fn read(&self, now: SystemTime) -> Option<Vec<OperationLabel>> {
        let file = fs::metadata(&self.0).ok()?;
        let age = now
            .duration_since(file.modified().ok()?)
            .unwrap_or_default();
        if age > MAX_AGE || file.len() > MAX_BYTES {
            return None;
        }
        let labels: BTreeMap<String, String> =
            serde_json::from_slice(&fs::read(&self.0).ok()?).ok()?;
        let rows = labels
            .into_iter()
            .map(|(description_id, label)| OperationLabel {
                description_id,
                label,
            });
        Some(rows.collect())
    }

    /// Writes the labels. Without a file they are read again in the next run, so errors are ignored.
    fn write(&self, rows: &[OperationLabel]) {
        let labels: BTreeMap<_, _> = rows
            .iter()
            .map(|row| (&row.description_id, &row.label))
            .collect();
        if let Ok(bytes) = serde_json::to_vec(&labels)
            && !rows.is_empty()
            && bytes.len() as u64 <= MAX_BYTES
            && private_file::write(&self.0, &bytes).is_ok()
            && let Some(directory) = self.0.parent()
        {
            remove_oldest(directory);
        }
    }
}

fn remove_oldest(directory: &Path) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry)));
    let mut files: Vec<_> = files.collect();
    files.sort_unstable_by_key(|(modified, _)| std::cmp::Reverse(*modified));
    for (_, entry) in files.iter().skip(MAX_FILES) {
        let _ = fs::remove_file(entry.path());
    }
}

/// Returns the operation labels: the kept ones, else those of the server, which are then kept.
///
/// # Errors
/// Same as [`Client::operation_labels`].
pub async fn operation_labels(
    client: &Client,
    cache: Option<&LabelCache>,
) -> Result<Vec<OperationLabel>, Error> {
    let file = cache.and_then(|cache| cache.file(&client.content().about, &client.locale()?));
    if let Some(file) = file.clone() {
        let read = tokio::task::spawn_blocking(move || file.read(SystemTime::now()));
        if let Ok(Some(rows)) = read.await {
            return Ok(rows);
        }
    }
    let rows = client.operation_labels().await?;
    if let Some(file) = file {
        let rows = rows.clone();
        tokio::task::spawn_blocking(move || file.write(&rows));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(build: &str) -> About {
        About {
            full_name: "VMware vCenter Server".to_owned(),
            version: "8.0.3".to_owned(),
            build: build.to_owned(),
            api_type: "VirtualCenter".to_owned(),
            instance_uuid: None,
        }
    }

    fn row(id: &str) -> OperationLabel {
        OperationLabel {
            description_id: id.to_owned(),
            label: format!("Label of {id}"),
        }
    }

    #[test]
    fn labels_are_kept_per_build_and_locale_until_they_are_old() {
        let directory = tempfile::tempdir().unwrap();
        let cache = LabelCache::new(directory.path());
        let file = cache.file(&about("24022515"), "de").unwrap();
        let now = SystemTime::now();
        assert!(file.read(now).is_none());
        let rows = [row("VirtualMachine.clone"), row("VirtualMachine.powerOn")];
        file.write(&rows);
        assert_eq!(file.read(now).unwrap(), rows);
        assert!(file.read(now + MAX_AGE * 2).is_none());
        for (build, locale) in [("24022515", "en"), ("24022516", "de")] {
            let other = cache.file(&about(build), locale).unwrap();
            assert!(other.read(now).is_none(), "{build} {locale}");
        }
        fs::write(&file.0, "{").unwrap();
        assert!(file.read(now).is_none(), "a damaged file is read again");
    }

    #[test]
    fn names_that_would_leave_the_directory_have_no_file() {
        let cache = LabelCache::new(Path::new("cache"));
        for (build, locale) in [("../x", "en"), ("1", ""), ("1", "a b"), ("\u{e4}", "en")] {
            assert!(cache.file(&about(build), locale).is_none());
        }
    }

    #[test]
    fn the_number_of_files_is_limited() {
        let directory = tempfile::tempdir().unwrap();
        let cache = LabelCache::new(directory.path());
        for build in 0..MAX_FILES + 3 {
            let file = cache.file(&about(&build.to_string()), "en").unwrap();
            file.write(&[row("VirtualMachine.clone")]);
        }
        assert_eq!(fs::read_dir(&cache.directory).unwrap().count(), MAX_FILES);
    }
}
