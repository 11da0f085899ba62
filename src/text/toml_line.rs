//! Line numbers for TOML error messages.

use toml::de::{DeTable, DeValue};

/// Returns the line, counted from one, of the key at the end of a path.
pub fn toml_line(text: &str, path: &[&str]) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let (last, above) = path.split_last()?;
    for name in above {
        let (_, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
        let DeValue::Table(inner) = value.get_ref() else {
            return None;
        };
        table = inner;
    }
    let (key, _) = table.iter().find(|(key, _)| key.get_ref() == last)?;
    Some(line_at(text, key.span().start))
}

/// Formats a parser error with its line number.
pub fn toml_problem(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().trim().replace('\n', " ");
    match error.span() {
        Some(span) => format!("line {}: {message}", line_at(text, span.start)),
        None => message,
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or_default();
    before.matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_with_their_lines() {
        let text = "a = 1\n\n[keys.list]\n# up\nup = [\"k\"]\n\"down\" = [\"j\"]\n";
        assert_eq!(toml_line(text, &["a"]), Some(1));
        assert_eq!(toml_line(text, &["keys", "list", "up"]), Some(5));
        assert_eq!(toml_line(text, &["keys", "list", "down"]), Some(6));
        assert_eq!(toml_line(text, &["keys", "list"]), Some(3));
        assert_eq!(toml_line(text, &["keys", "sky"]), None);
        assert_eq!(toml_line(text, &["a", "b"]), None);
    }
}
