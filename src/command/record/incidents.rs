//! Connection outages and cancel requests in a record.

use std::collections::HashMap;

use jiff::SignedDuration;

use crate::{
    recording::{ConnectionState, Entry, Line},
    report::{CancelRequest, Outage},
};

/// Maximum number of outages and of cancel requests.
const MAX_INCIDENTS: usize = 10_000;

/// Outages and cancel requests of a vCenter in a record, in the order in which they happened.
#[derive(Debug, Default)]
pub(in crate::command) struct Incidents {
    /// Name of the vCenter in the record.
    pub(in crate::command) server: String,
    pub(in crate::command) outages: Vec<Outage>,
    /// Cancel requests with the moIds of their tasks.
    pub(in crate::command) cancel_requests: Vec<(String, CancelRequest)>,
    /// Account that is signed in.
    user: String,
    /// Time of the vCenter minus time of the record.
    offset: SignedDuration,
    /// Index of the last request for each task.
    last_requests: HashMap<String, usize>,
}

impl Incidents {
    pub(super) fn new(server: String) -> Self {
        Self {
            server,
            ..Self::default()
        }
    }

    /// Applies a line about the vCenter.
    pub(super) fn observe(&mut self, line: &Line) {
        match &line.entry {
            Entry::Server(server) => self.user.clone_from(&server.user),
            Entry::ClockOffset(millis) => self.offset = SignedDuration::from_millis(*millis),
            Entry::Link(
                ConnectionState::Retrying { reason, .. } | ConnectionState::SignedOut { reason },
            ) => {
                let is_over = self.outages.last().is_none_or(|last| last.ended.is_some());
                if is_over && self.outages.len() < MAX_INCIDENTS {
                    self.outages.push(Outage {
                        server: self.server.clone(),
                        began: line.t,
                        ended: None,
                        reason: reason.to_string(),
                    });
                }
            }
            Entry::Link(ConnectionState::Live | ConnectionState::Polling { .. }) => {
                if let Some(last) = self.outages.last_mut() {
                    last.ended.get_or_insert(line.t);
                }
            }
            Entry::CancelRequest { task } if self.cancel_requests.len() < MAX_INCIDENTS => {
                self.last_requests
                    .insert(task.clone(), self.cancel_requests.len());
                let request = CancelRequest {
                    at: line.t.checked_add(self.offset).unwrap_or(line.t),
                    user: self.user.clone(),
                    answer: "no response".to_owned(),
                };
                self.cancel_requests.push((task.clone(), request));
            }
            Entry::CancelAnswer {
                task,
                answer,
                reason,
            } => {
                let request = self.last_requests.get(task);
                let request = request.and_then(|index| self.cancel_requests.get_mut(*index));
                if let Some((_, request)) = request {
                    request.answer = match reason {
                        Some(reason) => format!("{answer}: {reason}"),
                        None => answer.clone(),
                    };
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn outages_and_cancel_requests_are_found() {
        let at = |second: i64| format!("2026-11-29T10:00:{second:02}Z");
        let line = |second, entry: &str| -> Line {
            let line = format!("{{\"t\":\"{}\",\"vc\":0,{entry}}}", at(second));
            serde_json::from_str(&line).unwrap()
        };
        let lines = [
            line(
                1,
                r#""server":{"host":"vc01.lab","product":"x","release":"8.0.3.0","user":"ops"}"#,
            ),
            line(1, r#""clock_offset":2000"#),
            line(2, r#""link":{"state":"live"}"#),
            line(
                3,
                r#""link":{"state":"retrying","attempt":1,"reason":"connection refused"}"#,
            ),
            line(
                5,
                r#""link":{"state":"retrying","attempt":2,"reason":"timed out"}"#,
            ),
            line(9, r#""link":{"state":"live"}"#),
            line(10, r#""cancel_request":{"task":"task-7"}"#),
            line(
                11,
                r#""cancel_answer":{"task":"task-7","answer":"NoPermission","reason":"Global.CancelTask"}"#,
            ),
            line(12, r#""cancel_request":{"task":"task-8"}"#),
            line(20, r#""link":{"state":"signed_out","reason":"refused"}"#),
        ];
        let mut found = Incidents::new("vc01.lab".to_owned());
        for line in &lines {
            found.observe(line);
        }
        let time = |second| at(second).parse::<Timestamp>().unwrap();
        let outages: Vec<_> = found
            .outages
            .iter()
            .map(|o| (o.began, o.ended, &*o.reason))
            .collect();
        assert_eq!(
            outages,
            [
                (time(3), Some(time(9)), "connection refused"),
                (time(20), None, "refused"),
            ]
        );
        assert_eq!(found.outages[0].server, "vc01.lab");
        let [(task, request), (other, open)] = &found.cancel_requests[..] else {
            panic!("{found:?}")
        };
        assert_eq!(
            (&**task, &*request.user, request.at),
            ("task-7", "ops", time(12))
        );
        assert_eq!(request.answer, "NoPermission: Global.CancelTask");
        assert_eq!((&**other, &*open.answer), ("task-8", "no response"));
    }
}
