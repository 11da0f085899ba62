//! The report as Markdown, for a ticket or a chat.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::{
    Report,
    times::Moment,
    view::{TaskRow, View},
};
use crate::task::{
    Status,
    export::{escaped, markdown_table},
    markdown,
};

/// Writes the report as Markdown. All times are in UTC, as in other Markdown of vtask.
pub fn markdown(report: &Report) -> String {
    let zone = TimeZone::UTC;
    let view = View::new(report, &zone);
    let mut text = format!(
        "# {}\n\n{}\n",
        escaped(&report.title),
        escaped(&view.headline)
    );
    let mut items = vec![("Created", view.created.iso.clone())];
    if let Some((first, last, length)) = &view.period {
        items.push((
            "Period",
            format!("{} to {} ({length})", first.iso, last.iso),
        ));
    }
    items.push(("vCenter", report.servers.join(", ")));
    items.extend(report.selection.clone().map(|flags| ("Selection", flags)));
    items.extend(view.facts.iter().cloned());
    text.push('\n');
    for (name, value) in items {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- **{name}:** {}", escaped(&value));
    }
    for note in &report.notes {
        let _ = writeln!(text, "\n> {}", escaped(note));
    }
    let failed = report.tasks.iter();
    let failed = failed.filter(|task| task.entry.status == Status::Failed);
    let failed: Vec<_> = failed.collect();
    if !failed.is_empty() {
        text.push_str("\n## Failures\n\n");
        let causes = view.causes.iter().map(|cause| {
            let others = match cause.other_messages {
                0 => String::new(),
                others => format!(" (and {others} other messages)"),
            };
            let message = format!("{}{others}", cause.text);
            vec![
                cause.tasks.len().to_string(),
                cause.type_name.to_owned(),
                message,
            ]
        });
        text += &markdown_table(&["Tasks", "Root cause", "Message"], causes);
        for task in failed {
            text.push('\n');
            text += &markdown::entry_markdown(&task.entry);
        }
    }
    if !view.cancellations.is_empty() {
        let titles = [
            "Task",
            "Operation",
            "Target",
            "Started by",
            "Status",
            "Ended",
            "Requested by",
            "Requested",
            "Answer",
        ];
        let rows = view.cancellations.iter().map(|row| {
            let task = &row.task;
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            vec![
                task.id.to_owned(),
                task.operation.to_owned(),
                text(task.target),
                text(task.user),
                row.state.to_owned(),
                iso(row.ended.as_ref()).unwrap_or_default(),
                row.user.unwrap_or("not known").to_owned(),
                iso(row.at.as_ref()).unwrap_or_default(),
                text(row.answer),
            ]
        });
        let _ = write!(
            text,
            "\n## Cancellations\n\n{}",
            markdown_table(&titles, rows)
        );
    }
    text += &connection(&view);
    if !view.tasks.is_empty() {
        let _ = write!(text, "\n## Tasks\n\n{}", task_table(&view));
    }
    text
}

fn iso(moment: Option<&Moment>) -> Option<String> {
    moment.map(|at| at.iso.clone())
}

/// Returns the section about outages; empty if it is not known whether there were any.
fn connection(view: &View<'_>) -> String {
    let Some(outages) = &view.outages else {
        return String::new();
    };
    if outages.is_empty() {
        return "\n## Connection\n\nNo outages.\n".to_owned();
    }
    let rows = outages.iter().map(|outage| {
        vec![
            outage.server.to_owned(),
            outage.began.iso.clone(),
            iso(outage.ended.as_ref()).unwrap_or_else(|| "open".to_owned()),
            outage.duration.clone().unwrap_or_default(),
            outage.reason.to_owned(),
        ]
    });
    let titles = ["vCenter", "From", "Until", "Duration", "Reason"];
    format!("\n## Connection\n\n{}", markdown_table(&titles, rows))
}

fn task_table(view: &View<'_>) -> String {
    let mut titles = vec![
        "Status",
        "Operation",
        "Target",
        "Task",
        "Started by",
        "Queued",
        "Waited",
        "Ran",
        "Error",
    ];
    if view.has_servers {
        titles.push("vCenter");
    }
    let row = |task: &TaskRow<'_>| {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let progress = match task.progress {
            Some(percent) => format!(" at {percent}%"),
            None => String::new(),
        };
        let mut cells = vec![
            format!("{}{progress}", task.word),
            format!("{}{}", "– ".repeat(task.depth), task.operation),
            text(task.target),
            task.id.to_owned(),
            text(task.user),
            task.queued
                .as_ref()
                .map(|at| at.iso.clone())
                .unwrap_or_default(),
            text(task.waited.as_deref()),
            text(task.ran.as_deref()),
            text(task.error),
        ];
        if view.has_servers {
            cells.push(task.server.to_owned());
        }
        cells
    };
    markdown_table(&titles, view.tasks.iter().map(row))
}
