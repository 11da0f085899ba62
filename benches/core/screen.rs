//! Application state and terminal used by the benchmarks.

use std::{
    io::{Sink, sink},
    ops::Range,
    time::Instant,
};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    layout::{Rect, Size},
};
use vtask::{
    app::{Event, Options, Screen, update},
    task::{
        Labels, ServerId, TaskChange,
        row_model::{Layout, Sort, SortColumn, View},
    },
    ui::{self, Appearance},
    vim::types::OperationLabel,
    watch::{ConnectionState, ServerFacts, Update},
};

use crate::wire::{OPERATIONS, now, read_task, task};

pub(crate) const SERVER: ServerId = ServerId(0);
pub(crate) const SCREEN: Rect = Rect::new(0, 0, 200, 60);

pub(crate) const SIZES: [usize; 3] = [100, 10_000, 100_000];

/// Combination of layout, sort order and filter.
pub(crate) struct Case {
    layout: Layout,
    column: SortColumn,
    filter: &'static str,
}

pub(crate) const CASES: [Case; 8] = {
    const fn case(layout: Layout, column: SortColumn, filter: &'static str) -> Case {
        Case {
            layout,
            column,
            filter,
        }
    }
    use Layout::{Flat, Tree};
    use SortColumn::{Progress, Urgency};
    [
        case(Tree, Urgency, ""),
        case(Tree, Progress, ""),
        case(Tree, Urgency, "disks"),
        case(Tree, Progress, "disks"),
        case(Flat, Urgency, ""),
        case(Flat, Progress, ""),
        case(Flat, Urgency, "disks"),
        case(Flat, Progress, "disks"),
    ]
};

impl Case {
    pub(crate) fn name(&self) -> String {
        let mut name = match self.layout {
            Layout::Tree => "tree".to_owned(),
            Layout::Flat => "list".to_owned(),
        };
        if self.column != SortColumn::Urgency {
            name.push_str(" sorted");
        }
        if !self.filter.is_empty() {
            name.push_str(" filtered");
        }
        name
    }

    pub(crate) fn set_view(&self, state: &mut Screen) {
        set_view(state, self.layout, self.column, self.filter);
    }
}

/// Sets the view and selects the last row, the most expensive one to reach.
pub(crate) fn set_view(screen: &mut Screen, layout: Layout, column: SortColumn, filter: &str) {
    let sort = Sort::by(column, column == SortColumn::Progress);
    let filter = vtask::task::Filter::words(filter);
    let task_view = screen.state.view_mut();
    let store = &task_view.store;
    task_view.row_model.set_view(
        View {
            layout,
            sort,
            filter,
            ..View::default()
        },
        store,
    );
    task_view.row_model.finish(store);
    key(screen, KeyCode::End);
}

/// Application state with the program's terminal backend, whose output is discarded.
pub(crate) struct BenchTerminal {
    pub(crate) screen: Screen,
    appearance: Appearance,
    terminal: Terminal<CrosstermBackend<Sink>>,
}

impl BenchTerminal {
    pub(crate) fn new(tasks: usize) -> Self {
        let screen = screen(tasks);
        let appearance = Appearance::new(&screen.state.options);
        let viewport = Viewport::Fixed(SCREEN);
        let backend = CrosstermBackend::new(sink());
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
        Self {
            screen,
            appearance,
            terminal,
        }
    }

    /// Draws a frame like the program does, with cached insights for the visible tasks.
    pub(crate) fn draw(&mut self) {
        self.screen.refresh_insights(now());
        let mut drawn = None;
        self.terminal
            .draw(|frame| drawn = Some(ui::draw(&self.screen, &self.appearance, frame, now())))
            .unwrap();
        self.screen.state.frame = drawn.unwrap();
    }
}

/// Returns the state of a connected screen with `tasks` tasks.
pub(crate) fn screen(tasks: usize) -> Screen {
    let mut screen = empty_screen();
    fill(&mut screen, 0..tasks);
    screen
}

pub(crate) fn empty_screen() -> Screen {
    let servers = [(SERVER, "vc01.lab".to_owned())];
    let mut screen = Screen::new(Options::default(), servers);
    screen.state.size = Size::new(SCREEN.width, SCREEN.height);
    let facts = ServerFacts {
        host: "vc01.lab".to_owned(),
        release: "9.0.0.0".to_owned(),
        user: "ops@vsphere.local".to_owned(),
        ..ServerFacts::default()
    };
    let labels = OPERATIONS.map(|(description_id, label)| OperationLabel {
        description_id: description_id.to_owned(),
        label: label.to_owned(),
    });
    for server_update in [
        Update::Server(Box::new(facts)),
        Update::Connection(ConnectionState::Live),
        Update::Labels(Labels::new(labels.into())),
    ] {
        update(
            &mut screen,
            Event::ServerUpdate(SERVER, server_update),
            now(),
        );
    }
    screen
}

pub(crate) fn fill(state: &mut Screen, numbers: Range<usize>) {
    for number in numbers {
        let info = Box::new(read_task(&task(number).to_string()));
        apply_changes(state, vec![TaskChange::Full { info, at: now() }]);
    }
}

pub(crate) fn apply_changes(state: &mut Screen, changes: Vec<TaskChange>) {
    let since = Instant::now();
    update(
        state,
        Event::ServerUpdate(SERVER, Update::Tasks { changes, since }),
        now(),
    );
}

pub(crate) fn key(screen: &mut Screen, code: KeyCode) {
    key_event(screen, code.into());
}

pub(crate) fn key_event(screen: &mut Screen, key: KeyEvent) {
    update(screen, Event::Key(key), now());
}
