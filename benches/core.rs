//! What the core costs: reading what the server sends, applying it to the board and its rows, and drawing a screen.
//!
//! `cargo bench --bench core` prints tables first (memory a task, p50 and p99 of single frames), then criterion's
//! means; `cargo bench --bench core -- draw` measures only what has that in its name, without the tables.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has nothing to tell"
)]

use std::{
    fmt::Write,
    hint::black_box,
    io::{Sink, sink},
    time::{Duration, Instant},
};

use criterion::{BatchSize, Criterion, Throughput};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    layout::{Rect, Size},
};
use serde_json::{Value, json};
use vtask::{
    app::{Event, Options, State, update},
    figures::resident_memory,
    task::{
        EndpointId, Labels, TaskChange,
        outline::{Layout, Sort, SortColumn, View},
    },
    ui::{self, Look},
    vim::types::{OperationLabel, Path, TaskInfo, UpdateSet},
    watch::{Link, ServerFacts, Update},
};

const HERE: EndpointId = EndpointId(0);
const SCREEN: Rect = Rect::new(0, 0, 200, 60);

fn main() {
    let is_plain = std::env::args()
        .skip(1)
        .all(|argument| argument == "--bench");
    if is_plain {
        print_memory();
        print_draws();
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
        .sample_size(30)
        .configure_from_args();
    parse(&mut criterion);
    apply(&mut criterion);
    draw(&mut criterion);
    press(&mut criterion);
    criterion.final_summary();
}

// ---- What is measured

fn parse(criterion: &mut Criterion) {
    let info = task(7).to_string();
    criterion.bench_function("parse/TaskInfo", |bencher| {
        bencher.iter(|| read_task(black_box(&info)));
    });
    let set = update_set(0..100, 41);
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Elements(100));
    group.bench_function("UpdateSet of 100", |bencher| {
        bencher.iter(|| serde_json::from_str::<UpdateSet>(black_box(&set)).unwrap());
    });
    group.finish();
}

fn apply(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("apply to 10000");
    let mut state = None;
    for layout in [Layout::Tree, Layout::Flat] {
        for column in [SortColumn::Attention, SortColumn::Progress] {
            for size in [100, 10_000] {
                let mut percent = 0;
                let mut start = 0;
                group.throughput(Throughput::Elements(size as u64));
                group.bench_function(format!("{layout:?}/{column:?}/{size}"), |bencher| {
                    let state = state.get_or_insert_with(|| screen(10_000));
                    arrange(state, layout, column, "");
                    let changes = || {
                        percent = (percent + 1) % 100;
                        start = (start + size) % 10_000;
                        changes(&update_set(start..start + size, percent))
                    };
                    bencher.iter_batched(
                        changes,
                        |changes| tell(state, changes),
                        BatchSize::LargeInput,
                    );
                });
            }
        }
    }
    group.finish();
}

fn draw(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("draw");
    for size in SIZES {
        let mut stage = None;
        for case in CASES {
            group.bench_function(format!("{size}/{}", case.name()), |bencher| {
                let stage = stage.get_or_insert_with(|| Stage::new(size));
                case.arrange(&mut stage.state);
                bencher.iter(|| stage.draw());
            });
        }
    }
    group.finish();
}

fn press(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("key to frame");
    let keys = [
        ("move", [KeyCode::Up, KeyCode::Down]),
        ("filter", [KeyCode::Char('7'), KeyCode::Backspace]),
    ];
    for size in SIZES {
        let mut stage = None;
        for (name, keys) in keys {
            for case in [&CASES[0], &CASES[5]] {
                let mut keys = keys.into_iter().cycle();
                group.bench_function(format!("{size}/{}/{name}", case.name()), |bencher| {
                    let stage = stage.get_or_insert_with(|| Stage::new(size));
                    case.arrange(&mut stage.state);
                    if name == "filter" {
                        key(&mut stage.state, KeyCode::Char('/'));
                    }
                    bencher.iter(|| {
                        key(&mut stage.state, keys.next().unwrap());
                        stage.draw();
                    });
                    key(&mut stage.state, KeyCode::Esc);
                });
            }
        }
    }
    group.finish();
}

/// What a further task costs in memory, on the board and in the rows.
fn print_memory() {
    let resident = || resident_memory().unwrap_or_default();
    let mut state = empty_screen();
    let before = resident();
    fill(&mut state, 0..10_000);
    let few = resident();
    fill(&mut state, 10_000..110_000);
    let many = resident();
    println!("memory, board and rows:");
    println!(
        "  10000 tasks   {:>7} KB",
        few.saturating_sub(before) / 1024
    );
    println!(
        "  110000 tasks  {:>7} KB",
        many.saturating_sub(before) / 1024
    );
    println!(
        "  a further task {:>6} B\n",
        many.saturating_sub(few) / 100_000
    );
}

/// How long single frames take, with changes between them as a busy server sends them.
fn print_draws() {
    const FRAMES: usize = 2_000;
    let mut rows: Vec<Vec<[Duration; 3]>> = CASES.iter().map(|_| Vec::new()).collect();
    for size in SIZES {
        let mut stage = Stage::new(size);
        for (case, row) in CASES.iter().zip(&mut rows) {
            case.arrange(&mut stage.state);
            let mut times: Vec<Duration> = (0..FRAMES)
                .map(|frame| {
                    let (start, percent) = (frame * 20 % size, frame % 100);
                    let changes = changes(&update_set(start..start + 20, percent));
                    tell(&mut stage.state, changes);
                    let began = Instant::now();
                    stage.draw();
                    began.elapsed()
                })
                .collect();
            times.sort_unstable();
            row.push([
                times[FRAMES / 2],
                times[FRAMES * 99 / 100],
                times[FRAMES - 1],
            ]);
        }
    }
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "one frame of {}x{}, p50 / p99 / max in µs:",
        SCREEN.width, SCREEN.height
    );
    print!("  {:<16}", "tasks");
    for size in SIZES {
        print!("{size:>24}");
    }
    println!("{:>24}", "100000 : 100 (p50 p99)");
    for (case, row) in CASES.iter().zip(rows) {
        let mut line = format!("  {:<16}", case.name());
        for [p50, p99, max] in &row {
            let cell = format!(
                "{:.0} / {:.0} / {:.0}",
                micros(*p50),
                micros(*p99),
                micros(*max)
            );
            write!(line, "{cell:>24}").unwrap();
        }
        let [few, .., many] = &row[..] else { continue };
        let ratio = |which: usize| micros(many[which]) / micros(few[which]);
        println!("{line}{:>18.2} {:.2}", ratio(0), ratio(1));
    }
    println!();
}

// ---- The screen

const SIZES: [usize; 3] = [100, 10_000, 100_000];

/// A way to look at the tasks.
struct Case {
    layout: Layout,
    column: SortColumn,
    filter: &'static str,
}

const CASES: [Case; 8] = {
    const fn case(layout: Layout, column: SortColumn, filter: &'static str) -> Case {
        Case {
            layout,
            column,
            filter,
        }
    }
    use Layout::{Flat, Tree};
    use SortColumn::{Attention, Progress};
    [
        case(Tree, Attention, ""),
        case(Tree, Progress, ""),
        case(Tree, Attention, "disks"),
        case(Tree, Progress, "disks"),
        case(Flat, Attention, ""),
        case(Flat, Progress, ""),
        case(Flat, Attention, "disks"),
        case(Flat, Progress, "disks"),
    ]
};

impl Case {
    fn name(&self) -> String {
        let mut name = match self.layout {
            Layout::Tree => "tree".to_owned(),
            Layout::Flat => "list".to_owned(),
        };
        if self.column != SortColumn::Attention {
            name.push_str(" sorted");
        }
        if !self.filter.is_empty() {
            name.push_str(" filtered");
        }
        name
    }

    fn arrange(&self, state: &mut State) {
        arrange(state, self.layout, self.column, self.filter);
    }
}

/// Takes a view, and goes to the end of the list: no row is further away.
fn arrange(state: &mut State, layout: Layout, column: SortColumn, filter: &str) {
    let sort = Sort::by(column, column == SortColumn::Progress);
    let filter = vtask::task::Filter::words(filter);
    state.outline.arrange(
        View {
            layout,
            sort,
            filter,
            ..View::default()
        },
        &state.board,
    );
    key(state, KeyCode::End);
}

/// A screen and what it is drawn on: the terminal that the program draws on, with nobody who looks.
struct Stage {
    state: State,
    look: Look,
    terminal: Terminal<CrosstermBackend<Sink>>,
}

impl Stage {
    fn new(tasks: usize) -> Self {
        let state = screen(tasks);
        let look = Look::new(&state.options);
        let viewport = Viewport::Fixed(SCREEN);
        let backend = CrosstermBackend::new(sink());
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
        Self {
            state,
            look,
            terminal,
        }
    }

    /// A frame as the program draws it: what can be said of the tasks that are seen is looked up first, and kept.
    fn draw(&mut self) {
        self.state.look_ahead(now());
        let mut drawn = None;
        self.terminal
            .draw(|frame| drawn = Some(ui::draw(&self.state, &self.look, frame, now())))
            .unwrap();
        self.state.drawn = drawn.unwrap();
    }
}

/// A screen that is connected to a server and shows so many tasks.
fn screen(tasks: usize) -> State {
    let mut state = empty_screen();
    fill(&mut state, 0..tasks);
    state
}

fn empty_screen() -> State {
    let endpoints = [(HERE, "vc01.lab".to_owned())];
    let mut state = State::new(Options::default(), endpoints).unwrap();
    state.size = Size::new(SCREEN.width, SCREEN.height);
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
    for news in [
        Update::Server(Box::new(facts)),
        Update::Link(Link::Live),
        Update::Labels(Labels::new(labels.into())),
    ] {
        update(&mut state, Event::News(HERE, news), now());
    }
    state
}

fn fill(state: &mut State, places: std::ops::Range<usize>) {
    for place in places {
        let info = Box::new(read_task(&task(place).to_string()));
        tell(state, vec![TaskChange::Whole { info, at: now() }]);
    }
}

fn tell(state: &mut State, changes: Vec<TaskChange>) {
    let since = Instant::now();
    update(
        state,
        Event::News(HERE, Update::Tasks { changes, since }),
        now(),
    );
}

fn key(state: &mut State, code: KeyCode) {
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    update(state, Event::Key(key), now());
}

// ---- What the server sends

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn ago(seconds: usize) -> String {
    let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap());
    (now() - span).to_string()
}

fn mo_id(place: usize) -> String {
    format!("task-{}", 100_000 + place)
}

fn read_task(text: &str) -> TaskInfo {
    TaskInfo::from_json(serde_json::from_str(text).unwrap()).unwrap()
}

/// Operations, with what the server calls them.
const OPERATIONS: [(&str, &str); 5] = [
    ("VirtualMachine.relocate", "Relocate virtual machine"),
    ("VirtualMachine.clone", "Clone virtual machine"),
    ("Drm.ExecuteVMotionLRO", "Migrate virtual machine"),
    (
        "VirtualMachine.consolidateDisks",
        "Consolidate virtual machine disks",
    ),
    ("vm.copyDisks", "Copy disks"),
];

/// A task as a server sends it. They come in lineages of five (a root, two children, and two below the first of
/// those); of ten lineages six run, one waits, two are over, and one has failed.
fn task(place: usize) -> Value {
    let (lineage, member) = (place / 5, place % 5);
    let (operation, _) = OPERATIONS[match member {
        0 => lineage % 3,
        1 | 2 => 3,
        _ => 4,
    }];
    let key = mo_id(place);
    let mut info = json!({
        "_typeName": "TaskInfo", "key": key,
        "task": {"_typeName": "ManagedObjectReference", "type": "Task", "value": key},
        "name": "RelocateVM_Task", "descriptionId": operation,
        "entity": {"_typeName": "ManagedObjectReference", "type": "VirtualMachine", "value": format!("vm-{lineage}")},
        "entityName": format!("db-prod-{lineage:05}"),
        "state": "running", "cancelled": false, "cancelable": member == 0,
        "progress": place * 37 % 100,
        "description": {"_typeName": "LocalizableMessage", "key": "com.vmware.vim.vpxd.phase.copy",
            "message": format!("Copying disk {} of 5", member + 1)},
        "reason": {"_typeName": "TaskReasonUser", "userName": "VSPHERE.LOCAL\\load"},
        "queueTime": ago(lineage % 5000 + 60), "startTime": ago(lineage % 5000 + 50),
        "eventChainId": place
    });
    if member > 0 {
        let parent = place - [0, 1, 2, 2, 3][member];
        info["parentTaskKey"] = json!(mo_id(parent));
        info["rootTaskKey"] = json!(mo_id(place - member));
    }
    match lineage % 10 {
        6 => {
            info["state"] = json!("queued");
            info["startTime"] = Value::Null;
            info["progress"] = Value::Null;
        }
        7 | 8 => {
            info["state"] = json!("success");
            info["completeTime"] = json!(ago(lineage % 40));
        }
        9 => {
            info["state"] = json!("error");
            info["completeTime"] = json!(ago(lineage % 40));
            info["error"] = json!({"_typeName": "NoDiskSpace", "datastore": "vsan-01",
                "localizedMessage": "There is not enough space on the datastore vsan-01."});
        }
        _ => {}
    }
    info
}

/// An answer to a wait for changes: a new percentage for each of these tasks.
fn update_set(places: std::ops::Range<usize>, percent: usize) -> String {
    let objects: Vec<Value> = places
        .map(|place| {
            json!({
                "_typeName": "ObjectUpdate", "kind": "modify",
                "obj": {"_typeName": "ManagedObjectReference", "type": "Task", "value": mo_id(place)},
                "changeSet": [{
                    "_typeName": "PropertyChange", "name": "info.progress", "op": "assign",
                    "val": {"_typeName": "int", "_value": (percent + place) % 100}
                }]
            })
        })
        .collect();
    let filter = json!({"_typeName": "ManagedObjectReference", "type": "PropertyFilter",
        "value": "session[52b5c395]52d1a9f2"});
    let set = json!({
        "_typeName": "UpdateSet", "version": "42", "truncated": false,
        "filterSet": [{"_typeName": "PropertyFilterUpdate", "filter": filter, "objectSet": objects}]
    });
    set.to_string()
}

/// What an answer amounts to for the board.
fn changes(text: &str) -> Vec<TaskChange> {
    let set: UpdateSet = serde_json::from_str(text).unwrap();
    let objects = set
        .filter_set
        .into_iter()
        .flat_map(|filter| filter.object_set);
    objects
        .map(|object| TaskChange::Fields {
            mo_id: object.obj,
            fields: object
                .change_set
                .into_iter()
                .filter_map(|change| match change.into_parts() {
                    (Path::Field(field), value) => Some((field.into(), value)),
                    _ => None,
                })
                .collect(),
            at: now(),
        })
        .collect()
}
