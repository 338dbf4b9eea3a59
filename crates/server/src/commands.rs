//! Each command, from its arguments to its output.

use anyhow::Result;

use crate::{
    api::{ListQuery, LogQuery, MetricQuery, SeriesQuery, ServiceQuery, TraceQuery},
    cli::{self, Ask, Command, Config, Dlq, DlqAll, DlqList},
    configuration, output,
    progress::while_waiting,
    render, shapes,
    source::Source,
};

mod conformance;
mod demo;
mod loadgen;
mod mcp;
mod meaning;
mod migrate;
mod serve;
mod shell;
mod tail;

pub use loadgen::Report as LoadReport;

/// Runs a command to its end.
pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(arguments) => serve::run(&arguments).await,
        Command::Demo(arguments) => demo::run(&arguments).await,
        Command::Migrate(arguments) => migrate::run(&arguments).await,
        Command::Mcp(arguments) => mcp::run(arguments).await,
        Command::Config(arguments) => config(&arguments),
        Command::Completions(arguments) => shell::completions(&arguments),
        Command::Man(arguments) => shell::man(&arguments),
        Command::Dlq(arguments) => dlq(arguments).await,
        Command::Conformance(arguments) => conformance::run(&arguments).await,
        Command::Loadgen(arguments) => loadgen::run(&arguments).await,
        Command::Traces(arguments) => traces(arguments).await,
        Command::Trace(arguments) => {
            let ask = &arguments.ask;
            answer(ask, async |source| source.trace(&arguments.id).await, render::trace).await
        }
        Command::Search(arguments) => meaning::search(arguments).await,
        Command::Similar(arguments) => meaning::similar(&arguments).await,
        Command::Errors(arguments) => meaning::errors(arguments).await,
        Command::Patterns(arguments) => meaning::patterns(arguments).await,
        Command::Services(arguments) => meaning::services(arguments).await,
        Command::Logs(arguments) => logs(arguments).await,
        Command::Tail(arguments) => tail::run(arguments).await,
        Command::Metrics(arguments) => metrics(arguments).await,
        Command::Sql(arguments) => {
            let params = arguments.params.into_iter().map(value).collect();
            let limit = arguments.limit as usize;
            let request = shapes::SqlRequest { sql: arguments.sql, params, limit };
            answer(&arguments.ask, async |source| source.sql(&request).await, render::sql).await
        }
        Command::Status(arguments) => {
            answer(&arguments.ask, async |source| source.status().await, render::status).await
        }
    }
}

/// A value of the command line: JSON where it is, a text otherwise.
fn value(text: String) -> serde_json::Value {
    serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text))
}

async fn dlq(arguments: Dlq) -> Result<()> {
    match arguments {
        Dlq::List(DlqList { limit, ask }) => {
            let query = ListQuery { limit: limit as usize };
            answer(&ask, async |source| source.dead_letters(&query).await, |all| render::dead_letters(all))
                .await
        }
        Dlq::Replay(DlqAll { ask }) => {
            let table = |count: &shapes::DeadLetterCount| render::dead_letter_count(*count, "sent again");
            answer(&ask, async |source| source.replay_dead_letters().await, table).await
        }
        Dlq::Purge(DlqAll { ask }) => {
            let table = |count: &shapes::DeadLetterCount| render::dead_letter_count(*count, "thrown away");
            answer(&ask, async |source| source.purge_dead_letters().await, table).await
        }
    }
}

async fn traces(arguments: cli::Traces) -> Result<()> {
    let query = TraceQuery {
        service: arguments.service,
        operation: arguments.operation,
        errors: arguments.errors,
        status: arguments.status,
        min_duration_ms: arguments.min_duration,
        max_duration_ms: arguments.max_duration,
        attributes: pairs(&arguments.attributes),
        pattern_id: arguments.pattern,
        since: arguments.window.since,
        until: arguments.window.until,
        limit: arguments.window.limit as usize,
        ..TraceQuery::default()
    };
    let ask = &arguments.ask;
    if arguments.histogram {
        return answer(ask, async |source| source.trace_histogram(&query).await, render::trace_histogram)
            .await;
    }
    if arguments.facets {
        return answer(ask, async |source| source.trace_facets(&query).await, render::facets).await;
    }
    answer(ask, async |source| source.traces(&query).await, |traces| render::traces(traces)).await
}

async fn logs(arguments: cli::Logs) -> Result<()> {
    let query = LogQuery {
        text: arguments.text,
        trace_id: arguments.trace_id,
        min_severity: arguments.level,
        service: arguments.service,
        pattern_id: arguments.pattern,
        attributes: pairs(&arguments.attributes),
        since: arguments.window.since,
        until: arguments.window.until,
        limit: arguments.window.limit as usize,
        ..LogQuery::default()
    };
    let ask = &arguments.ask;
    if arguments.histogram {
        return answer(ask, async |source| source.log_histogram(&query).await, render::log_histogram).await;
    }
    answer(ask, async |source| source.logs(&query).await, |logs| render::logs(logs)).await
}

/// `key=value` pairs as the API takes them.
fn pairs(attributes: &[String]) -> Option<String> {
    (!attributes.is_empty()).then(|| attributes.join(","))
}

async fn metrics(arguments: cli::Metrics) -> Result<()> {
    let Some(name) = arguments.name else {
        let query = ServiceQuery { service: arguments.service };
        return answer(
            &arguments.ask,
            async |source| source.metrics(&query).await,
            |all| render::metrics(all),
        )
        .await;
    };
    if let Some(aggregate) = arguments.chart {
        let query = SeriesQuery {
            name,
            service: arguments.service,
            since: arguments.window.since,
            until: arguments.window.until,
            aggregate: (aggregate != "auto").then_some(aggregate),
            group_by: arguments.by,
            labels: pairs(&arguments.labels),
            step_ms: None,
        };
        let ask = &arguments.ask;
        return answer(ask, async |source| source.metric_series(&query).await, render::metric_series).await;
    }
    let query = MetricQuery {
        name,
        service: arguments.service,
        since: arguments.window.since,
        until: arguments.window.until,
        limit: arguments.window.limit as usize,
        ..MetricQuery::default()
    };
    answer(&arguments.ask, async |source| source.metric_points(&query).await, |points| render::points(points))
        .await
}

/// Opens the source, asks it, and shows the answer as it was asked for.
async fn answer<T: serde::Serialize>(
    ask: &Ask,
    question: impl AsyncFnOnce(&Source) -> Result<T>,
    table: impl FnOnce(&T) -> String,
) -> Result<()> {
    let source = while_waiting("opening", Source::open(ask)).await?;
    let answered = while_waiting("asking", question(&source)).await;
    source.close().await;
    let answered = answered?;
    if ask.json { output::json(&answered) } else { output::text(&table(&answered)) }
}

fn config(arguments: &Config) -> Result<()> {
    let load = || configuration::load(&[]);
    match arguments {
        Config::Schema => output::json(&mahavishnu_observability::schema()),
        Config::Check => {
            load()?;
            output::text("the settings are valid\n")
        }
        Config::Show { json: false } => output::text(&render::config(&load()?.shown)),
        Config::Show { json: true } => {
            let loaded = load()?;
            let shown: Vec<serde_json::Value> = loaded
                .shown
                .iter()
                .map(|one| serde_json::json!({"key": one.key, "value": one.value, "origin": one.origin}))
                .collect();
            output::json(&shown)
        }
    }
}
