//! Escape sequences for notifications, titles and tab progress. Pure.

use crate::text::sanitize;

const BELL: char = '\u{7}';
const STRING_TERMINATOR: &str = "\u{1b}\\";

/// The escape sequence for a desktop notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotificationSequence {
    /// `OSC 9`: iTerm2, `WezTerm`, Ghostty, Windows Terminal and others; ignored elsewhere.
    Osc9,
    /// `OSC 99`: kitty.
    Osc99,
    /// `OSC 777`: urxvt, foot, VTE.
    Osc777,
}

/// The features of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    notification: NotificationSequence,
    /// `OSC 9;4` is supported. Other terminals would show it as a notification.
    progress: bool,
    /// True inside tmux, where sequences must be wrapped to pass through.
    tmux: bool,
}

/// The progress shown on the terminal's tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TabProgress {
    /// Percent done.
    At(u8),
    /// Running, without a percentage.
    Busy,
    /// Percent done when something failed.
    Failed(u8),
}

impl Terminal {
    /// Detects the terminal from environment variables.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| variable(name).unwrap_or_default();
        let (term, program) = (value("TERM"), value("TERM_PROGRAM"));
        let tmux =
            !value("TMUX").is_empty() || term.starts_with("tmux") || term.starts_with("screen");
        let is_iterm_with_progress =
            program == "iTerm.app" && version(&value("TERM_PROGRAM_VERSION")) >= (3, 6);
        let progress = !value("WT_SESSION").is_empty()
            || value("ConEmuANSI") == "ON"
            || matches!(program.as_str(), "ghostty" | "WezTerm")
            || is_iterm_with_progress;
        let notification = if term.contains("kitty") || !value("KITTY_WINDOW_ID").is_empty() {
            NotificationSequence::Osc99
        } else if term.starts_with("rxvt")
            || term.starts_with("foot")
            || !value("VTE_VERSION").is_empty()
        {
            NotificationSequence::Osc777
        } else {
            NotificationSequence::Osc9
        };
        Self {
            notification,
            // Support in tmux depends on its version.
            progress: progress && !tmux,
            tmux,
        }
    }

    /// Returns the sequence of a notification.
    pub fn notify(&self, title: &str, text: &str) -> String {
        let (title, text) = (clean(title), clean(text));
        let sequence = match self.notification {
            NotificationSequence::Osc9 => format!("\u{1b}]9;{title}: {text}{BELL}"),
            NotificationSequence::Osc99 => {
                format!(
                    "\u{1b}]99;i=vtask:d=0:p=title;{title}{STRING_TERMINATOR}\u{1b}]99;i=vtask:p=body;{text}{STRING_TERMINATOR}"
                )
            }
            NotificationSequence::Osc777 => {
                format!(
                    "\u{1b}]777;notify;{};{text}{STRING_TERMINATOR}",
                    title.replace(';', ",")
                )
            }
        };
        if self.tmux {
            format!(
                "\u{1b}Ptmux;{}{STRING_TERMINATOR}",
                sequence.replace('\u{1b}', "\u{1b}\u{1b}")
            )
        } else {
            sequence
        }
    }

    /// Returns the sequence that saves the title.
    pub fn begin(&self) -> String {
        "\u{1b}[22;2t".to_owned()
    }

    /// Returns the sequence that sets the title and the tab progress.
    pub fn show(&self, title: &str, mark: TabProgress) -> String {
        let title = format!("\u{1b}]2;{}{BELL}", clean(title));
        if !self.progress {
            return title;
        }
        let mark = match mark {
            TabProgress::At(percent) => format!("1;{}", percent.min(100)),
            TabProgress::Failed(percent) => format!("2;{}", percent.min(100)),
            TabProgress::Busy => "3;0".to_owned(),
        };
        format!("{title}\u{1b}]9;4;{mark}{BELL}")
    }

    /// Returns the sequence that clears the progress and restores the title.
    pub fn end(&self) -> String {
        let progress = if self.progress {
            format!("\u{1b}]9;4;0;0{BELL}")
        } else {
            String::new()
        };
        format!("{progress}\u{1b}]2;{BELL}\u{1b}[23;2t")
    }
}

pub fn bell() -> String {
    BELL.to_string()
}

/// Replaces control characters, so that a text cannot end the sequence or start another.
fn clean(text: &str) -> String {
    sanitize(text).into_owned()
}

fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(variables: &'static [(&str, &str)]) -> Terminal {
        Terminal::from_environment(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn tab_progress_needs_supported_terminal() {
        for (variables, progress) in [
            (&[("TERM", "xterm-256color")][..], false),
            (&[("WT_SESSION", "x")], true),
            (&[("TERM_PROGRAM", "ghostty")], true),
            (&[("TERM_PROGRAM", "ghostty"), ("TMUX", "/tmp/x")], false),
            (
                &[
                    ("TERM_PROGRAM", "iTerm.app"),
                    ("TERM_PROGRAM_VERSION", "3.6.6"),
                ],
                true,
            ),
            (
                &[
                    ("TERM_PROGRAM", "iTerm.app"),
                    ("TERM_PROGRAM_VERSION", "3.4.1"),
                ],
                false,
            ),
        ] {
            let shown = terminal(variables).show("t", TabProgress::At(42));
            assert_eq!(shown.contains("]9;4;1;42"), progress, "{variables:?}");
            assert_eq!(terminal(variables).end().contains("]9;4;0"), progress);
        }
    }

    #[test]
    fn each_terminal_is_notified_in_its_own_way() {
        assert_eq!(terminal(&[]).notify("a", "b"), "\u{1b}]9;a: b\u{7}");
        assert!(
            terminal(&[("TERM", "xterm-kitty")])
                .notify("a", "b")
                .contains("]99;")
        );
        assert!(
            terminal(&[("VTE_VERSION", "7600")])
                .notify("a", "b")
                .starts_with("\u{1b}]777;notify;a;b")
        );
        let wrapped = terminal(&[("TERM", "tmux-256color")]).notify("a", "b");
        assert!(
            wrapped.starts_with("\u{1b}Ptmux;\u{1b}\u{1b}]9;"),
            "{wrapped:?}"
        );
    }

    #[test]
    fn a_hostile_name_cannot_end_the_sequence() {
        let shown = terminal(&[]).notify("a", "b\u{7}\u{1b}]0;owned\u{1b}\\");
        assert_eq!(shown.matches('\u{7}').count(), 1);
        assert_eq!(shown.matches('\u{1b}').count(), 1);
        let title = terminal(&[]).show("x\u{9c}\u{7}y", TabProgress::Busy);
        assert_eq!(title.matches('\u{7}').count(), 1);
        assert!(!title.contains('\u{9c}'));
    }
}
