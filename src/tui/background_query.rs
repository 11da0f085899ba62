//! Detects the terminal's background color (OSC 11).
//!
//! The query is sent before the first frame and the reply is filtered out of the input whenever it arrives; terminals
//! without OSC 11 never reply. crossterm reads a reply (`ESC ] 11 ; rgb:1e1e/1e1e/1e1e ESC \`) as Alt-] and the
//! characters that follow. Input that only starts like a reply is passed on, so no key is lost.

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use tokio::time::{Duration, Instant};

use crate::app::Background;

pub(super) const OSC11_QUERY: &str = "\u{1b}]11;?\u{1b}\\";
/// Time after which no reply is expected and Alt-] is an ordinary key.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum delay on exit for a late reply, which would otherwise be typed into the shell.
pub(super) const EXIT_DRAIN: Duration = Duration::from_millis(300);
const MAX_REPLY_CHARS: usize = 40;

/// Result of filtering one input event.
#[derive(Debug, PartialEq)]
pub(super) enum InterceptResult {
    /// May be part of a reply; kept until the next event decides.
    Buffered,
    /// A complete reply.
    Detected(Background),
    /// Ordinary input, in order.
    PassThrough(Vec<Input>),
}

/// Filters the reply to the background query out of the input.
#[derive(Debug)]
pub(super) struct BackgroundQuery {
    pub(super) sent_at: Instant,
    buffered: Vec<Input>,
    text: String,
}

impl BackgroundQuery {
    pub(super) fn new(sent_at: Instant) -> Self {
        Self {
            sent_at,
            buffered: Vec::new(),
            text: String::new(),
        }
    }

    /// True once a reply is no longer expected.
    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.buffered.is_empty() && now.duration_since(self.sent_at) > REPLY_TIMEOUT
    }

    /// Filters one input event.
    pub(super) fn intercept(&mut self, input: Input) -> InterceptResult {
        let key = match &input {
            Input::Key(key) => Some(*key),
            _ => None,
        };
        match key {
            Some(key) if self.buffered.is_empty() && is_start(key) => {
                self.buffered.push(input);
                InterceptResult::Buffered
            }
            Some(key) if !self.buffered.is_empty() && is_end(key) => {
                if let Some(background) = background(&self.text) {
                    self.buffered.clear();
                    return InterceptResult::Detected(background);
                }
                self.pass_through(input)
            }
            Some(key) if !self.buffered.is_empty() => match key.code {
                KeyCode::Char(character) if self.continues_reply(character, key.modifiers) => {
                    self.text.push(character);
                    self.buffered.push(input);
                    InterceptResult::Buffered
                }
                _ => self.pass_through(input),
            },
            _ => self.pass_through(input),
        }
    }

    fn continues_reply(&self, character: char, modifiers: KeyModifiers) -> bool {
        const REPLY_PREFIX: &str = "11;rgb";
        let plain = (modifiers - KeyModifiers::SHIFT).is_empty();
        plain
            && self.text.len() < MAX_REPLY_CHARS
            && match REPLY_PREFIX.chars().nth(self.text.len()) {
                Some(expected) => character == expected,
                None => character.is_ascii_hexdigit() || ":/".contains(character),
            }
    }

    fn pass_through(&mut self, input: Input) -> InterceptResult {
        self.text.clear();
        let mut all = std::mem::take(&mut self.buffered);
        all.push(input);
        InterceptResult::PassThrough(all)
    }
}

fn is_start(key: KeyEvent) -> bool {
    key.code == KeyCode::Char(']') && key.modifiers == KeyModifiers::ALT
}

/// crossterm reads `ESC \` as Alt-\ and BEL as Ctrl-g.
fn is_end(key: KeyEvent) -> bool {
    matches!(
        (key.code, key.modifiers),
        (KeyCode::Char('\\'), KeyModifiers::ALT) | (KeyCode::Char('g'), KeyModifiers::CONTROL)
    )
}

/// Parses `11;rgb:RRRR/GGGG/BBBB`, with one to four digits per channel; `rgba` has a fourth channel.
fn background(answer: &str) -> Option<Background> {
    let (kind, color) = answer.strip_prefix("11;")?.split_once(':')?;
    let channels: Option<Vec<f64>> = color.split('/').map(channel).collect();
    let channels = channels?;
    let ((3, "rgb") | (4, "rgba")) = (channels.len(), kind) else {
        return None;
    };
    let weighted = channels.iter().zip([0.2126, 0.7152, 0.0722]);
    let brightness: f64 = weighted.map(|(channel, weight)| channel * weight).sum();
    Some(if brightness > 0.5 {
        Background::Light
    } else {
        Background::Dark
    })
}

fn channel(digits: &str) -> Option<f64> {
    let maximum = match digits.len() {
        1 => 0xf_u16,
        2 => 0xff,
        3 => 0xfff,
        4 => 0xffff,
        _ => return None,
    };
    let value = u16::from_str_radix(digits, 16).ok()?;
    Some(f64::from(value) / f64::from(maximum))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: char, modifiers: KeyModifiers) -> Input {
        Input::Key(KeyEvent::new(KeyCode::Char(code), modifiers))
    }

    fn intercept_all(query: &mut BackgroundQuery, text: &str) -> Vec<InterceptResult> {
        let mut keys = vec![key(']', KeyModifiers::ALT)];
        keys.extend(text.chars().map(|character| match character {
            '\\' => key('\\', KeyModifiers::ALT),
            '\u{7}' => key('g', KeyModifiers::CONTROL),
            upper if upper.is_uppercase() => key(upper, KeyModifiers::SHIFT),
            other => key(other, KeyModifiers::NONE),
        }));
        keys.into_iter().map(|key| query.intercept(key)).collect()
    }

    #[tokio::test]
    async fn reply_is_detected_among_the_keys() {
        for (text, background) in [
            ("11;rgb:ffff/ffff/ffff\\", Background::Light),
            ("11;rgb:FDFD/F6F6/E3E3\u{7}", Background::Light),
            ("11;rgb:00/2b/36\\", Background::Dark),
            ("11;rgba:1e1e/1e1e/1e1e/ffff\\", Background::Dark),
        ] {
            let mut query = BackgroundQuery::new(Instant::now());
            let results = intercept_all(&mut query, text);
            let (last, before) = results.split_last().unwrap();
            assert!(
                before
                    .iter()
                    .all(|result| *result == InterceptResult::Buffered),
                "{text}"
            );
            assert_eq!(*last, InterceptResult::Detected(background), "{text}");
        }
    }

    #[tokio::test]
    async fn no_key_is_lost() {
        for text in [
            "q",
            "11;rgx",
            "11;rgb:zz",
            "11;rgb:ffff\\",
            "11;rgb:12345/1/1\\",
        ] {
            let mut query = BackgroundQuery::new(Instant::now());
            let results = intercept_all(&mut query, text);
            let passed: usize = results
                .iter()
                .map(|result| match result {
                    InterceptResult::PassThrough(all) => all.len(),
                    _ => 0,
                })
                .sum();
            assert_eq!(passed, text.chars().count() + 1, "{text}");
        }
        let mut query = BackgroundQuery::new(Instant::now());
        let quit = key('q', KeyModifiers::NONE);
        assert_eq!(
            query.intercept(quit.clone()),
            InterceptResult::PassThrough(vec![quit])
        );
    }
}
