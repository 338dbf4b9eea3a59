//! The command line.

use clap::{Args, Parser, Subcommand};

mod loadgen;
mod moment;

pub use loadgen::{Loadgen, Protocol, SignalName};
pub use moment::Moment;

/// OpenTelemetry in your own PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "mahavishnu-otel", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Receive OTLP, store it, answer questions.
    Serve(Serve),
    /// The same on a database of its own, fed with a small workload; and what to try next.
    Demo(Demo),
    /// List traces, newest first.
    Traces(Traces),
    /// Show one trace as a tree, with its logs in place.
    Trace(Trace),
    /// Find traces, or patterns, by what they mean.
    Search(Search),
    /// List the traces most like one.
    Similar(Similar),
    /// List groups of errors, the most frequent first.
    Errors(Errors),
    /// List patterns of log messages, span names and errors; or what is new, gone or changed.
    Patterns(Patterns),
    /// List services, what one of them does, or who calls whom.
    Services(Services),
    /// List log records, newest first.
    Logs(Logs),
    /// Print what a running server accepts, as it comes.
    Tail(Tail),
    /// List metrics, or the data points of one.
    Metrics(Metrics),
    /// Run one statement that reads; names of schema otel need no prefix.
    Sql(Sql),
    /// Show where everything listens, what is stored and what was refused.
    Status(Status),
    /// Answer an agent over MCP on standard input and output.
    Mcp(Mcp),
    /// Look at what a destination refused for good, send it again, or throw it away.
    #[command(subcommand)]
    Dlq(Dlq),
    /// Check whether any OTLP server receives as the specification says; exits with 1 where it does not.
    Conformance(Conformance),
    /// Send a load of telemetry to any OTLP server, and count what arrived.
    Loadgen(Loadgen),
    /// Bring the database's schema up to date.
    Migrate(Migrate),
    /// Look at the settings.
    #[command(subcommand)]
    Config(Config),
    /// Print what a shell needs to complete these commands.
    Completions(Completions),
    /// Print the manual page, or write one for each command.
    Man(Man),
}

#[derive(Debug, Args)]
pub struct Conformance {
    /// Where the server takes OTLP/HTTP.
    #[arg(long, value_name = "URL", default_value = "http://localhost:4318")]
    pub target: String,
    /// Where it takes OTLP/gRPC; port 4317 of the same host where HTTP is at 4318, otherwise not checked.
    #[arg(long, value_name = "URL")]
    pub grpc: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell.
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct Man {
    /// Write mahavishnu-otel.1 and a page for each command into this directory.
    #[arg(value_name = "DIR")]
    pub dir: Option<std::path::PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Dlq {
    /// List the oldest dead letters.
    List(DlqList),
    /// Send all dead letters again, each to the destination that refused it.
    Replay(DlqAll),
    /// Throw all dead letters away.
    Purge(DlqAll),
}

#[derive(Debug, Args)]
pub struct DlqList {
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct DlqAll {
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Default, Args)]
pub struct Serve {
    /// Where to store: embedded:DIR or a postgresql:// URL.
    #[arg(long, value_name = "LOCATION")]
    pub storage: Option<String>,
    /// Where to listen for OTLP/gRPC; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT")]
    pub grpc: Option<String>,
    /// Where to listen for OTLP/HTTP; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT")]
    pub http: Option<String>,
    /// Where to listen for questions; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT")]
    pub api: Option<String>,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Keep the database in this directory; otherwise it is gone at the end.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<std::path::PathBuf>,
    /// Store the workload, print one trace and end.
    #[arg(long)]
    pub once: bool,
    /// Where to listen for OTLP/gRPC; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT")]
    pub grpc: Option<String>,
    /// Where to listen for OTLP/HTTP; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT")]
    pub http: Option<String>,
    /// Where to listen for questions; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT")]
    pub api: Option<String>,
}

/// Whom to ask, and how to show the answer.
#[derive(Clone, Debug, Default, Args)]
pub struct Ask {
    /// Ask the server whose API is here. Default: the one of the settings, if it runs.
    #[arg(long, value_name = "URL", conflicts_with = "storage")]
    pub url: Option<String>,
    /// Ask a database: embedded:DIR or a postgresql:// URL.
    #[arg(long, value_name = "LOCATION")]
    pub storage: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// A span of time and a number of rows.
#[derive(Clone, Debug, Default, Args)]
pub struct Window {
    /// Not before: 15m, 2h, 7d, or a time such as 2026-11-23T10:00Z.
    #[arg(long, value_name = "TIME")]
    pub since: Option<Moment>,
    /// Before, likewise.
    #[arg(long, value_name = "TIME")]
    pub until: Option<Moment>,
    /// At most so many rows.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

#[derive(Debug, Args)]
pub struct Traces {
    /// Of this service.
    #[arg(long)]
    pub service: Option<String>,
    /// Whose root has this name.
    #[arg(long)]
    pub operation: Option<String>,
    /// With a failing span.
    #[arg(long)]
    pub errors: bool,
    /// Of this status: ok, error or unset.
    #[arg(long)]
    pub status: Option<String>,
    /// That took at least so many milliseconds.
    #[arg(long, value_name = "MS")]
    pub min_duration: Option<f64>,
    /// That took at most so many milliseconds.
    #[arg(long, value_name = "MS")]
    pub max_duration: Option<f64>,
    /// With a span that has this attribute; may be given several times.
    #[arg(long = "attribute", value_name = "KEY=VALUE")]
    pub attributes: Vec<String>,
    /// With a span, error or log record of this pattern: its 16 hex digits.
    #[arg(long, value_name = "ID")]
    pub pattern: Option<String>,
    /// Draw how many there were over time instead; the last day, unless --since says otherwise.
    #[arg(long, conflicts_with = "facets")]
    pub histogram: bool,
    /// Show what the newest 500 have in common instead.
    #[arg(long)]
    pub facets: bool,
    #[command(flatten)]
    pub window: Window,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Trace {
    /// Its id: 32 hex digits.
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Search {
    /// What happened, in your words; "a quoted phrase", an id or a code is found exactly.
    pub text: String,
    /// Find patterns instead of traces.
    #[arg(long)]
    pub patterns: bool,
    /// Patterns of this kind: log, span or error.
    #[arg(long, requires = "patterns")]
    pub kind: Option<String>,
    /// Of this service.
    #[arg(long)]
    pub service: Option<String>,
    /// Spans of this name.
    #[arg(long, conflicts_with = "patterns")]
    pub operation: Option<String>,
    /// Spans of this status: ok, error or unset.
    #[arg(long, conflicts_with = "patterns")]
    pub status: Option<String>,
    /// Spans that took at least so many milliseconds.
    #[arg(long, value_name = "MS", conflicts_with = "patterns")]
    pub min_duration: Option<f64>,
    /// Spans that took at most so many milliseconds.
    #[arg(long, value_name = "MS", conflicts_with = "patterns")]
    pub max_duration: Option<f64>,
    /// Spans with this attribute; may be given several times.
    #[arg(long = "attribute", value_name = "KEY=VALUE", conflicts_with = "patterns")]
    pub attributes: Vec<String>,
    /// The least score of a trace.
    #[arg(long, value_name = "SCORE", conflicts_with = "patterns")]
    pub threshold: Option<f64>,
    #[command(flatten)]
    pub window: Window,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Similar {
    /// The trace: 32 hex digits.
    #[arg(value_name = "ID")]
    pub id: String,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Errors {
    /// Show this group, with traces that have it and traces that went well: its 16 hex digits.
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Of this service.
    #[arg(long)]
    pub service: Option<String>,
    #[command(flatten)]
    pub window: Window,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Patterns {
    /// Show this pattern alone: its 16 hex digits.
    #[arg(value_name = "ID", conflicts_with_all = ["new_since", "kind", "service"])]
    pub id: Option<String>,
    /// Show what is new, gone or came at another rate since this time, beside as long a time before.
    #[arg(long, value_name = "TIME", conflicts_with = "since")]
    pub new_since: Option<Moment>,
    /// Where the time before begins.
    #[arg(long, value_name = "TIME", requires = "new_since")]
    pub baseline: Option<Moment>,
    /// Of this kind: log, span or error.
    #[arg(long)]
    pub kind: Option<String>,
    /// Of this service.
    #[arg(long)]
    pub service: Option<String>,
    #[command(flatten)]
    pub window: Window,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Services {
    /// The service whose operations to list.
    pub name: Option<String>,
    /// Show who calls whom.
    #[arg(long, conflicts_with = "name")]
    pub map: bool,
    #[command(flatten)]
    pub window: Window,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Logs {
    /// With all these words in the message.
    #[arg(long)]
    pub text: Option<String>,
    /// Of this level or above: debug, info, warning, error, critical.
    #[arg(long, value_parser = level)]
    pub level: Option<i32>,
    /// Of this service.
    #[arg(long)]
    pub service: Option<String>,
    /// Of this trace.
    #[arg(long, value_name = "ID")]
    pub trace_id: Option<String>,
    /// Of this pattern: its 16 hex digits.
    #[arg(long, value_name = "ID")]
    pub pattern: Option<String>,
    /// With this attribute; may be given several times.
    #[arg(long = "attribute", value_name = "KEY=VALUE")]
    pub attributes: Vec<String>,
    /// Draw how many there were over time instead; the last day, unless --since says otherwise.
    #[arg(long)]
    pub histogram: bool,
    #[command(flatten)]
    pub window: Window,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Tail {
    /// Traces instead of log records, each when nothing more came of it for half a second.
    #[arg(long)]
    pub traces: bool,
    /// Errors alone: log records of severity ERROR or worse, traces with a failing span.
    #[arg(long)]
    pub errors: bool,
    /// Of this service.
    #[arg(long)]
    pub service: Option<String>,
    /// Log records at least of this level: trace, debug, info, warning, error or critical.
    #[arg(long, value_parser = level, conflicts_with = "traces")]
    pub level: Option<i32>,
    /// Whose message, or name of the trace, holds all these words.
    #[arg(long, value_name = "WORDS")]
    pub text: Option<String>,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Metrics {
    /// The metric whose data points to list.
    pub name: Option<String>,
    /// Of this service.
    #[arg(long)]
    pub service: Option<String>,
    /// Draw the metric over time instead: rate, sum, avg, min, max, count, p50, p95, p99, or auto.
    #[arg(long, value_name = "AGGREGATE", requires = "name", num_args = 0..=1, default_missing_value = "auto")]
    pub chart: Option<String>,
    /// Draw a line for each value of this label; of service, or of all labels with '*'.
    #[arg(long, value_name = "LABEL", requires = "chart")]
    pub by: Option<String>,
    /// Draw only series with this label; may be given several times.
    #[arg(long = "where", value_name = "KEY=VALUE", requires = "chart")]
    pub labels: Vec<String>,
    #[command(flatten)]
    pub window: Window,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Sql {
    /// The statement.
    pub sql: String,
    /// The value of $1, of $2 and so on; may be given several times.
    #[arg(long = "param", value_name = "VALUE")]
    pub params: Vec<String>,
    /// At most so many rows.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    pub ask: Ask,
}

#[derive(Debug, Args)]
pub struct Mcp {
    /// Ask the server whose API is here. Default: the one of the settings, if it runs.
    #[arg(long, value_name = "URL", conflicts_with = "storage")]
    pub url: Option<String>,
    /// Ask a database: embedded:DIR or a postgresql:// URL.
    #[arg(long, value_name = "LOCATION")]
    pub storage: Option<String>,
}

#[derive(Debug, Args)]
pub struct Migrate {
    /// Which database: embedded:DIR or a postgresql:// URL.
    #[arg(long, value_name = "LOCATION")]
    pub storage: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Say whether the settings are valid, and every mistake.
    Check,
    /// Show every setting and where it comes from; secrets are masked.
    Show {
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Print a JSON Schema of the settings file, for editors.
    Schema,
}

/// The least severity number of a level.
fn level(text: &str) -> Result<i32, String> {
    match text.to_ascii_lowercase().as_str() {
        "trace" => Ok(1),
        "debug" => Ok(5),
        "info" => Ok(9),
        "warning" | "warn" => Ok(13),
        "error" => Ok(17),
        "critical" | "fatal" => Ok(21),
        _ => Err("use debug, info, warning, error or critical".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
