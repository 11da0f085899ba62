//! Benchmark of the core: parsing responses, applying changes to the task store and its rows, and drawing the screen.
//!
//! `cargo bench --bench core` prints tables (memory per task, p50 and p99 of single frames) and then criterion's
//! results. `cargo bench --bench core -- timeline` prints the table of the timeline, `-- keys` that of the keys; `-- draw`
//! only runs the benchmarks whose name contains `draw`, without the tables. `-- repeat NAME COUNT` parses a body COUNT
//! times and nothing else, for callgrind: the difference between two counts is the cost of parsing. benches/README.md has
//! results.

#![expect(clippy::unwrap_used, reason = "a failed benchmark aborts")]
#![expect(clippy::cast_precision_loss, reason = "sizes are small")]

mod bodies;
mod screen;
mod tables;
mod wire;

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, Throughput};
use crossterm::event::KeyCode;
use vtask::task::row_model::{Layout, SortColumn};

use crate::{
    screen::{BenchTerminal, CASES, SIZES, apply_changes, key, screen, set_view},
    tables::{print_draws, print_keys, print_memory, print_timeline_draws},
    wire::{changes, update_set},
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(index) = arguments.iter().position(|argument| argument == "repeat") {
        repeat(&arguments[index + 1], arguments[index + 2].parse().unwrap());
        return;
    }
    if arguments.iter().any(|argument| argument == "keys") {
        print_keys();
        return;
    }
    if let Some(index) = arguments.iter().position(|argument| argument == "memory") {
        bodies::print_memory_of(&arguments[index + 1]);
        return;
    }
    let is_plain = std::env::args()
        .skip(1)
        .all(|argument| argument == "--bench");
    if is_plain {
        bodies::print_memory();
        print_memory();
        print_draws();
        print_keys();
    }
    if is_plain || std::env::args().any(|argument| argument == "timeline") {
        print_timeline_draws();
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
        .sample_size(30)
        .configure_from_args();
    parse(&mut criterion);
    apply(&mut criterion);
    draw(&mut criterion);
    key_to_frame(&mut criterion);
    criterion.final_summary();
}

/// Repeats one operation, for tools that count instructions: `changes` makes 100 changes of 10,000 tasks, `apply` also
/// applies them, `draw` also draws the screen; any other name is that of a body to parse.
fn repeat(name: &str, count: usize) {
    if !["changes", "apply", "draw"].contains(&name) {
        bodies::repeat(name, count);
        return;
    }
    let mut terminal = BenchTerminal::new(10_000);
    for number in 0..count {
        let start = number * 100 % 10_000;
        let changes = black_box(changes(&update_set(start..start + 100, number % 100)));
        if name != "changes" {
            apply_changes(&mut terminal.screen, changes);
        }
        if name == "draw" {
            terminal.draw();
        }
    }
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for body in bodies::BODIES {
        let text = (body.text)();
        group.throughput(Throughput::Elements(body.items));
        group.bench_function(body.name, |bencher| {
            bencher.iter(|| (body.parse)(black_box(text.as_bytes())));
        });
    }
    group.finish();
}

fn apply(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("apply to 10000");
    let mut state = None;
    for layout in [Layout::Tree, Layout::Flat] {
        for column in [SortColumn::Urgency, SortColumn::Progress] {
            for size in [100, 10_000] {
                let mut percent = 0;
                let mut start = 0;
                group.throughput(Throughput::Elements(size as u64));
                group.bench_function(format!("{layout:?}/{column:?}/{size}"), |bencher| {
                    let state = state.get_or_insert_with(|| screen(10_000));
                    set_view(state, layout, column, "");
                    let changes = || {
                        percent = (percent + 1) % 100;
                        start = (start + size) % 10_000;
                        changes(&update_set(start..start + size, percent))
                    };
                    bencher.iter_batched(
                        changes,
                        |changes| apply_changes(state, changes),
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
        let mut terminal = None;
        for case in CASES {
            group.bench_function(format!("{size}/{}", case.name()), |bencher| {
                let terminal = terminal.get_or_insert_with(|| BenchTerminal::new(size));
                case.set_view(&mut terminal.screen);
                bencher.iter(|| terminal.draw());
            });
        }
    }
    group.finish();
}

fn key_to_frame(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("key to frame");
    let keys = [
        ("move", [KeyCode::Up, KeyCode::Down]),
        ("filter", [KeyCode::Char('7'), KeyCode::Backspace]),
    ];
    for size in SIZES {
        let mut terminal = None;
        for (name, keys) in keys {
            for case in [&CASES[0], &CASES[5]] {
                let mut keys = keys.into_iter().cycle();
                group.bench_function(format!("{size}/{}/{name}", case.name()), |bencher| {
                    let terminal = terminal.get_or_insert_with(|| BenchTerminal::new(size));
                    case.set_view(&mut terminal.screen);
                    if name == "filter" {
                        key(&mut terminal.screen, KeyCode::Char('/'));
                    }
                    bencher.iter(|| {
                        key(&mut terminal.screen, keys.next().unwrap());
                        terminal.draw();
                    });
                    key(&mut terminal.screen, KeyCode::Esc);
                });
            }
        }
    }
    group.finish();
}
