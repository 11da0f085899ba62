//! Messages about the connections of a command that follows servers.

use jiff::{SignedDuration, Timestamp};

use super::Outcome;
use crate::{
    text::duration,
    watch::{ConnectionState, Update},
};

/// State of the connection to a server, and the messages about it.
pub(super) struct ConnectionReport {
    /// Name before messages, such as `lab: `; empty if there is only one server.
    prefix: String,
    /// Name of the server.
    label: String,
    connection: ConnectionState,
    /// True after an outage was reported.
    is_outage_reported: bool,
    /// True if it will not be tried again.
    is_given_up: bool,
}

impl ConnectionReport {
    /// Starts with a server that is not connected; `name` is its profile, if there are several servers.
    pub(super) fn new(name: Option<&str>, label: String) -> Self {
        Self {
            prefix: name.map(|name| format!("{name}: ")).unwrap_or_default(),
            label,
            connection: ConnectionState::Connecting,
            is_outage_reported: false,
            is_given_up: false,
        }
    }

    pub(super) fn connection(&self) -> &ConnectionState {
        &self.connection
    }

    /// True if the connection will not be tried again.
    pub(super) fn is_given_up(&self) -> bool {
        self.is_given_up
    }

    /// True after an attempt failed, until the server answers.
    pub(super) fn is_away(&self) -> bool {
        self.is_given_up || self.is_outage_reported
    }

    /// Returns a message with the name of the server before it.
    pub(super) fn message(&self, text: &str) -> String {
        format!("{}{text}", self.prefix)
    }

    /// Gives the server up if its fetch loop has ended. Returns a message the first time.
    pub(super) fn loop_ended(&mut self) -> Option<String> {
        let was_given_up = std::mem::replace(&mut self.is_given_up, true);
        (!was_given_up).then(|| "internal error: a fetch loop ended unexpectedly.".to_owned())
    }

    /// Applies an update about the connection and sets the message about it. Returns false for other updates.
    ///
    /// An outage is reported once, unless the output is redrawn and has a status line.
    pub(super) fn apply(
        &mut self,
        update: &Update,
        is_redrawn: bool,
        message: &mut Option<String>,
    ) -> bool {
        *message = match update {
            Update::Connection(connection) => self.apply_connection(connection.clone(), is_redrawn),
            Update::Notice(text) | Update::RecordingStopped(text) => Some(self.message(text)),
            Update::RecentRefused(reason) => {
                Some(self.message(&format!("new tasks cannot be found: {reason}")))
            }
            _ => return false,
        };
        true
    }

    fn apply_connection(
        &mut self,
        connection: ConnectionState,
        is_redrawn: bool,
    ) -> Option<String> {
        self.connection = connection;
        match &self.connection {
            ConnectionState::SignedOut { reason } => {
                self.is_given_up = true;
                Some(self.message(reason))
            }
            ConnectionState::Retrying { .. } if !self.is_outage_reported => {
                self.is_outage_reported = true;
                (!is_redrawn)
                    .then(|| self.status(Timestamp::now()))
                    .flatten()
            }
            connection if connection.is_current() && self.is_outage_reported => {
                self.is_outage_reported = false;
                (!is_redrawn).then(|| format!("{} answers again.", self.label))
            }
            _ => None,
        }
    }

    /// Describes an outage.
    pub(super) fn status(&self, now: Timestamp) -> Option<String> {
        let is_out = matches!(self.connection, ConnectionState::Retrying { .. })
            || self.connection == ConnectionState::Connecting && self.is_outage_reported;
        is_out.then(|| self.message(&connection(&self.connection, now)))
    }

    /// Returns the outcome of a command whose servers are all given up; `None` if one is not.
    pub(super) fn outcome_if_given_up<'a>(
        reports: impl IntoIterator<Item = &'a Self>,
    ) -> Option<Outcome> {
        let mut outcomes = reports.into_iter().map(|report| match report.connection {
            _ if !report.is_given_up => None,
            ConnectionState::SignedOut { .. } => Some(Outcome::Refused),
            _ => Some(Outcome::Unknown),
        });
        outcomes.try_fold(Outcome::Success, |all, outcome| Some(all.and(outcome?)))
    }
}

/// Describes a connection.
pub(super) fn connection(connection: &ConnectionState, now: Timestamp) -> String {
    match connection {
        ConnectionState::Connecting => "connecting".to_owned(),
        ConnectionState::Live => "live".to_owned(),
        ConnectionState::Polling { .. } => "polling".to_owned(),
        ConnectionState::Paused => "paused".to_owned(),
        ConnectionState::Retrying { next, reason, .. } => {
            let left = next.duration_since(now).max(SignedDuration::ZERO);
            if left < SignedDuration::from_secs(1) {
                format!("trying again: {reason}")
            } else {
                format!("next try in {}: {reason}", duration(left))
            }
        }
        ConnectionState::SignedOut { .. } => "signed out".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::fixture::at;

    #[test]
    fn due_retry_shows_no_zero_seconds() {
        let retrying = ConnectionState::Retrying {
            attempt: 1,
            next: at(60),
            reason: "refused".into(),
        };
        assert_eq!(connection(&retrying, at(55)), "next try in 5s: refused");
        assert_eq!(connection(&retrying, at(60)), "trying again: refused");
        assert_eq!(connection(&retrying, at(90)), "trying again: refused");
    }
}
