//! Writes a redacted copy of a record.

use std::path::Path;

use super::{
    Damage, Line, Reader, Redactor,
    output_file::{OutputFile, RecordError},
};

/// Number of bytes per frame.
const FRAME_BYTES: usize = 256 << 10;

/// Writes a redacted copy of a record. Returns its number of lines and the damage found.
///
/// # Errors
/// Fails if the copy exists or cannot be written.
pub fn redact(mut input: Reader, output: &Path) -> Result<(u64, Damage), RecordError> {
    let mut redactor = Redactor::default();
    let header = redactor.header(input.header());
    let mut output_file = OutputFile::create(output, &header)?;
    let mut bytes = Vec::new();
    let mut count = 0;
    for line in input.by_ref() {
        let entry = redactor.entry(line.entry);
        let line = Line { entry, ..line };
        if serde_json::to_writer(&mut bytes, &line).is_ok() {
            bytes.push(b'\n');
            count += 1;
        }
        if bytes.len() >= FRAME_BYTES {
            output_file.append(&bytes).map_err(RecordError::Write)?;
            bytes.clear();
        }
    }
    output_file.append(&bytes).map_err(RecordError::Write)?;
    Ok((count, input.damage().clone()))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_copy_has_all_lines_and_no_names() {
        let record = concat!(
            r#"{"vtask_record":1,"vtask":"0.1.0","started":"2026-11-29T10:00:00Z","vcenters":["vc01.lab"]}"#,
            "\n",
            r#"{"t":"2026-11-29T10:00:01Z","vc":0,"link":{"state":"live"}}"#,
            "\n",
            r#"{"t":"2026-11-29T10:00:02Z","vc":0,"task":{"at":"2026-11-29T10:00:02Z","info":{"key":"task-7","entityName":"payroll"}}}"#,
            "\nnonsense\n",
        );
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("copy.ndjson");
        let reader = Reader::new(Cursor::new(record), "test").unwrap();
        let (count, damage) = redact(reader, &path).unwrap();
        assert_eq!((count, damage.invalid_lines), (2, 1));
        let copy = std::fs::read_to_string(&path).unwrap();
        assert!(
            !copy.contains("payroll") && !copy.contains("vc01"),
            "{copy}"
        );
        let copied = Reader::open(&path).unwrap();
        assert!(copied.header().redacted);
        assert_eq!(copied.count(), 2);
        let second = Reader::open(&path).unwrap();
        assert!(redact(second, &path).is_err());
    }
}
