//! Prints the accuracy of time estimates and of stall detection on generated runs with known durations.
//!
//! `cargo bench --bench estimates -- [RUNS [SEED]]`

mod accuracy;
mod classes;
mod reference;
mod runs;

use accuracy::Knowledge;
use classes::{CLASSES, Class, HELD_OUT};

/// Number of runs per class where every refresh is evaluated.
const REFRESHED_RUNS: usize = 50;

/// Seed of the evaluation. The constants of the estimates were chosen on runs of seed 4711.
const SEED: u64 = 20_261_129;

const KNOWLEDGE: [(Knowledge, &str); 5] = [
    (Knowledge::Durations, "typical durations"),
    (Knowledge::Nothing, "nothing"),
    (
        Knowledge::Curves(1),
        "typical durations and one progress curve",
    ),
    (
        Knowledge::Curves(10),
        "typical durations and ten progress curves",
    ),
    (Knowledge::OnlyCurves(1), "one progress curve"),
];

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let runs = arguments.next().and_then(|count| count.parse().ok());
    let runs = runs.unwrap_or(2000);
    let seed = arguments.next().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(SEED);
    println!("{runs} runs per class, seed {seed}. The constants were chosen on runs of seed 4711.");
    println!("No constant was chosen on {HELD_OUT:?}.");
    for (known, text) in KNOWLEDGE {
        print_accuracy(known, text, runs, seed);
    }
    print_steadiness(seed);
    for (known, text) in KNOWLEDGE {
        print_stalls(known, text, runs, seed);
    }
}

fn all_classes() -> impl Iterator<Item = Class> {
    CLASSES
        .into_iter()
        .chain(HELD_OUT)
        .chain([Class::MuchSlower])
}

fn print_accuracy(known: Knowledge, text: &str, runs: usize, seed: u64) {
    println!("\nTime left, known: {text}. Errors in % of the whole duration\n");
    println!(
        "| class | at | naive | vtask | vtask ÷ naive | interval correct | answered | high ÷ low |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for class in all_classes() {
        let scores = accuracy::scores(class, known, runs, seed);
        for (moment, score) in accuracy::MOMENTS.into_iter().zip(scores) {
            println!(
                "| {class:?} | {:.0} % | {:.1} | {:.1} | {:.2} | {:.0} % | {:.0} % | {:.2} |",
                moment * 100.0,
                score.naive * 100.0,
                score.error * 100.0,
                score.error / score.comparable_naive,
                score.covered * 100.0,
                score.estimated * 100.0,
                score.width,
            );
        }
    }
    let with_history = match known {
        Knowledge::Durations => true,
        Knowledge::Nothing => false,
        _ => return,
    };
    let ratios = accuracy::MOMENTS.map(|moment| {
        let (error, naive) = accuracy::reference_errors(moment, with_history, runs, seed);
        format!("{:.2} at {:.0} %", error / naive, moment * 100.0)
    });
    println!(
        "\nNoisy, reference estimator ÷ naive: {}",
        ratios.join(", ")
    );
}

fn print_steadiness(seed: u64) {
    let known = [
        Knowledge::Durations,
        Knowledge::Nothing,
        Knowledge::Curves(10),
    ];
    println!(
        "\nChange of the best estimate per refresh (5 s) beyond the elapsed time, in % of the estimate: median, 90 %, \
         99 %\n"
    );
    println!("| class | typical durations | nothing | typical durations and ten curves |");
    println!("| --- | --- | --- | --- |");
    for class in all_classes() {
        let cells = known.map(|known| {
            let steadiness = accuracy::steadiness(class, known, REFRESHED_RUNS, seed);
            let percent =
                [steadiness.median, steadiness.p90, steadiness.p99].map(|part| part * 100.0);
            format!("{:.2}, {:.2}, {:.1}", percent[0], percent[1], percent[2])
        });
        println!("| {class:?} | {} |", cells.join(" | "));
    }
}

fn print_stalls(known: Knowledge, text: &str, runs: usize, seed: u64) {
    println!("\nStall detection, known: {text}\n");
    println!(
        "| class | false alarms | detected within twice the longest pause of the run | … of the operation | median, \
         in longest pauses of the run |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for class in [Class::OrdinaryPlateaus].into_iter().chain(all_classes()) {
        let stalls = accuracy::stalls(class, known, runs, seed);
        println!(
            "| {class:?} | {:.1} % | {:.0} % | {:.0} % | {:.2} |",
            stalls.false_alarms * 100.0,
            stalls.in_time * 100.0,
            stalls.in_time_for_operation * 100.0,
            stalls.delay
        );
    }
}
