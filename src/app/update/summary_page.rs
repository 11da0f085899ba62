//! Actions of the summary.

use jiff::Timestamp;

use super::{details, list};
use crate::{
    app::{
        action::Action,
        notifications::Severity,
        panes::Tab,
        state::{AppState, Popup},
        summary_page::{RowSubject, Section, SummaryPage},
    },
    task::{ChangeSet, Filter, Record, Status, Summary, TaskStore, filter},
};

const PAGE_ROWS: usize = 10;

pub(super) fn open(state: &mut AppState, now: Timestamp) {
    if state.views.history().is_some() {
        let text = "The summary is not available in the history view";
        state.notifications.push(Severity::Info, text, now);
        return;
    }
    state.view_mut().pin_selection();
    state.popup = Some(Popup::Summary(Box::new(SummaryPage::new(state))));
}

/// Updates the open summary after changes of the store.
pub(in crate::app) fn touch(popup: &mut Option<Popup>, store: &TaskStore, touched: &ChangeSet) {
    if let Some(Popup::Summary(page)) = popup {
        page.summary.update(store, touched);
    }
}

/// Recounts everything, as after operation labels arrived.
pub(super) fn rebuild(state: &mut AppState) {
    if let Some(Popup::Summary(page)) = &mut state.popup {
        page.summary = Summary::of(&state.views.shown().store);
    }
}

fn sections(state: &AppState, now: Timestamp) -> Vec<Section> {
    match &state.popup {
        Some(Popup::Summary(page)) => {
            let columns = page.columns(state, state.displayed_time(now));
            columns.into_iter().flatten().collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn handle_action(state: &mut AppState, action: Action, now: Timestamp) {
    let sections = sections(state, now);
    let entries = sections.iter().flat_map(|section| &section.rows);
    let entries: Vec<RowSubject> = entries.map(|entry| entry.subject.clone()).collect();
    let Some(Popup::Summary(page)) = &mut state.popup else {
        return;
    };
    let place = page.place(&entries);
    let last = entries.len().saturating_sub(1);
    let next = match action {
        Action::Up => place.saturating_sub(1),
        Action::Down => place + 1,
        Action::PageUp => place.saturating_sub(PAGE_ROWS),
        Action::PageDown => place + PAGE_ROWS,
        Action::First => 0,
        Action::Last => last,
        Action::NextSection => turned(&sections, place, true),
        Action::PreviousSection => turned(&sections, place, false),
        Action::Accept => {
            if let Some(subject) = entries.get(place).cloned() {
                page.choose(&entries, place);
                go(state, subject, now);
            }
            return;
        }
        Action::Dismiss => {
            state.popup = None;
            return;
        }
        _ => return,
    };
    page.choose(&entries, next);
}

/// Returns the first row of the next or previous non-empty section, with wrap-around.
fn turned(sections: &[Section], place: usize, forward: bool) -> usize {
    let mut starts = Vec::new();
    let mut next = 0;
    for section in sections.iter().filter(|section| !section.rows.is_empty()) {
        starts.push(next);
        next += section.rows.len();
    }
    let found = if forward {
        starts.iter().find(|start| **start > place)
    } else {
        let own = starts.iter().rposition(|start| *start <= place);
        own.and_then(|own| starts.get(own.checked_sub(1)?))
    };
    let round = if forward {
        starts.first()
    } else {
        starts.last()
    };
    found.or(round).copied().unwrap_or_default()
}

/// Opens the clicked row.
pub(super) fn choose(state: &mut AppState, place: usize, now: Timestamp) {
    let sections = sections(state, now);
    let entries = sections.iter().flat_map(|section| &section.rows);
    let entries: Vec<RowSubject> = entries.map(|entry| entry.subject.clone()).collect();
    if let Some(Popup::Summary(page)) = &mut state.popup {
        page.choose(&entries, place);
        handle_action(state, Action::Accept, now);
    }
}

/// Opens the task, or filters the list to the tasks of the row.
fn go(state: &mut AppState, subject: RowSubject, now: Timestamp) {
    let (field, name) = match subject {
        RowSubject::More(part) => {
            if let Some(Popup::Summary(page)) = &mut state.popup {
                page.expand(part);
            }
            return;
        }
        RowSubject::Task(handle) => {
            state.popup = None;
            list::reveal(state, handle, now);
            let status = state.view().store.get(handle).map(Record::status);
            if status == Some(Status::Failed) {
                details::show(state, Tab::Error);
            }
            return;
        }
        RowSubject::Operation(name) => ("op", name.to_string()),
        RowSubject::User(name) => ("user", name.to_string()),
        RowSubject::Endpoint(id) => {
            let Some(server) = state.server(id) else {
                return;
            };
            ("endpoint", server.host().to_owned())
        }
    };
    state.popup = None;
    let text = filter::exactly(field, &name);
    match Filter::parse(&text, &state.options.saved_filters) {
        Ok(filter) => list::filter(state, filter, now),
        // Report names that cannot be matched exactly.
        Err(error) => {
            let text = format!("{text}: {error}");
            state.notifications.push(Severity::Warning, text, now);
        }
    }
}
