//! How well and how fast patterns are found: `cargo bench -p mahavishnu-semantic --bench mining`.
//!
//! Grouping accuracy as in Zhu et al., "Tools and Benchmarks for Automated Log Parsing" (ICSE-SEIP 2019): a line counts
//! where its group holds exactly the lines of its true group. One setting for all systems.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

#[path = "../tests/support/accuracy.rs"]
mod accuracy;
#[path = "../tests/support/loghub.rs"]
mod loghub;

use std::{hint::black_box, process::ExitCode, time::Instant};

use accuracy::grouping_accuracy;
use loghub::{SYSTEMS, load};
use mahavishnu_semantic::Miner;

const ACCURACY: f64 = 0.88;
const LINES_PER_SECOND: f64 = 200_000.0;

/// The lines of a system are few: they are mined so often.
const ROUNDS: usize = 50;

fn main() -> ExitCode {
    println!(
        "{:<12} {:>6} {:>9} {:>7} {:>7} {:>12}",
        "system", "lines", "accuracy", "groups", "true", "lines/s"
    );
    let (mut sum, mut systems, mut lines, mut seconds) = (0.0, 0.0, 0.0, 0.0);
    for system in SYSTEMS {
        let Some(data) = load(system) else { continue };
        let result = grouping_accuracy(&data);
        let begun = Instant::now();
        for _ in 0..ROUNDS {
            let mut miner = Miner::new("bench");
            for (line, _) in &data {
                black_box(miner.mine(line));
            }
        }
        let elapsed = begun.elapsed().as_secs_f64();
        let mined = (data.len() * ROUNDS) as f64;
        println!(
            "{system:<12} {:>6} {:>9.3} {:>7} {:>7} {:>12.0}",
            data.len(),
            result.accuracy,
            result.found,
            result.expected,
            mined / elapsed
        );
        sum += result.accuracy;
        systems += 1.0;
        lines += mined;
        seconds += elapsed;
    }
    if systems == 0.0 {
        println!("no recorded logs beside this checkout: nothing was measured");
        return ExitCode::SUCCESS;
    }
    let (accuracy, speed) = (sum / systems, lines / seconds);
    println!(
        "mean accuracy {accuracy:.3} (at least {ACCURACY}), {speed:.0} lines/s (at least {LINES_PER_SECOND:.0})"
    );
    if accuracy >= ACCURACY && speed >= LINES_PER_SECOND { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
