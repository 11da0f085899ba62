//! Benchmark of the core: parsing responses, applying changes to the task store and its rows, and drawing the screen.
//!
//! `cargo bench --bench core` prints tables (memory per task, p50 and p99 of single frames) and then criterion's
//! results. `cargo bench --bench core -- timeline` prints the table of the timeline; `-- draw` only runs the benchmarks
//! whose name contains `draw`, without the tables.

#![expect(clippy::unwrap_used, reason = "a failed benchmark aborts")]

mod screen;
mod tables;
mod wire;

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, Throughput};
use crossterm::event::KeyCode;
use vtask::{
    task::row_model::{Layout, SortColumn},
    vim::types::UpdateSet,
};

use crate::{
    screen::{CASES, SIZES, Stage, arrange, key, screen, tell},
    tables::{print_draws, print_memory, print_timeline_draws},
    wire::{changes, read_task, task, update_set},
};

fn main() {
    let is_plain = std::env::args()
        .skip(1)
        .all(|argument| argument == "--bench");
    if is_plain {
        print_memory();
        print_draws();
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
    press(&mut criterion);
    criterion.final_summary();
}

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
        for column in [SortColumn::Urgency, SortColumn::Progress] {
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
                case.arrange(&mut stage.screen);
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
                    case.arrange(&mut stage.screen);
                    if name == "filter" {
                        key(&mut stage.screen, KeyCode::Char('/'));
                    }
                    bencher.iter(|| {
                        key(&mut stage.screen, keys.next().unwrap());
                        stage.draw();
                    });
                    key(&mut stage.screen, KeyCode::Esc);
                });
            }
        }
    }
    group.finish();
}
