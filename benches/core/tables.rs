//! Result tables: memory per task and duration of single frames.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use vtask::{
    app::{Event, update},
    metrics::resident_memory,
};

use crate::{
    screen::{
        BenchTerminal, CASES, SCREEN, SIZES, apply_changes, empty_screen, fill, key, key_event,
    },
    wire::{changes, now, update_set},
};

/// Prints the memory per additional task in the store and its rows.
pub(crate) fn print_memory() {
    let resident = || resident_memory().unwrap_or_default();
    let mut state = empty_screen();
    let before = resident();
    fill(&mut state, 0..10_000);
    let few = resident();
    fill(&mut state, 10_000..110_000);
    let many = resident();
    println!("memory of store and rows:");
    println!(
        "  10000 tasks   {:>7} KB",
        few.saturating_sub(before) / 1024
    );
    println!(
        "  110000 tasks  {:>7} KB",
        many.saturating_sub(before) / 1024
    );
    println!(
        "  per additional task {:>6} B\n",
        many.saturating_sub(few) / 100_000
    );
}

/// Returns the median, the 99th percentile and the maximum of the durations of single frames, with changes in between.
fn frame_times(terminal: &mut BenchTerminal, size: usize, frames: usize) -> [Duration; 3] {
    let mut times: Vec<Duration> = (0..frames)
        .map(|frame| {
            let (start, percent) = (frame * 20 % size, frame % 100);
            let changes = changes(&update_set(start..start + 20, percent));
            apply_changes(&mut terminal.screen, changes);
            let began = Instant::now();
            terminal.draw();
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    [frames / 2, frames * 99 / 100, frames - 1].map(|index| times[index])
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Prints the duration of single frames, with changes in between as sent by a busy server.
pub(crate) fn print_draws() {
    let mut rows: Vec<Vec<[Duration; 3]>> = CASES.iter().map(|_| Vec::new()).collect();
    for size in SIZES {
        let mut terminal = BenchTerminal::new(size);
        for (case, row) in CASES.iter().zip(&mut rows) {
            case.set_view(&mut terminal.screen);
            row.push(frame_times(&mut terminal, size, 2_000));
        }
    }
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
            let [p50, p99, max] = [p50, p99, max].map(|time| micros(*time));
            let cell = format!("{p50:.0} / {p99:.0} / {max:.0}");
            write!(line, "{cell:>24}").unwrap();
        }
        let [few, .., many] = &row[..] else { continue };
        let ratio = |index: usize| micros(many[index]) / micros(few[index]);
        println!("{line}{:>18.2} {:.2}", ratio(0), ratio(1));
    }
    println!();
}

/// Prints the duration of single frames of the timeline, next to those of the list.
pub(crate) fn print_timeline_draws() {
    let percentiles = |terminal: &mut BenchTerminal, size: usize| {
        let [p50, p99, max] = frame_times(terminal, size, 500).map(micros);
        format!("{p50:.0} / {p99:.0} / {max:.0}")
    };
    println!("one frame of the list and of the timeline, p50 / p99 / max in µs:");
    for size in SIZES {
        let mut terminal = BenchTerminal::new(size);
        let list = percentiles(&mut terminal, size);
        let began = Instant::now();
        key(&mut terminal.screen, KeyCode::Char('T'));
        let opened = began.elapsed().as_secs_f64() * 1e3;
        let timeline = percentiles(&mut terminal, size);
        println!(
            "  {size:>6} tasks  list {list:>20}  timeline {timeline:>20}  opened in {opened:.1} ms"
        );
    }
    println!();
}

/// Prints the time from each key of a session to its frame with 100,000 tasks.
pub(crate) fn print_keys() {
    const TASKS: usize = 100_000;
    const ROUNDS: usize = 20;
    let keys: Vec<(&str, KeyEvent)> = [
        ("down", KeyCode::Down),
        ("page down", KeyCode::PageDown),
        ("end", KeyCode::End),
        ("home", KeyCode::Home),
        ("/", KeyCode::Char('/')),
        ("filter: v", KeyCode::Char('v')),
        ("filter: vm", KeyCode::Char('m')),
        ("filter: vm-", KeyCode::Char('-')),
        ("backspace", KeyCode::Backspace),
        ("enter", KeyCode::Enter),
        ("/", KeyCode::Char('/')),
    ]
    .map(|(name, code)| (name, code.into()))
    .into_iter()
    .chain([(
        "clear filter",
        KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL),
    )])
    .chain(
        [
            ("enter", KeyCode::Enter),
            ("sort menu", KeyCode::Char('s')),
            ("down", KeyCode::Down),
            ("sort", KeyCode::Enter),
            ("flat list", KeyCode::Char('t')),
            ("tree", KeyCode::Char('t')),
        ]
        .map(|(name, code)| (name, code.into())),
    )
    .collect();
    let mut terminal = BenchTerminal::new(TASKS);
    let mut times = vec![[const { Vec::new() }; 3]; keys.len()];
    for _ in 0..ROUNDS {
        for ((_, event), [frame, step, complete]) in keys.iter().zip(&mut times) {
            let began = Instant::now();
            key_event(&mut terminal.screen, *event);
            terminal.draw();
            frame.push(began.elapsed());
            let mut longest = Duration::ZERO;
            while terminal.screen.state.view().row_model.is_outdated() {
                let step = Instant::now();
                update(&mut terminal.screen, Event::Tick, now());
                longest = longest.max(step.elapsed());
            }
            step.push(longest);
            terminal.draw();
            complete.push(began.elapsed());
        }
    }
    println!("a key with {TASKS} tasks, p50 / max of {ROUNDS} in µs:");
    let titles = [
        "to its frame",
        "longest step after it",
        "until all rows are shown",
    ];
    println!(
        "  {:<16} {:>20} {:>24} {:>24}",
        "", titles[0], titles[1], titles[2]
    );
    for ((name, _), times) in keys.into_iter().zip(times) {
        let cells = times.map(|mut times| {
            times.sort_unstable();
            let [median, max] = [ROUNDS / 2, ROUNDS - 1].map(|index| micros(times[index]));
            format!("{median:.0} / {max:.0}")
        });
        println!(
            "  {name:<16} {:>20} {:>24} {:>24}",
            cells[0], cells[1], cells[2]
        );
    }
    println!();
}
