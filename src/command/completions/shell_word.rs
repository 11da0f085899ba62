//! Checks which candidates a shell takes literally.

use std::{ffi::OsStr, sync::OnceLock};

use super::script;

/// Name of the shell that requests candidates.
static SHELL: OnceLock<String> = OnceLock::new();

/// Remembers the shell that requests candidates; only the first call counts.
pub(super) fn set_shell(name: &str) {
    let _ = SHELL.set(name.to_owned());
}

/// True if the shell takes the candidate literally. A name sent by the server must never be interpreted by the shell.
pub(super) fn is_safe(text: &str) -> bool {
    let quotes_by_itself = matches!(SHELL.get().map(String::as_str), Some("fish" | "zsh"));
    // PowerShell expands words that start with @.
    if text.is_empty() || text.starts_with(['-', '@']) || text.chars().any(char::is_control) {
        return false;
    }
    let in_quotes =
        std::env::var_os(script::QUOTED).is_some_and(|quoted| quoted == OsStr::new("1"));
    if quotes_by_itself {
        true
    } else if in_quotes {
        !text.contains(['\'', '"', '\\', '$', '`', '!'])
    } else {
        text.chars().all(|letter| {
            letter.is_alphanumeric()
                || matches!(
                    letter,
                    '-' | '_' | '.' | ',' | ':' | '/' | '@' | '+' | '=' | '%'
                )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_names_are_not_offered() {
        for text in [
            "task-1",
            "lab/task-1",
            "web-01.lab",
            "state:running",
            "データ",
        ] {
            assert!(is_safe(text), "{text}");
        }
        for text in [
            "",
            "-rf",
            "@profile",
            "a b",
            "$(reboot)",
            "`reboot`",
            "a;b",
            "a|b",
            "a>b",
            "a'b",
            "a\\b",
            "a\nb",
            "a*",
            "~",
            "a&b",
            "\u{1b}[2J",
        ] {
            assert!(!is_safe(text), "{text:?}");
        }
    }
}
