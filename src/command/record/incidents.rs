//! Connection outages and cancel requests in a record.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    record::{Entry, LinkState, ReadError, Source},
    report::{CancelRequest, Outage},
};

/// Maximum number of outages and of cancel requests.
const MAX_INCIDENTS: usize = 10_000;

/// Outages and cancel requests of a vCenter in a record, in the order in which they happened.
#[derive(Debug, Default)]
pub(in crate::command) struct Incidents {
    pub(in crate::command) outages: Vec<Outage>,
    /// Cancel requests with the moIds of their tasks.
    pub(in crate::command) cancel_requests: Vec<(String, CancelRequest)>,
}

/// Reads the incidents of a vCenter until a time.
///
/// # Errors
/// Fails if the record cannot be read.
pub(in crate::command) fn incidents(
    source: &Source,
    vc: u16,
    until: Timestamp,
) -> Result<Incidents, ReadError> {
    let reader = source.open()?;
    let names = &reader.header().vcenters;
    let server = names.get(usize::from(vc)).cloned().unwrap_or_default();
    let mut found = Incidents::default();
    let (mut user, mut offset) = (String::new(), SignedDuration::ZERO);
    // Index of the last request for each task.
    let mut requests: HashMap<String, usize> = HashMap::new();
    let lines = reader.filter(|line| line.vc == vc && line.t <= until);
    for line in lines {
        match line.entry {
            Entry::Server(server) => user = server.user,
            Entry::ClockOffset(millis) => offset = SignedDuration::from_millis(millis),
            Entry::Link(LinkState::Retrying { reason, .. } | LinkState::SignedOut { reason }) => {
                let is_over = found.outages.last().is_none_or(|last| last.ended.is_some());
                if is_over && found.outages.len() < MAX_INCIDENTS {
                    found.outages.push(Outage {
                        server: server.clone(),
                        began: line.t,
                        ended: None,
                        reason,
                    });
                }
            }
            Entry::Link(LinkState::Live | LinkState::Polling { .. }) => {
                if let Some(last) = found.outages.last_mut() {
                    last.ended.get_or_insert(line.t);
                }
            }
            Entry::CancelRequest { task } if found.cancel_requests.len() < MAX_INCIDENTS => {
                requests.insert(task.clone(), found.cancel_requests.len());
                let request = CancelRequest {
                    at: line.t.checked_add(offset).unwrap_or(line.t),
                    user: user.clone(),
                    answer: "no response".to_owned(),
                };
                found.cancel_requests.push((task, request));
            }
            Entry::CancelAnswer {
                task,
                answer,
                reason,
            } => {
                let request = requests.get(&task);
                let request = request.and_then(|index| found.cancel_requests.get_mut(*index));
                if let Some((_, request)) = request {
                    request.answer = match reason {
                        Some(reason) => format!("{answer}: {reason}"),
                        None => answer,
                    };
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn outages_and_cancel_requests_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.ndjson");
        let at = |second: i64| format!("2026-11-29T10:00:{second:02}Z");
        let line = |second, entry: &str| format!("{{\"t\":\"{}\",\"vc\":0,{entry}}}\n", at(second));
        let text = [
            r#"{"vtask_record":1,"vtask":"0.1.0","started":"2026-11-29T10:00:00Z","vcenters":["vc01.lab"]}"#.to_owned() + "\n",
            line(1, r#""server":{"host":"vc01.lab","product":"x","release":"8.0.3.0","user":"ops"}"#),
            line(1, r#""clock_offset":2000"#),
            line(2, r#""link":{"state":"live"}"#),
            line(3, r#""link":{"state":"retrying","attempt":1,"reason":"connection refused"}"#),
            line(5, r#""link":{"state":"retrying","attempt":2,"reason":"timed out"}"#),
            line(9, r#""link":{"state":"live"}"#),
            line(10, r#""cancel_request":{"task":"task-7"}"#),
            line(11, r#""cancel_answer":{"task":"task-7","answer":"NoPermission","reason":"Global.CancelTask"}"#),
            line(12, r#""cancel_request":{"task":"task-8"}"#),
            line(20, r#""link":{"state":"signed_out","reason":"refused"}"#),
        ];
        fs::write(&file, text.concat()).unwrap();
        let source = Source::File(file);
        let found = incidents(&source, 0, Timestamp::MAX).unwrap();
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
        assert_eq!(incidents(&source, 0, time(4)).unwrap().outages.len(), 1);
        assert!(
            incidents(&source, 1, Timestamp::MAX)
                .unwrap()
                .outages
                .is_empty()
        );
    }
}
