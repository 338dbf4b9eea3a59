//! Lists, each as a table.

use mahavishnu_observability::Shown;
use serde_json::Value;

use super::{
    table::Rows,
    text::{DIM, RED, count, duration, level_style, paint, printable},
};
use crate::{
    conformance::Finding,
    shapes::{
        DeadLetter, DeadLetterCount, Destination, LogRecord, MetricPoint, MetricSummary, SqlResult, Status,
        StorageStatus, TraceSummary,
    },
};

const BYTES_PER_MIB: f64 = 1024.0 * 1024.0;

/// A list of traces.
pub fn traces(traces: &[TraceSummary]) -> String {
    if traces.is_empty() {
        return "no traces match\n".to_owned();
    }
    let mut rows = Rows::new(&["=started", "=trace", "service", "name", ">duration", ">spans", ">errors"]);
    for trace in traces {
        let errors = match trace.errors {
            0 => String::new(),
            errors => paint(RED, &format!("\u{2717} {}", count(errors))),
        };
        let mark = if trace.root_missing { " (root missing)" } else { "" };
        rows.add([
            trace.start_time.local(),
            trace.trace_id.clone(),
            printable(&trace.service),
            printable(&trace.name) + mark,
            duration(trace.duration_ms),
            count(trace.spans),
            errors,
        ]);
    }
    rows.render()
}

/// A list of log records.
pub fn logs(logs: &[LogRecord]) -> String {
    if logs.is_empty() {
        return "no log records match\n".to_owned();
    }
    let mut rows = Rows::new(&["=time", "=level", "service", "message", "=trace"]);
    for log in logs {
        rows.add([
            log.timestamp.local(),
            paint(level_style(log.severity_number), &printable(&log.level)),
            printable(&log.service),
            printable(message(log)),
            paint(DIM, log.trace_id.as_deref().unwrap_or_default()),
        ]);
    }
    rows.render()
}

/// What a log record says, or what it is called.
pub fn message(log: &LogRecord) -> &str {
    log.message.as_deref().or(log.event_name.as_deref()).unwrap_or_default()
}

/// A list of metrics.
pub fn metrics(metrics: &[MetricSummary]) -> String {
    if metrics.is_empty() {
        return "no metrics match\n".to_owned();
    }
    let mut rows = Rows::new(&["metric", "type", "unit", "services", ">series", "=last point"]);
    for metric in metrics {
        rows.add([
            printable(&metric.name),
            metric.kind.clone(),
            printable(metric.unit.as_deref().unwrap_or_default()),
            printable(&metric.services.join(", ")),
            count(metric.series),
            metric.last_time.map(|time| time.local()).unwrap_or_default(),
        ]);
    }
    rows.render()
}

/// The data points of a metric.
pub fn points(points: &[MetricPoint]) -> String {
    if points.is_empty() {
        return "no data points match\n".to_owned();
    }
    let mut rows = Rows::new(&["=time", "service", ">value", "unit", "attributes"]);
    for point in points {
        rows.add([
            point.timestamp.local(),
            printable(&point.service),
            value(point),
            printable(point.unit.as_deref().unwrap_or_default()),
            printable(&attributes(&point.attributes)),
        ]);
    }
    rows.render()
}

fn value(point: &MetricPoint) -> String {
    match (&point.value, &point.count, &point.sum) {
        (Some(value), _, _) => value.to_string(),
        (None, Some(number), Some(sum)) => format!("{number} measured, sum {sum}"),
        (None, Some(number), None) => format!("{number} measured"),
        _ => String::new(),
    }
}

/// `key=value` for each attribute.
fn attributes(attributes: &Value) -> String {
    let pairs = attributes.as_object().into_iter().flatten();
    pairs.map(|(key, value)| format!("{key}={}", plain(value))).collect::<Vec<_>>().join(" ")
}

/// A string without its quotes, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The rows of a statement.
pub fn sql(result: &SqlResult) -> String {
    let columns: Vec<String> = result.columns.iter().map(|name| printable(name)).collect();
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut rows = Rows::new(&names);
    for row in &result.rows {
        rows.add(
            row.iter().map(|value| if value.is_null() { String::new() } else { printable(&plain(value)) }),
        );
    }
    let more = if result.truncated { ", and more that --limit leaves out" } else { "" };
    let plural = if result.rows.len() == 1 { "" } else { "s" };
    format!("{}{}\n", rows.render(), paint(DIM, &format!("({} row{plural}{more})", result.rows.len())))
}

/// How a server or a database is.
pub fn status(status: &Status) -> String {
    let mut rows = Rows::new(&["mahavishnu-otel", &status.version]);
    if let Some(addresses) = &status.addresses {
        rows.add(["OTLP/gRPC".to_owned(), addresses.grpc.clone()]);
        rows.add(["OTLP/HTTP".to_owned(), addresses.http.clone()]);
        rows.add(["API".to_owned(), addresses.api.clone()]);
    }
    if let Some(spool) = &status.spool {
        let (used, budget) = (mebibytes(spool.used_bytes), mebibytes(spool.budget_bytes));
        let place = spool.directory.as_deref().map_or_else(|| "memory".to_owned(), printable);
        rows.add(["spool".to_owned(), format!("{used} of {budget} in {place}")]);
    }
    if let Some(storage) = &status.storage {
        storage_rows(&mut rows, storage);
    }
    if let Some(error) = &status.storage_error {
        rows.add(["database".to_owned(), paint(RED, &printable(error))]);
    }
    let mut text = rows.render();
    if let Some(ledger) = &status.ledger {
        let mut rows = Rows::new(&["since start", ">accepted", ">refused", ">rejected", ">repeated"]);
        for entry in ledger {
            rows.add([
                entry.signal.clone(),
                count(entry.accepted),
                count(entry.refused),
                count(entry.rejected),
                count(entry.repeated),
            ]);
        }
        text.push('\n');
        text.push_str(&rows.render());
    }
    for destination in status.destinations.iter().flatten() {
        text.push('\n');
        text.push_str(&destination_table(destination));
    }
    text
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / BYTES_PER_MIB)
}

fn storage_rows(rows: &mut Rows, storage: &StorageStatus) {
    rows.add(["storage".to_owned(), printable(&storage.location)]);
    let vector = storage.pgvector_version.as_deref().unwrap_or("missing");
    let server = printable(&storage.server_version);
    rows.add(["database".to_owned(), format!("PostgreSQL {server}, pgvector {vector}")]);
    rows.add(["schema".to_owned(), format!("version {}", storage.schema_version)]);
    rows.add(["size".to_owned(), mebibytes(storage.database_bytes)]);
    let kept = [
        ("traces", storage.traces),
        ("spans", storage.spans),
        ("log records", storage.logs),
        ("data points", storage.points),
    ];
    for (name, number) in kept {
        rows.add([name.to_owned(), count(number)]);
    }
}

/// What became of what a destination was given, and how its breaker is.
fn destination_table(destination: &Destination) -> String {
    let name = printable(&destination.name);
    let mut rows = Rows::new(&[&name, ">stored", ">waiting", ">dead letters", ">dropped"]);
    for entry in &destination.ledger {
        rows.add([
            entry.signal.clone(),
            count(entry.stored),
            count(entry.waiting),
            count(entry.dead_lettered),
            count(entry.dropped),
        ]);
    }
    let trial = destination.next_trial_in_s.map(|seconds| format!(", next trial in {seconds:.0} s"));
    let lag = if destination.lag_seconds < 1.0 {
        String::new()
    } else {
        format!(", the oldest waits for {:.0} s", destination.lag_seconds)
    };
    let breaker = format!(
        "(breaker {}, {} failures{}, {} retries{lag})",
        printable(&destination.breaker),
        destination.failures,
        trial.unwrap_or_default(),
        count(destination.retries),
    );
    let error = destination.last_error.as_deref().zip(destination.last_error_at);
    let error = error.map(|(error, at)| format!("last error, {}: {}\n", at.local(), printable(error)));
    format!("{}{}\n{}", rows.render(), paint(DIM, &breaker), error.unwrap_or_default())
}

/// What destinations refused for good.
pub fn dead_letters(letters: &[DeadLetter]) -> String {
    if letters.is_empty() {
        return "no dead letters\n".to_owned();
    }
    let mut rows = Rows::new(&["=failed", "destination", ">id", "signal", ">records", "reason"]);
    for letter in letters {
        rows.add([
            letter.failed_at.local(),
            printable(&letter.destination),
            count(letter.id),
            printable(&letter.signal),
            count(letter.records),
            printable(&letter.reason),
        ]);
    }
    rows.render()
}

/// How many of them were handled.
pub fn dead_letter_count(count: DeadLetterCount, done: &str) -> String {
    let plural = if count.letters == 1 { "" } else { "s" };
    let unreadable = match count.unreadable {
        0 => String::new(),
        some => format!("; {some} can not be read by this version and stayed"),
    };
    format!("{} dead letter{plural} {done}{unreadable}\n", count.letters)
}

/// What the checks of a server found.
pub fn conformance(findings: &[Finding], grpc: bool) -> String {
    let mut rows = Rows::new(&["", "=check", "expected", "found"]);
    for finding in findings {
        let mark = if finding.passed { "\u{2713}".to_owned() } else { paint(RED, "\u{2717}") };
        let found = finding.found.as_deref().map(|found| paint(RED, &printable(found)));
        rows.add([mark, finding.check.clone(), finding.expected.clone(), found.unwrap_or_default()]);
    }
    let passed = findings.iter().filter(|finding| finding.passed).count();
    let without = if grpc { "" } else { "; gRPC was not checked: say where it is with --grpc" };
    format!("{}{}\n", rows.render(), paint(DIM, &format!("({passed} of {} passed{without})", findings.len())))
}

/// Every setting and where it comes from.
pub fn config(settings: &[Shown]) -> String {
    let mut rows = Rows::new(&["setting", "value", "from"]);
    for setting in settings {
        rows.add([
            setting.key.clone(),
            printable(&plain(&setting.value)),
            paint(DIM, &printable(&setting.origin)),
        ]);
    }
    rows.render()
}
