//! Measures what the performance of this project is promised to be, beside its limits, on this machine.
//!
//! | module | answers |
//! |---|---|
//! | `process` | the binary as it runs: its time, its memory, its load |
//! | `postgres` | a server of its own, and what COPY makes of the same rows |
//! | `rounds` | ratios on a machine that others use as well |
//! | `sink` | an OTLP platform that throws everything away |
//! | `cases` | each line of the table |
//! | `table` | the table in docs/performance.md |
//!
//! The load generator and PostgreSQL share the machine with what is measured. What could not be run is said.

mod cases;
mod postgres;
mod process;
mod rounds;
mod sink;
mod table;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use postgres::Postgres;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Spans and log lines of one run.
    pub records: u64,
    /// How often each ratio is measured.
    pub rounds: usize,
    /// How long full load lasts where memory is measured.
    pub seconds: u64,
    /// Spans at which the rate is measured again; `None` leaves it out.
    pub growth: Option<u64>,
    /// Spans of the day that is dropped; `None` leaves it out.
    pub day: Option<u64>,
}

const QUICK: Size = Size { records: 300_000, rounds: 1, seconds: 10, growth: None, day: None };
const FULL: Size =
    Size { records: 2_000_000, rounds: 5, seconds: 60, growth: Some(20_000_000), day: Some(5_000_000) };

/// What the cases need.
#[derive(Debug)]
pub struct Bench {
    pub root: PathBuf,
    pub binary: PathBuf,
    pub size: Size,
    pub postgres: Postgres,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    pub case: &'static str,
    pub measured: String,
    /// What the limit is, in the same words.
    pub limit: &'static str,
    /// Whether it holds; `None` where it was not measured.
    pub holds: Option<bool>,
}

impl Line {
    pub fn new(case: &'static str, measured: String, limit: &'static str, holds: bool) -> Self {
        Self { case, measured, limit, holds: Some(holds) }
    }

    pub fn not_run(case: &'static str, why: &str, limit: &'static str) -> Self {
        Self { case, measured: format!("not run: {why}"), limit, holds: None }
    }
}

/// Builds the binary, runs every case and writes the table.
///
/// # Errors
///
/// When the binary can not be built or the table not be written; a case that fails is a line of the table.
#[expect(clippy::print_stdout, reason = "whoever waits for minutes wants to see what is measured")]
pub fn run(root: &Path, quick: bool, binary: Option<&Path>) -> Result<()> {
    let binary = match binary {
        Some(binary) => {
            ensure!(
                binary.is_file(),
                "there is no file {}: give --binary a mahavishnu-otel that was built",
                binary.display()
            );
            binary.to_owned()
        }
        None => build(root)?,
    };
    let size = if quick { QUICK } else { FULL };
    let bench = Bench { root: root.to_owned(), binary, size, postgres: Postgres::new(root)? };
    let mut lines = Vec::new();
    for (name, case) in cases::ALL {
        println!("{name} ...");
        match case(&bench) {
            Ok(measured) => {
                for line in &measured {
                    println!("    {}: {} (at least or at most: {})", line.case, line.measured, line.limit);
                }
                lines.extend(measured);
            }
            Err(error) => {
                println!("    failed: {error:#}");
                lines.push(Line::not_run(name, &format!("{error:#}"), ""));
            }
        }
    }
    table::write(&bench, quick, &lines)
}

/// The binary with everything in it, in release.
fn build(root: &Path) -> Result<PathBuf> {
    let status = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--bin",
            "mahavishnu-otel",
            "--message-format",
            "json-render-diagnostics",
        ])
        .current_dir(root)
        .output()
        .context("cargo does not start")?;
    ensure!(status.status.success(), "the binary does not build");
    let text = String::from_utf8(status.stdout)?;
    let executable = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back();
    executable.context("cargo names no binary")
}
