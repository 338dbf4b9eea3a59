//! Metrics, services, rows of a statement, and how the server is.

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Item, Listing, Piece, Section, plain, single, text},
    arguments::Given,
    lists::{again, asked, listing, ms, query},
    quoted::lean,
    refusal::Refusal,
    seat::Seat,
};
use crate::{shapes, source::Source};

/// Points and rows are counted so far; see the lists.
const COUNTED: usize = 1000;

/// What can be said of each step of a series.
pub const AGGREGATES: &[&str] = &["rate", "sum", "avg", "min", "max", "count", "p50", "p95", "p99"];

/// Says what goes only with a course over time.
const OF_SERIES: [&str; 3] = ["step_ms", "group_by", "labels"];

pub async fn metrics(source: &Source, given: &Given) -> Result<Answer, Refusal> {
    let budget = given.whole("max_chars");
    if given.text("name").is_some() {
        if given.text("aggregate").is_some() {
            return series(source, given).await;
        }
        given.without(&OF_SERIES, "goes only with aggregate")?;
        let points = source
            .metric_points(&query(asked(given, &["name", "service", "since", "until"], COUNTED))?)
            .await?;
        let listing = listing("query_metrics", "points", "newest first", given, points, COUNTED, point_line);
        return Ok(listing.fit(budget));
    }
    given.without(&["aggregate", "since", "until"], "goes only with name")?;
    given.without(&OF_SERIES, "goes only with name and aggregate")?;
    let mut service = asked(given, &["service"], 0);
    service.remove("limit");
    let metrics = source.metrics(&query(service)?).await?;
    let line = |metric: &shapes::MetricSummary| {
        let last = metric.last_time.map(|time| format!("last {}", time.utc())).unwrap_or_default();
        vec![
            text(&metric.name),
            plain(&metric.kind),
            text(metric.unit.as_deref().unwrap_or_default()),
            plain(format!("{} series {last}", metric.series)),
            Piece::Json(json!(metric.services)),
            text(metric.description.as_deref().unwrap_or_default()),
        ]
    };
    let listing = listing("query_metrics", "metrics", "by name", given, metrics, usize::MAX / 2, line);
    Ok(listing.hinting("The points of one: query_metrics with its name.").fit(budget))
}

/// A metric over time.
async fn series(source: &Source, given: &Given) -> Result<Answer, Refusal> {
    let mut wanted =
        asked(given, &["name", "service", "aggregate", "step_ms", "group_by", "since", "until", "labels"], 0);
    wanted.remove("limit");
    if let Some(labels) = wanted.remove("labels") {
        wanted.insert("where".to_owned(), labels);
    }
    let metric = source.metric_series(&query(wanted)?).await?;
    let line = |series: &shapes::Series| {
        let known: Vec<f64> = series.points.iter().filter_map(|(_, value)| *value).collect();
        let least = known.iter().copied().fold(f64::INFINITY, f64::min);
        let most = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let facts = match known.last() {
            Some(last) => format!("{} known steps, last {last}, least {least}, most {most}:", known.len()),
            None => "no known step".to_owned(),
        };
        let points: Vec<Value> = series.points.iter().map(|(_, value)| json!(value)).collect();
        vec![plain("series"), Piece::Json(json!(series.labels)), plain(facts), Piece::Json(points.into())]
    };
    let facts = format!(
        "{} of steps of {} ms from {}, oldest first; {} more series were not made{}.",
        metric.aggregate,
        metric.step_ms,
        metric.start.utc(),
        metric.left_out,
        if metric.complete { "" } else { "; the oldest data points were not read" },
    );
    let unit = text(metric.unit.as_deref().unwrap_or_default());
    let mut head = vec![vec![plain(facts), plain("Unit"), unit]];
    let traces: Vec<&str> = metric.exemplars.iter().map(|exemplar| exemplar.trace_id.as_str()).collect();
    if !traces.is_empty() {
        head.push(vec![plain("Exemplar traces, latest first:"), Piece::Json(json!(traces))]);
    }
    let about = lean(json!(metric), &["series", "name", "exemplars"]);
    let mut listing =
        listing("query_metrics", "series", "largest first", given, metric.series, usize::MAX / 2, line);
    listing.head = head;
    listing.facts = about.as_object().cloned().unwrap_or_default();
    Ok(listing.fit(given.whole("max_chars")))
}

fn point_line(point: &shapes::MetricPoint) -> Vec<Piece> {
    let mut line = vec![plain(format!("{} {}", point.timestamp.utc(), point.kind)), text(&point.service)];
    let number = |name: &str, value: Option<Value>| value.map(|value| format!("{name} {value}"));
    let numbers = [
        number("value", point.value.clone()),
        number("count", point.count.map(Value::from)),
        number("sum", point.sum.clone()),
        number("min", point.min.clone()),
        number("max", point.max.clone()),
    ];
    line.push(plain(numbers.into_iter().flatten().collect::<Vec<_>>().join(" ")));
    line.push(Piece::Json(point.attributes.clone()));
    line.extend(point.unit.as_ref().map(text));
    let traces: Vec<&str> =
        point.exemplars.iter().filter_map(|exemplar| exemplar["trace_id"].as_str()).collect();
    if !traces.is_empty() {
        line.extend([plain("exemplar traces"), Piece::Json(json!(traces))]);
    }
    line
}

pub async fn services(source: &Source, given: &Given) -> Result<Answer, Refusal> {
    let mut window = asked(given, &["since", "until"], 0);
    window.remove("limit");
    let services = source.services(&query(window.clone())?).await?;
    let map = source.service_map(&query(window.clone())?).await?;
    let operations = match given.text("service") {
        Some(name) => source.operations(&name, &query(asked(given, &["since", "until"], COUNTED))?).await?,
        None => Vec::new(),
    };
    let mut items: Vec<Item> = services.iter().map(service_item).collect();
    items.extend(map.calls.iter().map(call_item));
    items.extend(operations.iter().map(operation_item));
    let mut sections = vec![Section::new("services", services.len()), Section::new("calls", map.calls.len())];
    if given.text("service").is_some() {
        sections.push(Section::new("operations", operations.len()));
    }
    let offset = given.whole("offset");
    let listing = Listing {
        sections,
        order: "most spans or calls first",
        items: items.into_iter().skip(offset).collect(),
        offset,
        limit: usize::MAX,
        head: vec![vec![plain(format!("The calls are those of the latest {} traces.", map.traces))]],
        facts: Map::from_iter([("traces".to_owned(), map.traces.into())]),
        again: again("service_map", given),
        hint: None,
    };
    Ok(listing.fit(given.whole("max_chars")))
}

fn service_item(service: &shapes::ServiceSummary) -> Item {
    let facts = format!(
        "{} spans, {} errors, {} logs, mean {}",
        service.spans,
        service.errors,
        service.logs,
        ms(service.mean_duration_ms)
    );
    Item { section: 0, line: vec![plain("service"), text(&service.name), plain(facts)], data: json!(service) }
}

fn call_item(call: &shapes::Call) -> Item {
    let facts = format!(
        "{} calls, {} errors, p50 {}, p95 {}",
        call.calls,
        call.errors,
        ms(call.p50_ms),
        ms(call.p95_ms)
    );
    let line = vec![plain("call"), text(&call.caller), plain("->"), text(&call.called), plain(facts)];
    Item { section: 1, line, data: json!(call) }
}

fn operation_item(operation: &shapes::Operation) -> Item {
    let facts = format!(
        "{} spans, {} errors, p50 {}, p95 {}, p99 {}",
        operation.spans,
        operation.errors,
        ms(operation.p50_ms),
        ms(operation.p95_ms),
        ms(operation.p99_ms)
    );
    let line = vec![plain("operation"), text(&operation.name), plain(facts)];
    Item { section: 2, line, data: json!(operation) }
}

pub async fn sql(source: &Source, given: &Given) -> Result<Answer, Refusal> {
    let request = shapes::SqlRequest {
        sql: given.text("sql").unwrap_or_default(),
        params: given.list("params"),
        limit: asked(given, &[], COUNTED)["limit"]
            .as_u64()
            .and_then(|limit| usize::try_from(limit).ok())
            .unwrap_or(1),
    };
    let shapes::SqlResult { columns, rows, truncated } = source.sql(&request).await?;
    let line = |row: &Vec<Value>| vec![Piece::Json(json!(row))];
    let mut listing = listing("run_sql", "rows", "as the statement orders them", given, rows, COUNTED, line);
    for section in &mut listing.sections {
        section.at_least = truncated;
    }
    listing.head = vec![vec![plain("Columns:"), Piece::Json(json!(columns))]];
    listing.facts = Map::from_iter([("columns".to_owned(), json!(columns))]);
    Ok(listing.fit(given.whole("max_chars")))
}

pub async fn status(seat: &Seat, given: &Given) -> Result<Answer, Refusal> {
    let status = seat.status().await?;
    let mut head = vec![vec![plain(format!("mahavishnu-otel {}", status.version))]];
    if let Some(storage) = &status.storage {
        let facts = format!(
            "holds {} traces, {} spans, {} logs, {} data points in {} bytes",
            storage.traces, storage.spans, storage.logs, storage.points, storage.database_bytes
        );
        head.push(vec![plain("Database"), text(&storage.location), plain(facts)]);
    }
    if let Some(error) = &status.storage_error {
        head.push(vec![plain("The database can not be asked now:"), text(error)]);
    }
    if let Some(spool) = &status.spool {
        let facts =
            format!("Spool: {} of {} bytes wait for destinations", spool.used_bytes, spool.budget_bytes);
        head.push(vec![plain(facts)]);
    }
    for entry in status.ledger.iter().flatten() {
        let facts = format!(
            "{}: {} accepted, {} refused, {} rejected, {} repeated since the start",
            entry.signal, entry.accepted, entry.refused, entry.rejected, entry.repeated
        );
        head.push(vec![plain(facts)]);
    }
    for destination in status.destinations.iter().flatten() {
        let sum =
            |count: fn(&shapes::DeliveryEntry) -> u64| destination.ledger.iter().map(count).sum::<u64>();
        let facts = format!(
            "breaker {}, {} requests wait, {} records stored, {} dead letters, {} dropped",
            destination.breaker,
            destination.waiting_requests,
            sum(|entry| entry.stored),
            sum(|entry| entry.dead_lettered),
            sum(|entry| entry.dropped),
        );
        head.push(vec![plain("Destination"), text(&destination.name), plain(facts)]);
    }
    Ok(single(&head, &json!(status), &again("otel_status", given), given.whole("max_chars")))
}
