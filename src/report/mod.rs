//! A report about tasks for people who were not there: an HTML file or Markdown. Pure: a [`Report`] is plain data.

#![warn(missing_docs)]

mod causes;
mod html;
mod markdown;
mod order;
mod timeline;
mod times;
mod view;

pub use html::html;
pub use markdown::markdown;
pub use order::{merge, tasks_in_order};

use jiff::Timestamp;

use crate::task::TaskEntry;

/// The content of a report. All texts are as the server sent them; the outputs escape them.
#[derive(Debug, Clone)]
pub struct Report {
    /// The heading.
    pub title: String,
    /// Time of the report, by the server's clock.
    pub created: Timestamp,
    /// Names of the vCenters.
    pub servers: Vec<String>,
    /// The flags that selected the tasks; `None` for the recent tasks.
    pub selection: Option<String>,
    /// The tasks, children behind their parents.
    pub tasks: Vec<ReportTask>,
    /// Interruptions of the connections; `None` if they were not observed.
    pub outages: Option<Vec<Outage>>,
    /// Messages about missing data.
    pub notes: Vec<String>,
}

/// A task of a report.
#[derive(Debug, Clone)]
pub struct ReportTask {
    /// The task.
    pub entry: TaskEntry,
    /// Number of ancestors in the report.
    pub depth: usize,
    /// Observed cancel requests. The server does not report who sent one.
    pub cancel_requests: Vec<CancelRequest>,
}

/// A cancel request and the server's answer.
#[derive(Debug, Clone)]
pub struct CancelRequest {
    /// Time of the request, by the server's clock.
    pub at: Timestamp,
    /// User who sent it.
    pub user: String,
    /// The answer, in words.
    pub answer: String,
}

/// A time without a connection to a vCenter.
#[derive(Debug, Clone)]
pub struct Outage {
    /// Name of the vCenter.
    pub server: String,
    /// The first failed request.
    pub began: Timestamp,
    /// The first answer after it; `None` if there was none.
    pub ended: Option<Timestamp>,
    /// The error.
    pub reason: String,
}

#[cfg(test)]
mod tests;
