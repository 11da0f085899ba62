//! State of the screen.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use ratatui::layout::Size;

use super::{
    cancel_dialog::CancelDialog,
    columns::{ColumnArea, ColumnEditor, ColumnSpec, Columns, layout_columns},
    command_palette::CommandPalette,
    detail_subscription::DetailSubscription,
    filter_prompt::FilterPrompt,
    finish_tracker::FinishTracker,
    frame_map::FrameMap,
    history::{self, HistoryView},
    insight::InsightCache,
    keymap::{Context, Keymap, KeymapError},
    layout::ScreenLayout,
    notifications::Notifications,
    options::Options,
    pane_split::PaneSplit,
    panes::{Details, Focus, PaneMode},
    selection::Selection,
    server_state::{ServerClocks, ServerState},
    summary_page::SummaryPage,
    text_input::TextInput,
    time_travel::TimeTravel,
};
use crate::{
    metrics::MetricsReport,
    task::{
        EndpointId, EvalContext, Handle, PendingQuestion, Record, TaskStore, TypicalDurations,
        UndoLog,
        cancellation::CancelRequest,
        row_model::{RowId, RowModel, View},
    },
    text::width,
    vim::types::TaskEvent,
    watch::{FamilyState, Privilege},
};

/// A popup that has the keyboard focus.
#[derive(Debug)]
pub enum Popup {
    CancelDialog(CancelDialog),
    SortMenu {
        /// Index into `SortColumn::ALL`.
        chosen: usize,
    },
    ColumnEditor(ColumnEditor),
    Help {
        /// First visible line.
        top: usize,
    },
    Notifications {
        /// First visible line.
        top: usize,
    },
    Metrics {
        /// First visible line.
        top: usize,
    },
    Prompt(Prompt),
    CopyMenu {
        /// Index into [`CopyItem::ALL`](super::CopyItem::ALL).
        chosen: usize,
    },
    FilterMenu {
        /// Index into [`saved_filters`](super::saved_filters).
        chosen: usize,
    },
    CommandPalette(CommandPalette),
    /// Replaces list and details.
    Summary(Box<SummaryPage>),
}

/// Purpose of a text prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptKind {
    /// Watch more tasks.
    WatchTasks,
    /// Save the rows to a file.
    ExportPath,
    /// Name the current filter.
    FilterName,
    /// Edit the filter.
    Filter(Box<FilterPrompt>),
}

/// A text prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub kind: PromptKind,
    pub input: TextInput,
    /// Error message for the current text.
    pub error: Option<String>,
}

/// State of the screen.
#[derive(Debug)]
pub struct AppState {
    pub options: Options,
    pub keymap: Keymap,
    pub size: Size,
    /// Present during time travel; `store` and `row_model` then show an earlier time.
    pub time_travel: Option<Box<TimeTravel>>,
    /// Present while the history view is open; it keeps the live view.
    pub history: Option<Box<HistoryView>>,
    /// The last history query, while the view is closed.
    pub last_query: history::LastHistoryQuery,
    /// Recent changes of the live store.
    pub undo_log: UndoLog,
    /// All tasks.
    pub store: TaskStore,
    /// Typical durations of operations.
    pub typical: TypicalDurations,
    /// The rows of the list: order, folding, filter.
    pub row_model: RowModel,
    pub columns: Columns,
    /// The endpoints in command-line order.
    pub servers: Vec<ServerState>,
    pub selection: Selection,
    pub pane_mode: PaneMode,
    /// Position and size of the details pane.
    pub pane_split: PaneSplit,
    pub details: Details,
    pub popup: Option<Popup>,
    /// Cached remaining times and warnings of the visible tasks.
    pub insights: InsightCache,
    /// Statistics of vtask itself; updated while they are shown.
    pub metrics: MetricsReport,
    /// Cancel requests sent from this screen.
    pub cancel_requests: HashMap<Handle, CancelRequest>,
    /// Cached privileges of the account to cancel tasks.
    pub privileges: HashMap<Handle, Privilege>,
    /// State of the family lookup, current or last.
    pub family_states: HashMap<Handle, FamilyState>,
    /// Subscription for the open details tab.
    pub subscription: DetailSubscription,
    /// Events of tasks as last received, or the error.
    pub events: HashMap<Handle, Result<Arc<[TaskEvent]>, Arc<str>>>,
    /// Pending questions of virtual machines.
    pub questions: HashMap<Handle, PendingQuestion>,
    /// Errors while reading typical durations from the history.
    pub typical_errors: HashMap<EndpointId, Arc<str>>,
    pub notifications: Notifications,
    /// True while polling is paused.
    pub paused: bool,
    /// Selects the tasks to notify of.
    pub finish_tracker: Option<FinishTracker>,
    pub frame: FrameMap,
}

impl AppState {
    /// Creates a state without tasks for these endpoints.
    ///
    /// # Errors
    ///
    /// If the default key map is invalid, which tests rule out.
    pub fn new(
        mut options: Options,
        endpoints: impl IntoIterator<Item = (EndpointId, String)>,
    ) -> Result<Self, KeymapError> {
        let endpoints: Vec<(EndpointId, String)> = endpoints.into_iter().collect();
        let mut store = TaskStore::new();
        if endpoints.len() > 1 {
            for (id, name) in &endpoints {
                store.set_endpoint_name(*id, name.as_str());
            }
        }
        let keymap = match &options.keymap {
            Some(keymap) => keymap.clone(),
            None => Keymap::standard()?,
        };
        let view = View {
            sort: options.sort.clone(),
            ..View::default()
        };
        Ok(Self {
            pane_split: options.pane_split.clone(),
            columns: options.columns.clone(),
            finish_tracker: options.finish_tracker.take(),
            options,
            keymap,
            size: Size::default(),
            time_travel: None,
            history: None,
            last_query: history::LastHistoryQuery::default(),
            undo_log: UndoLog::default(),
            store,
            typical: TypicalDurations::default(),
            row_model: RowModel::new(view),
            servers: endpoints
                .into_iter()
                .map(|(id, name)| ServerState::new(id, name))
                .collect(),
            selection: Selection::default(),
            pane_mode: PaneMode::Both(Focus::List),
            details: Details::default(),
            popup: None,
            insights: InsightCache::default(),
            metrics: MetricsReport::default(),
            cancel_requests: HashMap::new(),
            privileges: HashMap::new(),
            family_states: HashMap::new(),
            subscription: DetailSubscription::default(),
            events: HashMap::new(),
            questions: HashMap::new(),
            typical_errors: HashMap::new(),
            notifications: Notifications::default(),
            paused: false,
            frame: FrameMap::default(),
        })
    }

    /// Returns the context whose key bindings apply.
    pub fn context(&self) -> Context {
        match (&self.popup, self.pane_mode) {
            (Some(Popup::CancelDialog(dialog)), _) if dialog.confirmation.is_some() => {
                Context::Confirm
            }
            (Some(Popup::CancelDialog(_)), _) => Context::Cancel,
            (Some(Popup::SortMenu { .. }), _) => Context::Order,
            (Some(Popup::CopyMenu { .. }), _) => Context::Menu,
            (Some(Popup::ColumnEditor(_)), _) => Context::Columns,
            (Some(Popup::Help { .. } | Popup::Notifications { .. } | Popup::Metrics { .. }), _) => {
                Context::Reading
            }
            (Some(Popup::Prompt(_)), _) => Context::Prompt,
            (Some(Popup::CommandPalette(_)), _) => Context::Palette,
            (Some(Popup::FilterMenu { .. }), _) => Context::Filters,
            (Some(Popup::Summary(_)), _) => Context::Summary,
            (None, PaneMode::List | PaneMode::Both(Focus::List)) => Context::List,
            (None, PaneMode::Both(Focus::Details) | PaneMode::Details) => Context::Details,
        }
    }

    /// Returns the selected task; `None` if a group is selected.
    pub fn selected(&self) -> Option<Handle> {
        self.selected_row()?.task()
    }

    /// Returns the selected task or group.
    pub fn selected_row(&self) -> Option<RowId> {
        self.selection.selected(&self.row_model)
    }

    pub fn selected_record(&self) -> Option<&Record> {
        self.store.get(self.selected()?)
    }

    pub fn server(&self, id: EndpointId) -> Option<&ServerState> {
        self.servers.iter().find(|server| server.id == id)
    }

    /// True if requests that change the server are disabled.
    pub fn is_read_only(&self, id: EndpointId) -> bool {
        self.options.read_only || self.server(id).is_some_and(|server| server.read_only)
    }

    /// Returns the context for evaluating filters. `clocks` is [`ServerClocks::of`] the servers.
    pub fn eval_context<'a>(&'a self, clocks: &'a ServerClocks<'a>) -> EvalContext<'a> {
        EvalContext {
            store: &self.store,
            typical: Some(&self.typical),
            endpoints: Some(clocks),
        }
    }

    /// Returns the time by the clock of the task's server.
    pub fn time(&self, record: &Record, now: Timestamp) -> Timestamp {
        let server = self.server(record.id.endpoint);
        server.map_or(now, |server| server.time(now))
    }

    /// True if the task's data is stale.
    pub fn is_stale(&self, record: &Record) -> bool {
        self.time_travel.is_none()
            && self
                .server(record.id.endpoint)
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
            &self.pane_split,
            self.history.is_some(),
        )
    }

    /// Returns the width of the vCenter column, if there are several vCenters.
    fn endpoint_width(&self) -> Option<u16> {
        /// Minimum (the header's width) and maximum.
        const WIDTHS: (u16, u16) = (7, 12);
        let widest = self.servers.iter().map(|server| width(&server.name)).max();
        let widest = u16::try_from(widest?).unwrap_or(u16::MAX);
        (self.servers.len() > 1).then_some(widest.clamp(WIDTHS.0, WIDTHS.1))
    }

    /// Returns the columns for a list of this width.
    pub fn column_specs(&self, list: u16) -> Vec<ColumnSpec> {
        self.columns.of(list, self.endpoint_width())
    }

    /// Returns the columns for a list of this width with their positions.
    pub fn column_areas(&self, list: u16) -> Vec<ColumnArea> {
        let endpoints = self.endpoint_width().unwrap_or_default();
        layout_columns(list, &self.column_specs(list), endpoints)
    }

    pub fn endpoint_and_id(&self, handle: Handle) -> Option<(EndpointId, Arc<str>)> {
        let id = &self.store.get(handle)?.id;
        Some((id.endpoint, id.mo_id.clone()))
    }

    /// Updates selection and scroll position after the rows changed.
    pub fn sync_selection(&mut self) {
        let areas = self.layout();
        self.selection.update(&self.row_model, areas.list.height);
        let selected = self.selected_row();
        if self.details.subject != selected {
            self.details.subject = selected;
            self.details.top = 0;
        }
    }
}
