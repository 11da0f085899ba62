//! Notifications: the current one, shown for a while, and a log of recent ones.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

const MAX_NOTIFICATIONS: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Info,
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

/// A message to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Time of the last occurrence, by the local clock.
    pub at: Timestamp,
    pub severity: Severity,
    pub text: String,
    /// Number of consecutive occurrences.
    pub count: u32,
}

/// Recent notifications, newest last.
#[derive(Debug, Default)]
pub struct Notifications {
    log: VecDeque<Notification>,
    /// True if the last one is no longer shown, whatever the time.
    hidden: bool,
    /// Speed of the clock while a record is played; notifications are shown as long as otherwise.
    clock_speed: Option<f64>,
}

impl Notifications {
    /// Adds a notification. Consecutive duplicates are counted instead of repeated.
    pub fn push(&mut self, severity: Severity, text: impl Into<String>, now: Timestamp) {
        let text = text.into();
        self.hidden = false;
        if let Some(last) = self.log.back_mut()
            && last.text == text
        {
            last.at = now;
            last.count += 1;
            return;
        }
        if self.log.len() == MAX_NOTIFICATIONS {
            self.log.pop_front();
        }
        self.log.push_back(Notification {
            at: now,
            severity,
            text,
            count: 1,
        });
    }

    /// Returns the notification to show now.
    pub fn shown(&self, now: Timestamp) -> Option<&Notification> {
        let last = self.log.back()?;
        (now < self.until(last) && !self.hidden).then_some(last)
    }

    /// Sets the speed of the clock.
    pub fn set_clock_speed(&mut self, speed: f64) {
        self.clock_speed = Some(speed);
    }

    fn until(&self, notification: &Notification) -> Timestamp {
        let time = notification.severity.display_time();
        let time = self.clock_speed.map_or(time, |speed| {
            SignedDuration::try_from_secs_f64(time.as_secs_f64() * speed).unwrap_or(time)
        });
        notification.at.checked_add(time).unwrap_or(Timestamp::MAX)
    }

    /// Hides the current notification; it stays in the log.
    pub fn hide(&mut self) {
        self.hidden = true;
    }

    /// Returns when the shown notification disappears.
    pub fn expires_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.shown(now).map(|shown| self.until(shown))
    }

    /// Iterates over all notifications, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Notification> {
        self.log.iter().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::fixture::at;

    #[test]
    fn notifications_disappear_and_stay_in_the_log() {
        let mut notifications = Notifications::default();
        notifications.push(Severity::Info, "copied", at(0));
        assert!(notifications.shown(at(3)).is_some());
        assert_eq!(notifications.expires_at(at(3)), Some(at(4)));
        assert!(notifications.shown(at(4)).is_none());
        assert_eq!(notifications.iter().count(), 1);
    }

    #[test]
    fn log_is_bounded_and_counts_repetitions() {
        let mut notifications = Notifications::default();
        for second in 0..1000 {
            notifications.push(Severity::Warning, format!("{second}"), at(second));
        }
        assert_eq!(notifications.iter().count(), MAX_NOTIFICATIONS);
        notifications.push(Severity::Warning, "999", at(1000));
        let last = notifications.iter().next().unwrap();
        assert_eq!((last.count, last.at), (2, at(1000)));
    }
}
