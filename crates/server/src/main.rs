//! The binary: OpenTelemetry in your own PostgreSQL.
//!
//! | module | answers |
//! |---|---|
//! | `cli` | what can be typed |
//! | `commands` | what each command does |
//! | `serve` | a running server |
//! | `api` | what it answers over HTTP |
//! | `mcp` | the same for agents |
//! | `source` | whom a command asks: a server or a database |
//! | `shapes` | the JSON of both |
//! | `render` | the same for people |
//! | `conformance` | checks of any OTLP server |
//! | `demo` | a small workload |
//! | `loadgen` | a large one |
//! | `configuration`, `failure`, `output`, `progress` | settings in, exit codes and text out |

mod api;
mod cli;
mod commands;
mod configuration;
mod conformance;
mod demo;
mod failure;
mod loadgen;
mod mcp;
mod output;
mod page;
mod progress;
mod render;
mod serve;
mod shapes;
mod source;

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use tracing_subscriber::EnvFilter;

// Decoding OTLP is allocation; this one takes two thirds of the time of the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    log_to_stderr();
    // Nothing else of this process may choose another; a second choice would be refused.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    match commands::run(cli.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::debug!(?error, "failed");
            anstream::eprintln!("{}: {error:#}", "error");
            failure::exit_code(&error)
        }
    }
}

/// Events of warning and above, unless `RUST_LOG` says otherwise.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,deadpool=error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
