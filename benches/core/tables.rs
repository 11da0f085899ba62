//! Result tables: memory per task and duration of single frames.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use crossterm::event::KeyCode;
use vtask::metrics::resident_memory;

use crate::{
    screen::{CASES, SCREEN, SIZES, Stage, empty_screen, fill, key, tell},
    wire::{changes, update_set},
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

/// Prints the duration of single frames, with changes in between as sent by a busy server.
pub(crate) fn print_draws() {
    const FRAMES: usize = 2_000;
    let mut rows: Vec<Vec<[Duration; 3]>> = CASES.iter().map(|_| Vec::new()).collect();
    for size in SIZES {
        let mut stage = Stage::new(size);
        for (case, row) in CASES.iter().zip(&mut rows) {
            case.arrange(&mut stage.screen);
            let mut times: Vec<Duration> = (0..FRAMES)
                .map(|frame| {
                    let (start, percent) = (frame * 20 % size, frame % 100);
                    let changes = changes(&update_set(start..start + 20, percent));
                    tell(&mut stage.screen, changes);
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

/// Prints the duration of single frames of the timeline, beside those of the list.
pub(crate) fn print_timeline_draws() {
    const FRAMES: usize = 500;
    let percentiles = |stage: &mut Stage, size: usize| {
        let mut times: Vec<Duration> = (0..FRAMES)
            .map(|frame| {
                let (start, percent) = (frame * 20 % size, frame % 100);
                let changes = changes(&update_set(start..start + 20, percent));
                tell(&mut stage.screen, changes);
                let began = Instant::now();
                stage.draw();
                began.elapsed()
            })
            .collect();
        times.sort_unstable();
        let micros = |index: usize| times[index].as_secs_f64() * 1e6;
        format!(
            "{:.0} / {:.0} / {:.0}",
            micros(FRAMES / 2),
            micros(FRAMES * 99 / 100),
            micros(FRAMES - 1)
        )
    };
    println!("one frame of the list and of the timeline, p50 / p99 / max in µs:");
    for size in SIZES {
        let mut stage = Stage::new(size);
        let list = percentiles(&mut stage, size);
        let began = Instant::now();
        key(&mut stage.screen, KeyCode::Char('T'));
        let opened = began.elapsed().as_secs_f64() * 1e3;
        let timeline = percentiles(&mut stage, size);
        println!(
            "  {size:>6} tasks  list {list:>20}  timeline {timeline:>20}  opened in {opened:.1} ms"
        );
    }
    println!();
}
