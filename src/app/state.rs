//! Everything that the screen shows, and what it remembers of what was drawn.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use ratatui::layout::{Rect, Size};

use super::{
    action::Action,
    cancel::CancelRequest,
    cancel_dialog::CancelDialog,
    columns::{ColumnEditor, Columns},
    command_palette::CommandPalette,
    detail_subscription::DetailSubscription,
    filter_prompt::{FilterPrompt, ServerClocks},
    history::{self, HistoryView},
    insight::InsightCache,
    keymap::{Context, Keymap, KeymapError},
    layout::ScreenLayout,
    notifications::Notifications,
    options::Options,
    pane_split::PaneSplit,
    selection::Selection,
    server_state::ServerState,
    summary_page::SummaryPage,
    text_input::TextInput,
    time_travel::TimeTravel,
};
use crate::{
    metrics::MetricsReport,
    task::{
        EndpointId, EvalContext, Handle, PendingQuestion, Record, TaskStore, TypicalDurations,
        UndoLog,
        row_model::{RowId, RowModel, SortColumn, View},
    },
    vim::types::TaskEvent,
    watch::{FamilyState, Privilege},
};

/// Which panels share the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaneMode {
    /// The list only.
    List,
    /// The list, and the details below or beside it.
    Both(Focus),
    /// The details only.
    Details,
}

/// Which of two panels has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The list.
    List,
    /// The details.
    Details,
}

/// A page of the details.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    /// Every field.
    #[default]
    Overview,
    /// The whole family.
    Lineage,
    /// The chain of faults.
    Error,
    /// What the task returned.
    Result,
    /// What the server noted down about the task.
    Events,
    /// All that the server sent.
    Json,
}

impl Tab {
    /// All of them, from left to right.
    pub const ALL: [Self; 6] = [
        Self::Overview,
        Self::Lineage,
        Self::Error,
        Self::Result,
        Self::Events,
        Self::Json,
    ];

    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Lineage => "Lineage",
            Self::Error => "Error",
            Self::Result => "Result",
            Self::Events => "Events",
            Self::Json => "JSON",
        }
    }

    /// The tab so many further right, round and round.
    #[must_use]
    pub fn turned(self, by: usize) -> Self {
        let mut tabs = Self::ALL.into_iter().cycle();
        tabs.nth(self as usize + by).unwrap_or(self)
    }
}

/// The details: which page, and how far it is scrolled.
#[derive(Debug, Default)]
pub struct Details {
    /// The page.
    pub tab: Tab,
    /// The first line that is seen.
    pub top: usize,
    /// Whose details were shown last; another task begins at the top.
    pub subject: Option<RowId>,
}

/// What lies over the panels and has the keys.
#[derive(Debug)]
pub enum Popup {
    /// Whether a task can be cancelled.
    Cancel(CancelDialog),
    /// The orders to choose from.
    Sort {
        /// Which one is pointed at, by its place in [`SortColumn::ALL`].
        chosen: usize,
    },
    /// The columns to choose from.
    Columns(ColumnEditor),
    /// The keys.
    Help {
        /// The first line that is seen.
        top: usize,
    },
    /// The notifications of this session.
    Notices {
        /// The first line that is seen.
        top: usize,
    },
    /// The metrics of vtask's own running.
    Figures {
        /// The first line that is seen.
        top: usize,
    },
    /// A line being typed.
    Prompt(Prompt),
    /// What can be copied.
    Copy {
        /// Which one is pointed at, by its place in [`Clip::ALL`](super::clipboard::CopyItem::ALL).
        chosen: usize,
    },
    /// The filters with names to choose from.
    Filters {
        /// Which one is pointed at, by its place among [`saved_filters`](super::saved_filters).
        chosen: usize,
    },
    /// The commands to choose from.
    Palette(CommandPalette),
    /// All tasks in numbers, in the place of list and details.
    Summary(Box<SummaryPage>),
}

/// What a line is being typed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptKind {
    /// To watch further tasks.
    Add,
    /// To write the rows to a file of that name.
    Export,
    /// To keep the filter in force under that name.
    Name,
    /// To show only tasks that match a filter.
    Filter(Box<FilterPrompt>),
}

/// A line being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What for.
    pub purpose: PromptKind,
    /// The line.
    pub line: TextInput,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// What a click hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClickTarget {
    /// A row of the list.
    Row(RowId),
    /// The fold mark of a row.
    FoldMark(RowId),
    /// The name of a column.
    Column(SortColumn),
    /// An entry of the column editor.
    ColumnEntry(usize),
    /// A tab.
    Tab(Tab),
    /// The text of the details.
    Details,
    /// The border between list and details.
    Border,
    /// A member of the family in the cancel dialog.
    Member(Handle),
    /// An entry of the sort menu.
    Order(usize),
    /// A filter that has a name.
    SavedFilter(usize),
    /// An entry of the summary.
    Summed(usize),
    /// A command of the palette.
    Command(usize),
    /// An entry of the menu of what can be copied.
    Copied(usize),
    /// Something with a key.
    Action(Action),
}

/// What was drawn last: what clicks hit, and how long the scrolled texts are.
#[derive(Debug, Default)]
pub struct FrameMap {
    /// What clicks hit; later ones lie over earlier ones.
    pub targets: Vec<(Rect, ClickTarget)>,
    /// How far the details can be scrolled.
    pub details_end: usize,
    /// How far the popup's text can be scrolled.
    pub popup_end: usize,
}

/// Everything that the screen shows.
#[derive(Debug)]
pub struct AppState {
    /// What was decided at the start.
    pub options: Options,
    /// Which key does what.
    pub keymap: Keymap,
    /// The terminal's size.
    pub size: Size,
    /// What is kept while one looks back; `store` and `row_model` are of the past then.
    pub time_travel: Option<Box<TimeTravel>>,
    /// The history while it is shown; what belongs to the store is of the past then, and what is now is kept in it.
    pub history: Option<Box<HistoryView>>,
    /// What stays of the history while it is not shown.
    pub last_query: history::LastHistoryQuery,
    /// What changed.
    pub undo_log: UndoLog,
    /// All tasks.
    pub store: TaskStore,
    /// How long operations usually take.
    pub typical: TypicalDurations,
    /// Which of them are rows, and in which order.
    pub row_model: RowModel,
    /// Which columns the list has.
    pub columns: Columns,
    /// The endpoints, in the order in which they were named.
    pub servers: Vec<ServerState>,
    /// The selected row.
    pub selection: Selection,
    /// Which panels share the screen.
    pub pane_mode: PaneMode,
    /// Where the details are, and how large.
    pub pane_split: PaneSplit,
    /// The details of the selected task.
    pub details: Details,
    /// What lies over the panels.
    pub popup: Option<Popup>,
    /// What can be said of the tasks that are seen.
    pub insights: InsightCache,
    /// The metrics of vtask's own running, as fresh as they need to be while they are shown.
    pub metrics: MetricsReport,
    /// Requests for cancellation that were sent from here.
    pub cancel_requests: HashMap<Handle, CancelRequest>,
    /// What is known of the account's right to cancel.
    pub privileges: HashMap<Handle, Privilege>,
    /// How far the search for the family of a task is, or was when it was followed.
    pub family_states: HashMap<Handle, FamilyState>,
    /// What is looked up for the details that are open.
    pub subscription: DetailSubscription,
    /// The events of tasks, as they were told last; or why they cannot be told.
    pub events: HashMap<Handle, Result<Arc<[TaskEvent]>, Arc<str>>>,
    /// What the virtual machines of tasks ask.
    pub questions: HashMap<Handle, PendingQuestion>,
    /// Why an endpoint's history does not tell how long operations usually take.
    pub typical_errors: HashMap<EndpointId, Arc<str>>,
    /// What the program had to say.
    pub notifications: Notifications,
    /// Whether reading is paused.
    pub paused: bool,
    /// What was drawn last.
    pub frame: FrameMap,
}

impl AppState {
    /// A screen without tasks, over these endpoints.
    ///
    /// # Errors
    /// When the key map that comes with the program does not read, which its tests rule out.
    pub fn new(
        options: Options,
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

    /// Whose keys count now.
    pub fn context(&self) -> Context {
        match (&self.popup, self.pane_mode) {
            (Some(Popup::Cancel(dialog)), _) if dialog.question.is_some() => Context::Confirm,
            (Some(Popup::Cancel(_)), _) => Context::Cancel,
            (Some(Popup::Sort { .. }), _) => Context::Order,
            (Some(Popup::Copy { .. }), _) => Context::Menu,
            (Some(Popup::Columns(_)), _) => Context::Columns,
            (Some(Popup::Help { .. } | Popup::Notices { .. } | Popup::Figures { .. }), _) => {
                Context::Reading
            }
            (Some(Popup::Prompt(_)), _) => Context::Prompt,
            (Some(Popup::Palette(_)), _) => Context::Palette,
            (Some(Popup::Filters { .. }), _) => Context::Filters,
            (Some(Popup::Summary(_)), _) => Context::Summary,
            (None, PaneMode::List | PaneMode::Both(Focus::List)) => Context::List,
            (None, PaneMode::Both(Focus::Details) | PaneMode::Details) => Context::Details,
        }
    }

    /// The selected task; none while a group is.
    pub fn selected(&self) -> Option<Handle> {
        self.selected_row()?.task()
    }

    /// The selected task or group.
    pub fn selected_row(&self) -> Option<RowId> {
        self.selection.selected(&self.row_model)
    }

    /// The selected task's record.
    pub fn selected_record(&self) -> Option<&Record> {
        self.store.get(self.selected()?)
    }

    /// An endpoint.
    pub fn server(&self, id: EndpointId) -> Option<&ServerState> {
        self.servers.iter().find(|server| server.id == id)
    }

    /// Whether nothing may be changed on an endpoint from here.
    pub fn is_read_only(&self, id: EndpointId) -> bool {
        self.options.read_only || self.server(id).is_some_and(|server| server.read_only)
    }

    /// What is known around the tasks, for filters. `clocks` are [`ServerClocks::of`] its servers.
    pub fn eval_context<'a>(&'a self, clocks: &'a ServerClocks<'a>) -> EvalContext<'a> {
        EvalContext {
            board: &self.store,
            typical: Some(&self.typical),
            endpoints: Some(clocks),
        }
    }

    /// The time by the clock of a task's server; it stands still while that is not heard of.
    pub fn time(&self, record: &Record, now: Timestamp) -> Timestamp {
        let server = self.server(record.id.endpoint);
        server.map_or(now, |server| server.time(now))
    }

    /// Whether what is shown of a task is older than it should be.
    pub fn is_stale(&self, record: &Record) -> bool {
        self.time_travel.is_none()
            && self
                .server(record.id.endpoint)
                .is_some_and(ServerState::is_stale)
    }

    /// The endpoint and moId of a task, for commands.
    pub fn endpoint_and_id(&self, handle: Handle) -> Option<(EndpointId, Arc<str>)> {
        let id = &self.store.get(handle)?.id;
        Some((id.endpoint, id.mo_id.clone()))
    }

    /// Brings selection and scrolling in line with what is there now.
    pub fn sync_selection(&mut self) {
        let areas = ScreenLayout::of(self);
        self.selection.settle(&self.row_model, areas.list.height);
        let selected = self.selected_row();
        if self.details.subject != selected {
            self.details.subject = selected;
            self.details.top = 0;
        }
    }
}
