//! A file of lines that is renamed to `FILE.1`, `FILE.2`, … when it grows too large.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Number of bytes to read at once when looking for the last complete line.
const BLOCK: u64 = 64 * 1024;

/// A file of lines, with mode 0600.
#[derive(Debug)]
pub struct RotatingFile {
    path: PathBuf,
    file: File,
    limit: u64,
    keep: u32,
}

impl RotatingFile {
    /// Opens a file to append to. An incomplete last line, as a killed process leaves it, is removed.
    pub fn open(path: &Path, limit: u64, keep: u32) -> io::Result<Self> {
        let mut file = open(path)?;
        let size = end_of_last_line(&mut file)?;
        if size < file.metadata()?.len() {
            // A handle that appends cannot truncate on Windows.
            OpenOptions::new().write(true).open(path)?.set_len(size)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            limit,
            keep,
        })
    }

    /// Appends complete lines. The file is rotated before it would exceed the limit; lines are never divided.
    pub fn append(&mut self, lines: &str) -> io::Result<()> {
        // Another program may have truncated the file.
        let mut size = self.file.metadata()?.len();
        for line in lines.split_inclusive('\n') {
            if size > 0 && size + line.len() as u64 > self.limit {
                self.rotate()?;
                size = 0;
            }
            self.file.write_all(line.as_bytes())?;
            size += line.len() as u64;
        }
        Ok(())
    }

    /// Waits until the content is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        for number in (1..self.keep).rev() {
            rename(&self.rotated(number), &self.rotated(number + 1))?;
        }
        if self.keep > 0 {
            rename(&self.path, &self.rotated(1))?;
        } else {
            fs::remove_file(&self.path)?;
        }
        self.file = open(&self.path)?;
        Ok(())
    }

    fn rotated(&self, number: u32) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(format!(".{number}"));
        path.into()
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Renames a file if it exists.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        renamed => renamed,
    }
}

/// Returns the position after the last line break.
fn end_of_last_line(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(start))?;
        let mut block = Vec::new();
        Read::by_ref(file)
            .take(end - start)
            .read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_rotated_by_size_and_the_oldest_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tasks.ndjson");
        let mut file = RotatingFile::open(&path, 10, 2).unwrap();
        for number in 0..5 {
            file.append(&format!("a {number}\nb {number}\n")).unwrap();
        }
        file.append("longer than the limit\n").unwrap();
        let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!(read("tasks.ndjson"), "longer than the limit\n");
        assert_eq!(read("tasks.ndjson.1"), "a 4\nb 4\n");
        assert_eq!(read("tasks.ndjson.2"), "a 3\nb 3\n");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);

        let mut file = RotatingFile::open(&path, 10, 0).unwrap();
        file.append("new\n").unwrap();
        assert_eq!(read("tasks.ndjson"), "new\n");
        assert_eq!(read("tasks.ndjson.1"), "a 4\nb 4\n");
    }

    #[test]
    fn a_file_truncated_by_another_program_goes_on_at_its_start() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tasks.ndjson");
        let mut file = RotatingFile::open(&path, 10, 1).unwrap();
        file.append("before\n").unwrap();
        fs::write(&path, "").unwrap();
        file.append("after\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "after\n");
    }

    #[test]
    fn an_incomplete_last_line_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tasks.ndjson");
        let long = "x".repeat(200_000);
        for (before, after) in [
            ("", "new\n"),
            ("{\"a\":1", "new\n"),
            ("one\ntw", "one\nnew\n"),
            ("one\n", "one\nnew\n"),
            (&format!("one\n{long}"), "one\nnew\n"),
        ] {
            fs::write(&path, before).unwrap();
            let mut file = RotatingFile::open(&path, u64::MAX, 1).unwrap();
            file.append("new\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        }
    }

    #[cfg(unix)]
    #[test]
    fn others_cannot_read_the_file() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tasks.ndjson");
        let mut file = RotatingFile::open(&path, 1, 1).unwrap();
        file.append("a\nb\n").unwrap();
        for name in ["tasks.ndjson", "tasks.ndjson.1"] {
            let metadata = fs::metadata(directory.path().join(name)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
}
