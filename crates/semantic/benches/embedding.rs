//! How fast patterns become vectors: `cargo bench -p mahavishnu-semantic --bench embedding`.
//!
//! On one thread, the mined patterns of the recorded logs, prepared as for the database.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

#[path = "../tests/support/loghub.rs"]
mod loghub;

use std::{collections::BTreeSet, fs, process::ExitCode, time::Instant};

use loghub::{SYSTEMS, load};
use mahavishnu_semantic::{Embedder, Miner, Model, prepare};

const PATTERNS_PER_SECOND: f64 = 100.0;
const LOAD_SECONDS: f64 = 0.3;
const MEGABYTES: f64 = 120.0;

fn main() -> ExitCode {
    let before = resident_megabytes();
    let begun = Instant::now();
    let model = match Model::bundled() {
        Ok(model) => model,
        Err(error) => {
            println!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let load_seconds = begun.elapsed().as_secs_f64();

    let mut texts = BTreeSet::new();
    for system in SYSTEMS {
        let mut miner = Miner::new("bench");
        for (line, _) in load(system).unwrap_or_default() {
            miner.mine(&line);
        }
        texts.extend(miner.patterns().iter().map(|pattern| prepare(&pattern.to_string())));
    }
    if texts.is_empty() {
        println!("no recorded logs beside this checkout: nothing was measured");
        return ExitCode::SUCCESS;
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let begun = Instant::now();
    for batch in texts.chunks(64) {
        if let Err(error) = model.embed(batch) {
            println!("{error}");
            return ExitCode::FAILURE;
        }
    }
    let speed = texts.len() as f64 / begun.elapsed().as_secs_f64();
    let memory = resident_megabytes() - before;
    println!("{} patterns: {speed:.0} patterns/s (at least {PATTERNS_PER_SECOND:.0})", texts.len());
    println!("loaded in {load_seconds:.3} s (under {LOAD_SECONDS} s)");
    println!("resident {memory:.0} MB more (under {MEGABYTES:.0} MB)");
    let held = speed >= PATTERNS_PER_SECOND && load_seconds < LOAD_SECONDS && memory < MEGABYTES;
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What this process holds in memory, as Linux counts it.
fn resident_megabytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1024.0
}
