//! `tail`: what a running server accepts, line by line.

use anyhow::Result;
use serde_json::Value;

use crate::{api::TailQuery, cli, output, render, shapes, source::Source};

/// Prints what comes until the server ends, or whoever reads the output.
pub async fn run(arguments: cli::Tail) -> Result<()> {
    let signal = if arguments.traces { "traces" } else { "logs" };
    let query = TailQuery {
        signal: Some(signal.to_owned()),
        service: arguments.service,
        min_severity: arguments.level,
        text: arguments.text,
        errors: arguments.errors,
    };
    let source = Source::open(&arguments.ask).await?;
    let json = arguments.ask.json;
    source.tail(&query, |event, data| print(event, data, json)).await
}

/// Prints an event; says whether anybody still reads.
fn print(event: &str, data: &str, json: bool) -> Result<bool> {
    if json {
        let data: Value = serde_json::from_str(data)?;
        return output::line(&serde_json::json!({"event": event, "data": data}).to_string());
    }
    match event {
        "log" => output::line(&render::log_line(&serde_json::from_str::<shapes::LogRecord>(data)?)),
        "trace" => output::line(&render::trace_line(&serde_json::from_str::<shapes::TraceSummary>(data)?)),
        "skipped" => {
            let count = serde_json::from_str::<Value>(data)?["count"].as_u64().unwrap_or(0);
            output::line(&render::skipped_line(count))
        }
        _ => Ok(true),
    }
}
