//! What the program had to say: one line for a while, and a log of the last ones.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// How many are kept.
const MAX_NOTIFICATIONS: usize = 200;

/// How grave a notification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something was done.
    Info,
    /// Something went wrong.
    Warning,
}

impl Severity {
    fn display_time(self) -> SignedDuration {
        SignedDuration::from_secs(match self {
            Self::Info => 4,
            Self::Warning => 10,
        })
    }
}

/// One thing said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// When it was said last, by this machine's clock.
    pub at: Timestamp,
    /// How grave it is.
    pub severity: Severity,
    /// What was said.
    pub text: String,
    /// How often it was said in a row.
    pub times: u32,
}

/// The last things said, the newest last.
#[derive(Debug, Default)]
pub struct Notifications {
    log: VecDeque<Notification>,
}

impl Notifications {
    /// Says something. The same thing said again in a row is counted, not repeated.
    pub fn push(&mut self, severity: Severity, text: impl Into<String>, now: Timestamp) {
        let text = text.into();
        if let Some(last) = self.log.back_mut()
            && last.text == text
        {
            last.at = now;
            last.times += 1;
            return;
        }
        if self.log.len() == MAX_NOTIFICATIONS {
            self.log.pop_front();
        }
        self.log.push_back(Notification {
            at: now,
            severity,
            text,
            times: 1,
        });
    }

    /// The notification that is to be seen now.
    pub fn shown(&self, now: Timestamp) -> Option<&Notification> {
        let last = self.log.back()?;
        (now < until(last)).then_some(last)
    }

    /// When the notification that is seen now vanishes.
    pub fn expires_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.shown(now).map(until)
    }

    /// All that are kept, the newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Notification> {
        self.log.iter().rev()
    }
}

fn until(notification: &Notification) -> Timestamp {
    notification.at + notification.severity.display_time()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::fixture::at;

    #[test]
    fn a_notice_is_seen_for_a_while_and_kept() {
        let mut notifications = Notifications::default();
        notifications.push(Severity::Info, "copied", at(0));
        assert!(notifications.shown(at(3)).is_some());
        assert_eq!(notifications.expires_at(at(3)), Some(at(4)));
        assert!(notifications.shown(at(4)).is_none());
        assert_eq!(notifications.iter().count(), 1);
    }

    #[test]
    fn the_log_is_bounded_and_counts_repetitions() {
        let mut notifications = Notifications::default();
        for second in 0..1000 {
            notifications.push(Severity::Warning, format!("{second}"), at(second));
        }
        assert_eq!(notifications.iter().count(), MAX_NOTIFICATIONS);
        notifications.push(Severity::Warning, "999", at(1000));
        let last = notifications.iter().next().unwrap();
        assert_eq!((last.times, last.at), (2, at(1000)));
    }
}
