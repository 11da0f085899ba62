//! Prints the accuracy of time estimates and of stall detection on generated runs with known durations.
//!
//! `cargo run --release --example estimates`

mod informed;
mod judge;
mod runs;

use runs::{CLASSES, Class};

const RUNS: usize = 5000;

/// Number of runs per class where every refresh is evaluated.
const REFRESHED_RUNS: usize = 50;

/// Seed of the evaluation. The constants of the estimates were chosen on runs of seed 4711.
const SEED: u64 = 20_261_126;

fn main() {
    println!("Results for runs of seed {SEED}; the constants were chosen on runs of seed 4711.\n");
    for with_history in [true, false] {
        let known = if with_history { "with" } else { "without" };
        println!(
            "Time left, {known} typical durations: {RUNS} runs per class; errors in % of the whole duration\n"
        );
        println!(
            "| class | at | naive | vtask | vtask ÷ naive | interval correct | answered | high ÷ low |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
        for class in CLASSES {
            for moment in judge::MOMENTS {
                let score = judge::score(class, moment, with_history, RUNS, SEED);
                println!(
                    "| {:?} | {:.0} % | {:.1} | {:.1} | {:.2} | {:.0} % | {:.0} % | {:.2} |",
                    class,
                    moment * 100.0,
                    score.naive * 100.0,
                    score.error * 100.0,
                    score.error / score.naive_there,
                    score.held * 100.0,
                    score.answered * 100.0,
                    score.width,
                );
            }
        }
        println!(
            "\nNoisy, reference estimator ÷ naive: {}\n",
            judge::MOMENTS
                .map(|moment| {
                    let (error, naive) = judge::informed(moment, with_history, RUNS, SEED);
                    format!("{:.2} at {:.0} %", error / naive, moment * 100.0)
                })
                .join(", ")
        );
    }
    println!(
        "Change of the estimate per refresh (5 s) beyond the elapsed time, in % of the estimate\n"
    );
    println!(
        "| class | with typical durations: median | 90 % | 99 % | without: median | 90 % | 99 % |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for class in CLASSES {
        let [with, without] =
            [true, false].map(|known| judge::steadiness(class, known, REFRESHED_RUNS, SEED));
        println!(
            "| {:?} | {:.2} | {:.2} | {:.1} | {:.2} | {:.2} | {:.1} |",
            class,
            with.median * 100.0,
            with.nine_in_ten * 100.0,
            with.most * 100.0,
            without.median * 100.0,
            without.nine_in_ten * 100.0,
            without.most * 100.0,
        );
    }
    println!();
    for with_history in [true, false] {
        let known = if with_history { "with" } else { "without" };
        println!("Stall detection, {known} typical durations\n");
        println!(
            "| class | false alarms | detected within twice the longest pause of the run | … of the operation | median, in longest pauses of the run |"
        );
        println!("| --- | --- | --- | --- | --- |");
        for class in [Class::OrdinaryPlateaus].into_iter().chain(CLASSES) {
            let stalls = judge::stalls(class, with_history, RUNS, SEED);
            println!(
                "| {:?} | {:.1} % | {:.0} % | {:.0} % | {:.2} |",
                class,
                stalls.false_alarms * 100.0,
                stalls.in_time * 100.0,
                stalls.in_time_for_operation * 100.0,
                stalls.delay
            );
        }
        println!();
    }
}
