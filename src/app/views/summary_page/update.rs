//! Actions of the summary.

use jiff::Timestamp;

use super::{RowSubject, Section, SummaryPage};
use crate::{
    app::{
        action::Action,
        keymap::Context,
        notification_log::Severity,
        panes::Tab,
        popups::handler::{PopupHandler, Response},
        scroll::{PAGE_ROWS, is_move, scrolled},
        state::AppState,
        update::{details, list},
    },
    task::{ChangeSet, Filter, Handle, Status, Summary, TaskRecord, TaskStore, filter},
};

/// Opens the summary of the shown tasks; not available in the history view.
pub(in crate::app) fn open(state: &mut AppState, now: Timestamp) -> Option<SummaryPage> {
    if state.views.history().is_some() {
        let text = "The summary is not available in the history view";
        state.notifications.push(Severity::Info, text, now);
        return None;
    }
    state.view_mut().pin_selection();
    Some(SummaryPage::new(state))
}

impl PopupHandler for SummaryPage {
    fn context(&self) -> Context {
        Context::Summary
    }

    fn handle_action(&mut self, state: &mut AppState, action: Action, now: Timestamp) -> Response {
        let sections = self.sections(state, now);
        let rows = subjects(&sections);
        let index = self.selected_index(&rows);
        let last = rows.len().saturating_sub(1);
        let next = match action {
            Action::NextSection => turned(&sections, index, true),
            Action::PreviousSection => turned(&sections, index, false),
            Action::Accept => return self.click(state, index, now),
            Action::Dismiss => return Response::close(),
            _ if is_move(action) => scrolled(index, action, PAGE_ROWS, last),
            _ => return Response::stay(),
        };
        self.choose(&rows, next);
        Response::stay()
    }

    /// Opens a row.
    fn click(&mut self, state: &mut AppState, entry: usize, now: Timestamp) -> Response {
        let rows = subjects(&self.sections(state, now));
        self.choose(&rows, entry);
        match rows.into_iter().nth(self.index) {
            Some(subject) => self.open(state, subject, now),
            None => Response::stay(),
        }
    }

    fn follow_changes(&mut self, store: &TaskStore, changes: Option<&ChangeSet>) -> bool {
        match changes {
            Some(changes) => self.summary.update(store, changes),
            None => *self.summary = Summary::of(store),
        }
        true
    }

    fn visible_tasks(&self, state: &AppState, now: Timestamp) -> Option<Vec<Handle>> {
        Some(self.tasks(state, now))
    }

    fn is_timed(&self) -> bool {
        true
    }
}

impl SummaryPage {
    fn sections(&self, state: &AppState, now: Timestamp) -> Vec<Section> {
        let columns = self.columns(state, now);
        columns.into_iter().flatten().collect()
    }

    /// Opens the task, or filters the list to the tasks of the row.
    fn open(&mut self, state: &mut AppState, subject: RowSubject, now: Timestamp) -> Response {
        let (field, name) = match subject {
            RowSubject::More(part) => {
                self.expand(part);
                return Response::stay();
            }
            RowSubject::Task(handle) => {
                list::reveal(state, handle, now);
                let status = state.view().store.get(handle).map(TaskRecord::status);
                if status == Some(Status::Failed) {
                    details::show(state, Tab::Error);
                }
                return Response::close();
            }
            RowSubject::Operation(name) => ("op", name.to_string()),
            RowSubject::User(name) => ("user", name.to_string()),
            RowSubject::Server(id) => {
                let Some(server) = state.server(id) else {
                    return Response::stay();
                };
                ("endpoint", server.host().to_owned())
            }
        };
        let text = filter::exactly(field, &name);
        match Filter::parse(&text, &state.options.saved_filters) {
            Ok(filter) => list::filter(state, filter, now),
            // Report names that cannot be matched exactly.
            Err(error) => {
                let text = format!("{text}: {error}");
                state.notifications.push(Severity::Warning, text, now);
            }
        }
        Response::close()
    }
}

fn subjects(sections: &[Section]) -> Vec<RowSubject> {
    let rows = sections.iter().flat_map(|section| &section.rows);
    rows.map(|row| row.subject.clone()).collect()
}

/// Returns the first row of the next or previous non-empty section, with wrap-around.
fn turned(sections: &[Section], index: usize, forward: bool) -> usize {
    let mut starts = Vec::new();
    let mut next = 0;
    for section in sections.iter().filter(|section| !section.rows.is_empty()) {
        starts.push(next);
        next += section.rows.len();
    }
    let found = if forward {
        starts.iter().find(|start| **start > index)
    } else {
        let own = starts.iter().rposition(|start| *start <= index);
        own.and_then(|own| starts.get(own.checked_sub(1)?))
    };
    let round = if forward {
        starts.first()
    } else {
        starts.last()
    };
    found.or(round).copied().unwrap_or_default()
}
