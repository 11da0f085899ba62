//! Text files that users write, in the encodings of common editors.

use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use secrecy::zeroize::Zeroize;

/// Reads a text file: UTF-8 with or without a byte order mark, or UTF-16 with one, as Notepad ("Unicode") and the `>` of
/// Windows PowerShell write it.
///
/// # Errors
/// Returns an error if the file cannot be read or is in another encoding.
pub fn read(path: &Path) -> io::Result<String> {
    decode(fs::read(path)?)
}

/// Like [`read`], but returns an empty text if there is no such file.
///
/// # Errors
/// Same as [`read`].
pub fn read_or_empty(path: &Path) -> io::Result<String> {
    match read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        result => result,
    }
}

fn decode(mut bytes: Vec<u8>) -> io::Result<String> {
    let decoded = match bytes.as_slice() {
        [0xff, 0xfe, text @ ..] => from_utf16(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => from_utf16(text, u16::from_be_bytes),
        _ => {
            if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
                bytes.drain(..3);
            }
            return String::from_utf8(bytes).map_err(|_| wrong_encoding());
        }
    };
    // The file may hold a password.
    bytes.zeroize();
    decoded.ok_or_else(wrong_encoding)
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text = char::decode_utf16(units).collect::<Result<String, _>>();
    text.ok().filter(|_| rest.is_empty())
}

fn wrong_encoding() -> io::Error {
    let why = "it is neither UTF-8 nor UTF-16 text; save it as UTF-8";
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let marked = format!("\u{feff}{text}");
        marked.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn every_encoding_of_an_editor_gives_the_same_text() {
        let text = "größe = \"𝄞\"\r\n";
        for bytes in [
            text.as_bytes().to_vec(),
            format!("\u{feff}{text}").into_bytes(),
            utf16(text, u16::to_le_bytes),
            utf16(text, u16::to_be_bytes),
        ] {
            assert_eq!(decode(bytes).unwrap(), text);
        }
        assert_eq!(decode(Vec::new()).unwrap(), "");
    }

    #[test]
    fn other_encodings_are_refused_with_advice() {
        let odd = [&utf16("a", u16::to_le_bytes)[..], b"b"].concat();
        let half_a_pair = vec![0xff, 0xfe, 0x34, 0xd8];
        for bytes in [b"gr\xf6\xdfe".to_vec(), odd, half_a_pair] {
            let error = decode(bytes).unwrap_err();
            assert!(error.to_string().contains("save it as UTF-8"), "{error}");
        }
    }
}
