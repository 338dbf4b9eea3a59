//! What hardly varies is stored once and comes back whole; days that are old go. On both engines.

use std::collections::BTreeMap;

use anyhow::Result;
use mahavishnu_pipeline::Exporter;
use mahavishnu_store::{
    PostgresExporter, QueryService, UnixNanos,
    query::{LogFilter, TraceFilter, TraceId},
    retention::{self, Keep},
};
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    trace::v1::Span,
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    engine::Engine,
    records::{NOW, SECOND, attribute, log, logs, resource, spans, text},
};

/// More than the writer looks at before it divides.
const SPANS: u64 = 200;

fn trace(number: u64) -> [u8; 16] {
    (u128::from(number) + 1).to_be_bytes()
}

/// A call whose method is the same in nearly all of them, and whose user is another each time.
fn call(number: u64) -> Span {
    let method = if number % 90 == 89 { "POST" } else { "GET" };
    Span {
        trace_id: trace(number).to_vec(),
        span_id: (number + 1).to_be_bytes().to_vec(),
        name: "GET /cart".to_owned(),
        start_time_unix_nano: NOW + number * SECOND / 10,
        end_time_unix_nano: NOW + number * SECOND / 10 + 1000,
        kind: 2,
        flags: 257,
        attributes: vec![
            attribute("method", method),
            attribute("user", &format!("user-{number}\u{e9}\"")),
            attribute("region", "eu"),
        ],
        ..Span::default()
    }
}

fn expected(number: u64) -> Value {
    let method = if number % 90 == 89 { "POST" } else { "GET" };
    json!({"method": method, "user": format!("user-{number}\u{e9}\""), "region": "eu"})
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn attributes_that_hardly_vary_are_stored_once_and_come_back_whole(
    #[case] engine: Engine,
) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let exporter = PostgresExporter::new(database.store().clone(), || UnixNanos(NOW));
    for first in (0..SPANS).step_by(50) {
        exporter.export(&[spans("shop", (first..first + 50).map(call).collect())]).await?;
    }
    let query = QueryService::new(database.store().clone());
    for number in 0..SPANS {
        let context = query.get_trace_context(TraceId(trace(number))).await?;
        let span = &context.spans[0];
        assert_eq!(span.attributes, expected(number), "span {number}");
        assert_eq!((span.kind, span.flags), (2, 257), "span {number}");
    }
    for (key, value, found) in [("method", "POST", 2), ("user", "user-150\u{e9}\"", 1), ("region", "us", 0)] {
        let attributes = serde_json::Map::from_iter([(key.to_owned(), json!(value))]);
        let filter = TraceFilter { attributes, limit: 10, ..TraceFilter::default() };
        assert_eq!(query.traces(&filter).await?.len(), found, "{key} is {value}");
    }
    let client = database.store().connection().await?;
    let row = client
        .query_one(
            "SELECT count(set_id), count(DISTINCT set_id), (SELECT count(*) FROM otel.attribute_set),
                    count(own_attributes), count(*) - count(coalesce(kind, flags, scope_id)),
                    (SELECT count(*) FROM otel.otel_traces WHERE attributes ->> 'region' = 'eu' AND kind = 'SERVER')
             FROM otel.span",
            &[],
        )
        .await?;
    let counts: Vec<i64> = (0..6).map(|index| row.get(index)).collect();
    let divided = i64::try_from(SPANS)? - 64;
    assert_eq!(counts, [divided, 2, 2, divided, divided, i64::try_from(SPANS)?]);
    drop(client);
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn attributes_of_log_records_come_back_whole(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let exporter = PostgresExporter::new(database.store().clone(), || UnixNanos(NOW));
    let record = |number: u64| LogRecord {
        attributes: vec![attribute("logger", "cart"), attribute("user", &number.to_string())],
        ..log("the cart was stored", NOW + number)
    };
    for first in (0..SPANS).step_by(100) {
        exporter.export(&[logs("shop", (first..first + 100).map(record).collect())]).await?;
    }
    let query = QueryService::new(database.store().clone());
    let filter = LogFilter { limit: 1000, ..LogFilter::default() };
    let found: BTreeMap<u64, Value> =
        query.logs(&filter).await?.into_iter().map(|log| (log.time.0 - NOW, log.attributes)).collect();
    assert_eq!(found.len() as u64, SPANS);
    for (number, attributes) in found {
        assert_eq!(attributes, json!({"logger": "cart", "user": number.to_string()}));
    }
    let attributes = serde_json::Map::from_iter([("user".to_owned(), json!("199"))]);
    let filter = LogFilter { attributes, limit: 1000, ..LogFilter::default() };
    assert_eq!(query.logs(&filter).await?.len(), 1);
    database.close().await
}

/// Records of one pattern, of which every tenth is odd in its own way.
fn lines() -> Vec<LogRecord> {
    let line = |number: u64| {
        let user = format!("user{number}\u{e9}");
        let message = format!("100% of cart {user} stored, {number} items: 'a%s'");
        let plain = LogRecord {
            severity_text: "Info".to_owned(),
            observed_time_unix_nano: NOW + number,
            trace_id: trace(number / 2).to_vec(),
            span_id: vec![1; 8],
            attributes: vec![attribute("n", &format!("\"{number},\u{1f}\u{e9}")), attribute("of", "all")],
            ..log(&message, NOW + number)
        };
        match number % 100 {
            70 => LogRecord { body: text(&message.replace(' ', "  ")), ..plain },
            71 => LogRecord { body: text(&format!("{message}\n")), ..plain },
            72 => LogRecord { body: text(&message.replace("user", "us\u{1f}er")), ..plain },
            73 => LogRecord { body: text(&message.replace("user", "us\0er")), ..plain },
            74 => LogRecord { severity_text: "N\0TICE".to_owned(), ..plain },
            75 => LogRecord { severity_text: String::new(), ..plain },
            76 => LogRecord { observed_time_unix_nano: 0, ..plain },
            77 => LogRecord { observed_time_unix_nano: NOW, ..plain },
            78 => LogRecord { flags: u32::MAX, ..plain },
            64 => LogRecord { body: text(&format!("{message}\u{1e}7")), ..plain },
            65 => LogRecord { body: text(&message.replace("user", "us\u{1e}er")), ..plain },
            66 => LogRecord {
                attributes: vec![attribute("n", "\u{1e}\u{1f}\0"), attribute("of", "all")],
                ..plain
            },
            79 => LogRecord { attributes: vec![attribute("lone", "yes")], ..plain },
            80 => LogRecord { body: None, event_name: "cart.stored".to_owned(), ..plain },
            _ => plain,
        }
    };
    (0..SPANS).map(line).collect()
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn messages_of_which_only_values_vary_are_stored_as_values_and_come_back_whole(
    #[case] engine: Engine,
) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let exporter = PostgresExporter::new(database.store().clone(), || UnixNanos(NOW));
    let sent = lines();
    for records in sent.chunks(50) {
        exporter.export(&[logs("shop", records.to_vec())]).await?;
    }
    let query = QueryService::new(database.store().clone());
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource("shop"),
            scope_logs: vec![ScopeLogs { log_records: sent.clone(), ..ScopeLogs::default() }],
            ..ResourceLogs::default()
        }],
    };
    let listed = query.logs(&LogFilter { limit: 1000, ..LogFilter::default() }).await?;
    let mut of_traces = Vec::new();
    for number in 0..SPANS / 2 {
        of_traces.extend(query.get_trace_context(TraceId(trace(number))).await?.logs);
    }
    for records in [&listed, &of_traces] {
        let mut found: Vec<String> = records.iter().map(crate::otlp::stored_log).collect();
        found.sort();
        assert_eq!(found, crate::otlp::sent_logs(&request));
    }

    let attributes = serde_json::Map::from_iter([("n".to_owned(), json!("\"150,\u{1f}\u{e9}"))]);
    let filter = LogFilter { attributes, limit: 10, ..LogFilter::default() };
    assert_eq!(query.logs(&filter).await?.len(), 1, "by an attribute that varies");

    let client = database.store().connection().await?;
    let row = client
        .query_one(
            "SELECT count(*) FILTER (WHERE l.message ~ '^100%\u{1f}user\\d+\u{e9}\u{1f}\\d+\u{1e}\"[^\u{1f}]*\"$' AND l.attributes IS NULL),
                    count(*) FILTER (WHERE l.severity_text IS NULL AND l.flags IS NULL AND l.scope_id IS NULL),
                    (SELECT count(*) FROM otel.otel_logs
                     WHERE message ~ '^100% of cart user\\d+\u{e9} stored, \\d+ items: ''a%s''$' AND severity_text = 'Info')
             FROM otel.log_record l",
            &[],
        )
        .await?;
    let counts: [i64; 3] = std::array::from_fn(|index| row.get(index));
    let all = i64::try_from(SPANS)?;
    let divided = all - 64;
    assert!(counts[0] > divided * 8 / 10, "{counts:?} of {divided} messages are values alone");
    assert!(counts[1] > divided * 8 / 10, "{counts:?} of {divided} rows leave columns to the set");
    assert_eq!(counts[2], all - 2 * 9, "as people see them");
    drop(client);
    database.close().await
}

const DAY: u64 = 86_400 * SECOND;

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn what_is_older_than_it_is_kept_goes_and_days_to_come_are_there(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let exporter = PostgresExporter::new(database.store().clone(), || UnixNanos(NOW));
    let at = |number: u64, time: u64| Span {
        start_time_unix_nano: time,
        end_time_unix_nano: time + 1,
        ..call(number)
    };
    // Of today, of three days before, and older than any partition.
    let times = [NOW, NOW - 3 * DAY, NOW - 400 * DAY];
    let all = times.iter().zip(0..).map(|(time, number)| at(number, *time)).collect();
    exporter.export(&[spans("shop", all)]).await?;
    let old_logs = times.iter().map(|time| log("stored", *time)).collect();
    exporter.export(&[logs("shop", old_logs)]).await?;

    let keep = Keep { traces_days: 2, logs_days: 10, metrics_days: 90 };
    let days = retention::apply(database.store(), keep, UnixNanos(NOW)).await?;
    assert_eq!(days, 1, "the spans of three days before");
    let client = database.store().connection().await?;
    let row = client
        .query_one(
            "SELECT (SELECT count(*) FROM otel.span), (SELECT count(*) FROM otel.trace),
                    (SELECT count(*) FROM otel.log_record),
                    (SELECT count(*) FROM pg_inherits WHERE inhparent = 'otel.span'::regclass)",
            &[],
        )
        .await?;
    let counts: Vec<i64> = (0..4).map(|index| row.get(index)).collect();
    let kept = "today and what was an archive when it came; today, the two days to come, and the default";
    assert_eq!(counts, [2, 2, 3, 4], "{kept}");
    drop(client);
    // Nothing is left to do, and who writes finds its partition.
    assert_eq!(retention::apply(database.store(), keep, UnixNanos(NOW)).await?, 0);
    exporter.export(&[spans("shop", vec![at(9, NOW + DAY)])]).await?;
    database.close().await
}
