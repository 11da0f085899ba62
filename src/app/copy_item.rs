//! Task data that can be copied to the clipboard.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::server_state::ServerState;
use crate::{
    task::TaskRecord,
    text::{json_pretty, sanitize, sanitize_lines},
    vim::types::{Fault, TaskInfo},
};

/// Task data that can be copied to the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyItem {
    /// The moId.
    Id,
    /// The chain of faults, as text.
    Error,
    /// The result, as JSON.
    Result,
    /// The whole `TaskInfo`, as JSON.
    Json,
    /// A summary for a ticket, in Markdown.
    Markdown,
    /// A curl command that reads the task.
    Curl,
}

impl CopyItem {
    pub const ALL: [Self; 6] = [
        Self::Id,
        Self::Error,
        Self::Result,
        Self::Json,
        Self::Markdown,
        Self::Curl,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "task ID",
            Self::Error => "error",
            Self::Result => "result",
            Self::Json => "JSON",
            Self::Markdown => "Markdown",
            Self::Curl => "curl command",
        }
    }

    /// Returns the text to copy, if the task has it. `ticket` describes the task in Markdown.
    pub fn text(
        self,
        record: &TaskRecord,
        server: Option<&ServerState>,
        ticket: impl FnOnce() -> Option<String>,
    ) -> Option<String> {
        let info: Option<&TaskInfo> = record.info.as_deref();
        match self {
            Self::Id => Some(sanitize(&record.id.mo_id).into_owned()),
            Self::Error => Some(fault_text(info?.error.as_deref()?)),
            Self::Result => Some(json_pretty(info?.result.as_deref()?)),
            Self::Json => Some(json_pretty(&info?.to_json())),
            Self::Markdown => ticket(),
            Self::Curl => curl(&record.id.mo_id, server?),
        }
    }
}

/// Formats the chain of faults, each with its own fields.
fn fault_text(fault: &Fault) -> String {
    let mut lines = Vec::new();
    for (depth, fault) in fault.chain().enumerate() {
        let cause = if depth == 0 { "" } else { "caused by " };
        lines.push(format!("{cause}{}: {}", fault.type_name(), fault.text()));
        let fields = fault.fault_fields();
        lines.extend(fields.map(|(name, value)| format!("  {name}: {value}")));
        for message in fault.messages() {
            let text = message.message.as_deref().unwrap_or_default().trim();
            match (text.is_empty(), &*message.key) {
                (true, "") => {}
                (true, key) => lines.push(format!("  {key}")),
                (false, "") => lines.push(format!("  {text}")),
                (false, key) => lines.push(format!("  {text} ({key})")),
            }
        }
    }
    let safe: Vec<_> = lines.iter().flat_map(|line| sanitize_lines(line)).collect();
    safe.join("\n")
}

/// Characters that are not escaped in a path.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Returns a curl command that reads the task. It contains no session ID; the shell expands `VTASK_SESSION`.
fn curl(mo_id: &str, server: &ServerState) -> Option<String> {
    let facts = server.facts.as_ref()?;
    let base = server.base_url.trim_end_matches('/');
    let [release, mo_id] = [&*facts.release, mo_id].map(|part| utf8_percent_encode(part, PLAIN));
    let url = format!("{base}/sdk/vim25/{release}/Task/{mo_id}/info");
    let insecure = if facts.insecure { " --insecure" } else { "" };
    Some(format!(
        "curl --silent --show-error{insecure} --header \"vmware-api-session-id: $VTASK_SESSION\" {}",
        quoted(&url)
    ))
}

/// Quotes text as one POSIX shell word.
fn quoted(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("'{}'", visible.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        app::test_support::{busy, choose},
        watch::Update,
    };

    #[test]
    fn curl_command_reads_the_task_and_contains_no_secret() {
        let mut state = busy(80, 24);
        choose(&mut state, "task-4711");
        state.servers[0].base_url = "https://vc01.lab:8443/".into();
        let mut facts = state.servers[0].facts.clone().unwrap();
        facts.release = "8.0.3.0".into();
        facts.insecure = true;
        state.servers[0].apply(
            Update::Server(Box::new(facts)),
            crate::app::test_support::now(),
        );
        let record = state.selected_record().unwrap();
        assert_eq!(
            CopyItem::Curl
                .text(record, state.servers.first(), || None)
                .unwrap(),
            "curl --silent --show-error --insecure --header \"vmware-api-session-id: $VTASK_SESSION\" \
             'https://vc01.lab:8443/sdk/vim25/8.0.3.0/Task/task-4711/info'"
        );
        assert_eq!(CopyItem::Curl.text(record, None, || None), None);
    }

    #[test]
    fn copied_error_contains_every_message() {
        let fault = Fault::new(json!({
            "_typeName": "A", "faultstring": "outer", "faultMessage": [{"key": "a.b", "message": "The disk is full."}],
            "faultCause": {"_typeName": "B", "faultstring": "inner", "faultMessage": [
                {"key": "c.d", "message": "inner"}, {"key": "", "message": "Quota exceeded."}]}
        }));
        assert_eq!(
            fault_text(&fault),
            "A: outer\n  The disk is full. (a.b)\ncaused by B: inner\n  inner (c.d)\n  Quota exceeded."
        );
    }

    #[test]
    fn curl_command_quotes_server_text() {
        let mut state = busy(80, 24);
        state.servers[0].base_url = "https://x';reboot;'".into();
        let evil = "task-1';$(reboot)`id`\u{1b}/../..";
        let text = curl(evil, &state.servers[0]).unwrap();
        let (_, url) = text.split_once("$VTASK_SESSION\" ").unwrap();
        assert!(url.contains(r"https://x'\'';reboot;'\''/sdk"), "{url}");
        assert!(
            url.ends_with("task-1%27%3B%24%28reboot%29%60id%60%1B%2F..%2F../info'"),
            "{url}"
        );
        assert_eq!(text.matches('$').count(), 1);
    }
}
