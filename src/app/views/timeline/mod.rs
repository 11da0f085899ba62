//! The timeline: the rows of the list over time, with their expected ends.

mod expected_end;
#[cfg(test)]
mod tests;
mod time_window;

use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Rect;

use crate::{
    app::{
        action::Action,
        keymap::Context,
        popups::handler::{PopupHandler, Response},
        screen_layout::{take_bottom, take_top},
        scroll::{self, is_move},
        selection::Selection,
        state::AppState,
        update::{list, playback},
    },
    task::{
        Handle,
        row_model::{Row, RowId},
    },
};
use expected_end::ExpectedEndTracker;

pub use expected_end::ExpectedEnd;
pub use time_window::TimeWindow;

/// Areas of the timeline. Those that do not fit are empty; the rows have priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelineLayout {
    pub axis: Rect,
    pub rows: Rect,
    /// The line with the expected end of all tasks.
    pub expected_end: Rect,
}

impl TimelineLayout {
    /// Divides the body of the screen.
    pub fn of(body: Rect) -> Self {
        let mut rows = body;
        let axis = take_top(&mut rows, u16::from(body.height >= 2));
        let expected_end = take_bottom(&mut rows, u16::from(body.height >= 3));
        Self {
            axis,
            rows,
            expected_end,
        }
    }
}

/// The open timeline.
#[derive(Debug, Default)]
pub struct Timeline {
    /// Selection and scroll position, independent of those of the list.
    selection: Selection,
    /// The displayed period; `None` until there are rows.
    window: Option<TimeWindow>,
    /// True after the user changed the period; until then it grows with the visible rows.
    is_window_chosen: bool,
    expected_end: Box<ExpectedEndTracker>,
}

impl Timeline {
    /// Opens the timeline with the selection of the list.
    pub(in crate::app) fn open(state: &mut AppState, now: Timestamp) -> Self {
        state.view_mut().pin_selection();
        let mut timeline = Self::default();
        if let Some(selected) = state.selected_row() {
            timeline.selection.select(selected);
        }
        timeline.prepare(state, now);
        timeline
    }

    pub fn window(&self) -> TimeWindow {
        self.window.unwrap_or_default()
    }

    /// Returns the expected end of the marked tasks, else of the rows; `None` while it is computed. `now` is the
    /// displayed time.
    pub fn expected_end(&self, now: Timestamp) -> Option<ExpectedEnd> {
        self.expected_end.result(now)
    }

    /// Returns the index of the first visible row.
    pub fn top(&self) -> usize {
        self.selection.top()
    }

    /// Returns the visible rows.
    pub fn visible(&self, state: &AppState) -> Vec<Row> {
        let height = rows_height(state);
        self.selection.visible(&state.view().row_model, height)
    }

    pub fn selected(&self, state: &AppState) -> Option<RowId> {
        self.selection.selected(&state.view().row_model)
    }

    fn sync(&mut self, state: &AppState) {
        let height = rows_height(state);
        self.selection.update(&state.view().row_model, height);
    }

    /// Handles an action that moves the selection. Returns true if it did.
    fn handle_move(&mut self, state: &AppState, action: Action) -> bool {
        if is_move(action) {
            let page = scroll::page(rows_height(state));
            let rows = &state.view().row_model;
            self.selection.scroll(rows, action, page);
        }
        is_move(action)
    }

    /// Handles an action that changes the displayed period. Returns true if it did.
    fn handle_window(&mut self, state: &AppState, action: Action, now: Timestamp) -> bool {
        let mut window = self.window();
        match action {
            Action::PanLeft => window.pan(false),
            Action::PanRight => window.pan(true),
            Action::ZoomIn => window.zoom(true),
            Action::ZoomOut => window.zoom(false),
            Action::ZoomFit => window = self.fitted(state, now).unwrap_or_default(),
            _ => return false,
        }
        self.window = Some(window);
        self.is_window_chosen = action != Action::ZoomFit;
        true
    }

    /// Returns the period that fits the visible rows: from the start of the unfinished tasks to their expected end, or
    /// that of the finished tasks if there are no others. `None` without tasks.
    fn fitted(&self, state: &AppState, now: Timestamp) -> Option<TimeWindow> {
        let store = &state.view().store;
        let (mut active, mut finished, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for handle in self.visible(state).iter().filter_map(Row::task) {
            let Some(record) = store.get(handle) else {
                continue;
            };
            let began = record.info.as_ref().and_then(|info| info.ordering_time());
            if let Some(began) = began {
                let age = now.duration_since(state.local_time(record, began));
                let ages = if record.status().is_active() {
                    &mut active
                } else {
                    &mut finished
                };
                ages.push(age);
            }
            let forecast = state.insight(handle, now).forecast;
            let estimate = forecast.and_then(|forecast| forecast.estimate);
            let estimate = estimate.map(|estimate| SignedDuration::try_from(estimate.best));
            left.extend(estimate.and_then(Result::ok));
        }
        let past = if active.is_empty() {
            finished.into_iter().max()?
        } else {
            without_outliers(active)
        };
        // With space for a part of the uncertainty after the expected end.
        let future = without_outliers(left).saturating_mul(5) / 4;
        Some(TimeWindow::around(-past, future))
    }
}

/// Returns the longest duration, at most twice the upper quartile, so that a few long ones do not leave the others
/// without space.
fn without_outliers(mut durations: Vec<SignedDuration>) -> SignedDuration {
    durations.sort_unstable();
    let Some(longest) = durations.last() else {
        return SignedDuration::ZERO;
    };
    let usual = durations.get(durations.len() * 3 / 4).unwrap_or(longest);
    (*longest).min(usual.saturating_mul(2))
}

/// Returns the number of rows that fit.
fn rows_height(state: &AppState) -> u16 {
    TimelineLayout::of(state.layout().body).rows.height
}

impl PopupHandler for Timeline {
    fn context(&self) -> Context {
        Context::Timeline
    }

    fn handle_action(&mut self, state: &mut AppState, action: Action, now: Timestamp) -> Response {
        let selected = self.selected(state);
        if self.handle_move(state, action) || self.handle_window(state, action, now) {
            self.sync(state);
            return Response::stay();
        }
        match action {
            Action::Accept => {
                match selected {
                    Some(RowId::Task(handle)) => list::reveal(state, handle, now),
                    Some(group @ RowId::Group(_)) => state.view_mut().selection.select(group),
                    None => {}
                }
                return Response::close();
            }
            Action::Dismiss => return Response::close(),
            Action::ToggleFold => {
                if let Some(selected) = selected {
                    self.selection.select(selected);
                    let view = state.view_mut();
                    view.row_model.toggle_fold(&view.store, selected);
                }
            }
            Action::Mark => {
                self.selection.pin_current(&state.view().row_model);
                list::toggle_mark(state, selected, now);
            }
            Action::MarkAll => list::toggle_all_marks(state, now),
            _ => {
                self.selection.pin_current(&state.view().row_model);
                if let Some(effects) = playback::handle_action(state, action, now) {
                    return Response::stay_with(effects);
                }
            }
        }
        self.expected_end.restart();
        self.prepare(state, now);
        Response::stay()
    }

    /// Selects a row.
    fn click(&mut self, state: &mut AppState, entry: usize, _now: Timestamp) -> Response {
        if let Some(row) = state.view().row_model.row(entry) {
            self.selection.select(row);
            self.sync(state);
        }
        Response::stay()
    }

    fn prepare(&mut self, state: &AppState, displayed: Timestamp) {
        self.sync(state);
        self.expected_end.advance(state, displayed);
        if !self.is_window_chosen
            && let Some(fitted) = self.fitted(state, displayed)
            && self.window.is_none_or(|window| !window.covers(&fitted))
        {
            self.window = Some(fitted);
        }
    }

    fn visible_tasks(&self, state: &AppState, _now: Timestamp) -> Option<Vec<Handle>> {
        let rows = self.visible(state);
        Some(rows.iter().filter_map(Row::task).collect())
    }

    fn is_timed(&self) -> bool {
        true
    }

    fn is_computing(&self) -> bool {
        self.expected_end.is_first()
    }
}
