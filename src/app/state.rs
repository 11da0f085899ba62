//! State of the screen below the popups.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use ratatui::layout::Size;

use super::{
    action::Action,
    added_tasks::{AddedTask, AddedTasks},
    away_report::AwayTracker,
    click_targets::FrameMap,
    columns::{self, ColumnArea, ColumnSpec},
    event::Effect,
    finish_notifications::FinishTracker,
    keymap::Context,
    lineage::LineageEntry,
    notification_log::Notifications,
    options::Options,
    pane_layout::PaneLayout,
    panes::{Focus, PaneMode, Tab},
    playback::Playback,
    screen_layout::{ExtraLines, ScreenLayout},
    server_state::{ServerClocks, ServerState},
    views::{TaskView, Views, history::LastHistoryQuery},
};
use crate::{
    metrics::MetricsReport,
    task::{
        EvalContext, Handle, ServerId, TaskId, TaskRecord, TypicalDurations, UndoLog, markdown,
        row_model::{RowId, RowModel, View},
    },
    watch::Command,
};

/// State of the screen below the popups.
#[derive(Debug)]
pub struct AppState {
    pub options: Options,
    pub size: Size,
    /// The live view and the view shown instead of it.
    pub views: Views,
    /// The last history query, while the view is closed.
    pub last_query: LastHistoryQuery,
    /// Recent changes of the live store.
    pub undo_log: UndoLog,
    /// Typical durations of operations.
    pub typical: TypicalDurations,
    /// The servers in command-line order.
    pub servers: Vec<ServerState>,
    pub pane_mode: PaneMode,
    /// The panes before zooming.
    pub unzoomed: Option<PaneMode>,
    /// Position and size of the details pane.
    pub pane_layout: PaneLayout,
    /// The open tab of the details.
    pub tab: Tab,
    /// Statistics of vtask itself; updated while they are shown.
    pub metrics: MetricsReport,
    /// Errors while reading typical durations from the history.
    pub typical_errors: HashMap<ServerId, Arc<str>>,
    pub notifications: Notifications,
    /// Tasks removed from the list, latest last.
    pub(super) removed: Vec<(TaskId, AddedTask)>,
    /// Time of the last attempt to quit with a request unanswered; a second one soon after quits.
    pub quit_asked_at: Option<Timestamp>,
    /// True while polling is paused.
    pub paused: bool,
    /// Present while a record is played.
    pub playback: Option<Playback>,
    /// True while the fetch loops read the locations of targets.
    pub reads_locations: bool,
    /// Selects the tasks to notify of.
    pub finish_tracker: Option<FinishTracker>,
    /// Presence of the user, and what changed during the last absence.
    pub away: AwayTracker,
    /// Tasks added on the screen that were not read yet.
    pub added_tasks: AddedTasks,
    pub frame: FrameMap,
}

impl AppState {
    /// Creates a state without tasks for these servers.
    pub fn new(
        mut options: Options,
        servers: impl IntoIterator<Item = (ServerId, String)>,
    ) -> Self {
        let servers: Vec<(ServerId, String)> = servers.into_iter().collect();
        let mut live = TaskView::default();
        live.store.track_new_failures();
        if servers.len() > 1 {
            for (id, name) in &servers {
                live.store.set_server_name(*id, name.as_str());
            }
        }
        live.row_model = RowModel::new(View {
            sort: options.sort.clone(),
            ..View::default()
        });
        live.columns = options.columns.clone();
        Self {
            pane_layout: options.pane_layout.clone(),
            finish_tracker: options.finish_tracker.take(),
            options,
            size: Size::default(),
            views: Views {
                live,
                ..Views::default()
            },
            last_query: LastHistoryQuery::default(),
            undo_log: UndoLog::default(),
            typical: TypicalDurations::default(),
            servers: servers
                .into_iter()
                .map(|(id, name)| ServerState::new(id, name))
                .collect(),
            pane_mode: PaneMode::Both(Focus::List),
            unzoomed: None,
            tab: Tab::default(),
            reads_locations: false,
            metrics: MetricsReport::default(),
            typical_errors: HashMap::new(),
            notifications: Notifications::default(),
            removed: Vec::new(),
            quit_asked_at: None,
            paused: false,
            playback: None,
            away: AwayTracker::default(),
            added_tasks: AddedTasks::default(),
            frame: FrameMap::default(),
        }
    }

    /// Returns the context whose key bindings apply without a popup.
    pub fn context(&self) -> Context {
        match self.pane_mode {
            PaneMode::List | PaneMode::Both(Focus::List) => Context::List,
            PaneMode::Both(Focus::Details) | PaneMode::Details => Context::Details,
        }
    }

    /// Returns the label of the first key of an action that is available in a context.
    pub fn key_label(&self, context: Context, action: Action) -> Option<String> {
        let key = self.options.keymap.key(context, action)?;
        Some(key.label(self.options.ascii))
    }

    /// Returns a task ID, with the name of the vCenter if there are several: `demo-2/task-4674`.
    pub fn full_id(&self, server: ServerId, mo_id: &str) -> String {
        match self.server(server) {
            Some(server) if self.servers.len() > 1 => format!("{}/{mo_id}", server.name),
            _ => mo_id.to_owned(),
        }
    }

    /// Returns the task that actions on a task apply to: the one at the cursor of the focused Lineage tab, else the
    /// selected one.
    pub fn subject(&self) -> Option<Handle> {
        let selected = self.selected()?;
        match self.lineage_cursor(selected) {
            Some(LineageEntry::Task(handle)) => Some(handle),
            _ => Some(selected),
        }
    }

    /// Returns the cursor of the Lineage tab of a task; `None` unless the tab has the focus.
    pub fn lineage_cursor(&self, task: Handle) -> Option<LineageEntry> {
        let is_focused = self.context() == Context::Details && self.tab == Tab::Lineage;
        let (LineageEntry::Task(of) | LineageEntry::Finished(of)) = self
            .view()
            .details
            .cursor
            .unwrap_or(LineageEntry::Task(task));
        let is_known = self.view().store.get(of).is_some();
        let cursor = self.view().details.cursor.filter(|_| is_known);
        is_focused.then(|| cursor.unwrap_or(LineageEntry::Task(task)))
    }

    /// Returns the view on the screen.
    pub fn view(&self) -> &TaskView {
        self.views.shown()
    }

    pub fn view_mut(&mut self) -> &mut TaskView {
        self.views.shown_mut()
    }

    /// Returns the selected task; `None` if a group is selected.
    pub fn selected(&self) -> Option<Handle> {
        self.view().selected()
    }

    /// Returns the selected task or group.
    pub fn selected_row(&self) -> Option<RowId> {
        self.view().selected_row()
    }

    pub fn selected_record(&self) -> Option<&TaskRecord> {
        self.view().selected_record()
    }

    /// Describes a task in Markdown, with its events if they are known.
    pub fn ticket(&self, handle: Handle, now: Timestamp) -> Option<String> {
        let view = self.view();
        let record = view.store.get(handle)?;
        let server = self
            .server(record.id.server)
            .map_or("", |server| &server.name);
        let events = view
            .events
            .get(&handle)
            .and_then(|events| events.as_deref().ok());
        let time = self.time(record, now);
        markdown::task_markdown(
            &view.store,
            handle,
            server,
            events.unwrap_or_default(),
            time,
        )
    }

    pub fn server(&self, id: ServerId) -> Option<&ServerState> {
        self.servers.iter().find(|server| server.id == id)
    }

    /// True if requests that change the server are disabled.
    pub fn is_read_only(&self, id: ServerId) -> bool {
        self.options.read_only
            || self.playback.is_some()
            || self.server(id).is_some_and(|server| server.read_only)
    }

    /// Returns the context for evaluating filters. `clocks` is [`ServerClocks::of`] the servers.
    pub fn eval_context<'a>(&'a self, clocks: &'a ServerClocks<'a>) -> EvalContext<'a> {
        EvalContext {
            store: &self.view().store,
            typical: Some(&self.typical),
            servers: Some(clocks),
        }
    }

    /// Returns why no task can match the filter, or why none does, if there is a reason.
    pub fn no_match_reason(&self, now: Timestamp) -> Option<String> {
        let rows = &self.view().row_model;
        let filter = &rows.view().filter;
        filter.contradiction().or_else(|| {
            let is_empty = rows.matching() == 0 && !rows.is_outdated() && !filter.is_empty();
            let clocks = ServerClocks::of(&self.servers, now);
            is_empty.then(|| filter.unmatched(self.eval_context(&clocks)))?
        })
    }

    /// Returns the time by the clock of the task's server.
    pub fn time(&self, record: &TaskRecord, now: Timestamp) -> Timestamp {
        let server = self.server(record.id.server);
        server.map_or(now, |server| server.time(now))
    }

    /// Converts a time by the clock of the task's server to local time.
    pub fn local_time(&self, record: &TaskRecord, at: Timestamp) -> Timestamp {
        let server = self.server(record.id.server);
        server.map_or(at, |server| server.local_time(at))
    }

    /// True if the task's data is stale.
    pub fn is_stale(&self, record: &TaskRecord) -> bool {
        self.server(record.id.server)
            .is_some_and(ServerState::is_stale)
    }

    /// Returns the areas of the screen.
    pub fn layout(&self) -> ScreenLayout {
        self.layout_for(self.size)
    }

    /// Returns the areas of a screen of this size.
    pub fn layout_for(&self, size: Size) -> ScreenLayout {
        ScreenLayout::new(
            size,
            self.pane_mode,
            &self.pane_layout,
            ExtraLines {
                report: self.views.is_live() && self.away.report().is_some(),
                status: self.views.history().is_some(),
            },
        )
    }

    /// Returns the chosen columns for a list of this width, including those without space. Default columns of locations
    /// are left out while no location is known.
    pub fn chosen_columns(&self, list_width: u16) -> Vec<ColumnSpec> {
        let view = self.view();
        let is_default = view.columns.is_default(list_width);
        let mut chosen = view.columns.of(list_width, self.servers.len() > 1);
        chosen.retain(|spec| {
            let field = spec.column.sort_key().location_field();
            !is_default || field.is_none_or(|field| view.store.knows_location(field))
        });
        chosen
    }

    /// Returns the columns that have space in a list of this width.
    pub fn fitting_columns(&self, list_width: u16) -> Vec<ColumnSpec> {
        columns::fitting(list_width, &self.chosen_columns(list_width))
    }

    /// True if columns with space in a list of this width show locations, or would if any were known.
    pub(super) fn has_location_columns(&self, list_width: u16) -> bool {
        let chosen = self.view().columns.of(list_width, self.servers.len() > 1);
        let fitting = columns::fitting(list_width, &chosen);
        let mut keys = fitting.iter().map(|spec| spec.column.sort_key());
        keys.any(|key| key.location_field().is_some())
    }

    /// Places columns that have space. `needs` has the width of the widest text of each.
    pub fn place_columns(
        &self,
        list_width: u16,
        specs: &[ColumnSpec],
        needs: &[u16],
    ) -> Vec<ColumnArea> {
        columns::arrange(list_width, specs, needs, &self.frame.columns)
    }

    /// Updates selection and scroll position after the rows changed.
    pub fn sync_selection(&mut self) {
        let height = self.layout().list.height;
        self.view_mut().sync_selection(height);
    }

    /// Runs a function on the shown rows with the context in which filters are evaluated.
    pub(super) fn with_rows(
        &mut self,
        now: Timestamp,
        change: impl FnOnce(&mut RowModel, EvalContext<'_>),
    ) {
        let clocks = ServerClocks::of(&self.servers, now);
        let view = self.views.shown_mut();
        view.with_rows(&self.typical, &clocks, change);
    }

    /// Brings all shown rows up to date, for an action on all of them.
    pub(super) fn finish_rows(&mut self, now: Timestamp) {
        while self.view().row_model.is_outdated() {
            self.with_rows(now, |_, _| ());
        }
    }

    /// Runs a function on the rows of the live view with the context in which filters are evaluated.
    pub(super) fn with_live_rows(
        &mut self,
        now: Timestamp,
        change: impl FnOnce(&mut RowModel, EvalContext<'_>),
    ) {
        let clocks = ServerClocks::of(&self.servers, now);
        self.views.live.with_rows(&self.typical, &clocks, change);
    }

    /// True if the key for quitting leaves a view instead: the history, the zoom or the past of the session.
    pub fn is_view_open(&self) -> bool {
        let is_past = self.playback.as_ref().is_some_and(|it| it.is_session);
        is_past || !self.views.is_live() || self.pane_mode == PaneMode::Details
    }

    /// Returns the effects that send a command to all servers.
    pub(super) fn broadcast(&self, command: &Command) -> Vec<Effect> {
        let servers = self.servers.iter();
        servers
            .map(|server| Effect::Send(server.id, command.clone()))
            .collect()
    }
}
