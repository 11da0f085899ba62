//! The timeline: the rows of the list over time, with their expected ends.

mod completion;
#[cfg(test)]
mod tests;
mod time_window;

use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Rect;

use super::time_travel::update as time_travel;
use crate::{
    app::{
        action::Action,
        keymap::Context,
        popups::handler::{PopupHandler, Response},
        selection::Selection,
        state::AppState,
        update::list,
    },
    task::{
        Handle,
        row_model::{Row, RowId},
    },
};
use completion::CompletionTracker;

pub use completion::Completion;
pub use time_window::TimeWindow;

/// Maximum period before and after now that is shown without zooming out.
const MAX_FITTED_SPAN: SignedDuration = SignedDuration::from_hours(24);

/// Areas of the timeline. Those that do not fit are empty; the rows have priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelineLayout {
    pub axis: Rect,
    pub rows: Rect,
    /// The line with the expected end of all tasks.
    pub completion: Rect,
}

impl TimelineLayout {
    /// Divides the body of the screen.
    pub fn of(body: Rect) -> Self {
        let above = u16::from(body.height >= 2);
        let below = u16::from(body.height >= 3);
        let rows = Rect {
            y: body.y + above,
            height: body.height - above - below,
            ..body
        };
        Self {
            axis: Rect {
                height: above,
                ..body
            },
            rows,
            completion: Rect {
                y: rows.bottom(),
                height: below,
                ..body
            },
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
    completion: Box<CompletionTracker>,
}

impl Timeline {
    /// Opens the timeline with the selection of the list.
    pub(in crate::app) fn open(state: &mut AppState, now: Timestamp) -> Self {
        state.view_mut().pin_selection();
        let mut timeline = Self::default();
        if let Some(selected) = state.selected_row() {
            timeline.selection.select(selected);
        }
        timeline.prepare(state, state.displayed_time(now));
        timeline
    }

    pub fn window(&self) -> TimeWindow {
        self.window.unwrap_or_default()
    }

    /// Returns the expected end of the marked tasks, else of the rows; `None` while it is computed.
    pub fn completion(&self) -> Option<Completion> {
        self.completion.result()
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
        let page = isize::try_from(rows_height(state).saturating_sub(1)).unwrap_or(1);
        let by = match action {
            Action::Up => -1,
            Action::Down => 1,
            Action::PageUp => -page.max(1),
            Action::PageDown => page.max(1),
            Action::First => isize::MIN,
            Action::Last => isize::MAX,
            _ => return false,
        };
        self.selection.move_by(&state.view().row_model, by);
        true
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
        true
    }

    /// Returns the period from the start of the first unfinished task to the expected end of all. Without unfinished
    /// tasks, the period of the finished ones. `None` without tasks.
    fn fitted(&self, state: &AppState, now: Timestamp) -> Option<TimeWindow> {
        let view = state.view();
        let mut first: Option<(bool, SignedDuration)> = None;
        for handle in view.shown_tasks(0..view.row_model.len()) {
            let Some(record) = view.store.get(handle) else {
                continue;
            };
            let info = record.info.as_ref();
            let Some(at) = info.and_then(|info| info.placed_at()) else {
                continue;
            };
            let began = state.local_time(record, at).duration_since(now);
            let active = record.status().is_active();
            first = Some(match first {
                Some((true, known)) if !active => (true, known),
                Some((known_active, known)) if known_active == active => (active, known.min(began)),
                _ => (active, began),
            });
        }
        let (is_active, first) = first?;
        let forecast = self.completion().and_then(|completion| completion.forecast);
        let last = forecast.and_then(|forecast| SignedDuration::try_from(forecast.late).ok());
        let first = if is_active {
            first.max(-MAX_FITTED_SPAN)
        } else {
            first
        };
        let last = last.unwrap_or_default().min(MAX_FITTED_SPAN);
        Some(TimeWindow::around(first, last))
    }
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
        let displayed = state.displayed_time(now);
        let selected = self.selected(state);
        if self.handle_move(state, action) || self.handle_window(state, action, displayed) {
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
            Action::MarkAll => list::toggle_all_marks(state),
            _ => {
                self.selection.pin_current(&state.view().row_model);
                time_travel::handle_action(state, action, now);
            }
        }
        self.completion.restart();
        self.prepare(state, state.displayed_time(now));
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
        self.completion.advance(state, displayed);
        if self.window.is_none() {
            self.window = self.fitted(state, displayed);
        }
    }

    fn visible_tasks(&self, state: &AppState, _now: Timestamp) -> Option<Vec<Handle>> {
        let rows = self.visible(state);
        Some(rows.iter().filter_map(Row::task).collect())
    }

    fn is_timed(&self) -> bool {
        true
    }
}
