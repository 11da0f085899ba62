//! Patterns with `*` and `?`.

/// Returns true if a pattern matches a whole text, case-insensitively: `*` matches any characters, `?` exactly one.
pub fn matches_pattern(text: &str, pattern: &str) -> bool {
    let fold = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    let (text, pattern) = (fold(text), fold(pattern));
    let (mut at, mut in_pattern) = (0, 0);
    // The position to resume from when the last `*` must match more characters.
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(in_pattern) {
            Some('*') => {
                retry = Some((in_pattern + 1, at));
                in_pattern += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[at] => {
                at += 1;
                in_pattern += 1;
            }
            _ => {
                let Some((after, from)) = retry else {
                    return false;
                };
                retry = Some((after, from + 1));
                (in_pattern, at) = (after, from + 1);
            }
        }
    }
    pattern[in_pattern..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_text_in_either_case() {
        for (text, pattern) in [
            ("Relocate virtual machine", "relocate*"),
            ("web-11", "web-1?"),
            ("web-11", "*"),
            ("abcabd", "*abd"),
            ("", "*"),
            ("VSPHERE\\ops", "*\\OPS"),
            ("データ-1", "データ*"),
        ] {
            assert!(matches_pattern(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [
            ("web-11", "web"),
            ("web-11", "web-1"),
            ("a", ""),
            ("ab", "?"),
        ] {
            assert!(!matches_pattern(text, pattern), "{text} {pattern}");
        }
    }
}
