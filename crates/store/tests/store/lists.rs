//! What the store promises of lists, their pages and what they look like from above, on both engines.

use anyhow::{Context, Result};
use mahavishnu_pipeline::Exporter;
use mahavishnu_store::{
    QueryService, UnixNanos,
    query::{Cursor, List, LogFilter, MetricFilter, TraceFilter, TraceSummary},
};
use opentelemetry_proto::tonic::{logs::v1::LogRecord, trace::v1::Status};
use rstest::rstest;
use serde_json::json;

use crate::{
    engine::{Database, Engine},
    records::{NOW, SECOND, attribute, exporter, failing, log, logs, span, spans},
};

/// Twenty traces of two spans, a second apart, of two services; every fifth fails, every fourth is slow.
async fn filled(engine: Engine) -> Result<Option<Database>> {
    let Some(database) = engine.open().await? else { return Ok(None) };
    let mut batches = Vec::new();
    for number in 1..=20u8 {
        let time = NOW + u64::from(number) * SECOND;
        let service = if number % 2 == 0 { "shop" } else { "mail" };
        let mut root = span(number, 1, 0, "handle", time);
        root.attributes = vec![attribute("tenant", if number % 3 == 0 { "blue" } else { "red" })];
        root.status = Some(Status { code: 1, ..Default::default() });
        if number % 4 == 0 {
            root.end_time_unix_nano = time + 2 * SECOND;
        }
        let inner = span(number, 2, 1, "store", time + 1000);
        let inner = if number % 5 == 0 { failing(inner, "Locked", "row is locked", "") } else { inner };
        batches.push(spans(service, vec![root, inner]));
    }
    exporter(database.store()).export(&batches).await?;
    Ok(Some(database))
}

fn numbers(traces: &[TraceSummary]) -> Vec<u8> {
    traces.iter().map(|trace| trace.trace_id.0[0]).collect()
}

fn ten() -> TraceFilter {
    TraceFilter { limit: 10, ..TraceFilter::default() }
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn pages_of_traces_follow_each_other_without_gap_or_repetition(#[case] engine: Engine) -> Result<()> {
    let Some(database) = filled(engine).await? else { return Ok(()) };
    let query = QueryService::new(database.store().clone());
    let mut filter = TraceFilter { limit: 7, ..TraceFilter::default() };
    let mut seen = Vec::new();
    for expected in [7, 7, 6] {
        let page = query.traces_page(&filter).await?;
        assert_eq!(page.items.len(), expected);
        assert_eq!(page.next.is_none(), expected == 6);
        seen.extend(numbers(&page.items));
        // What comes meanwhile is newer and moves nothing.
        exporter(database.store())
            .export(&[spans("late", vec![span(200 + seen.len() as u8, 1, 0, "x", NOW + 60 * SECOND)])])
            .await?;
        filter.after = page.next.map(|next| Cursor::parse(&next.to_string(), List::Traces)).transpose()?;
    }
    assert_eq!(seen, (1..=20).rev().collect::<Vec<u8>>());
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn traces_are_filtered_by_status_duration_attributes_and_pattern(#[case] engine: Engine) -> Result<()> {
    let Some(database) = filled(engine).await? else { return Ok(()) };
    let query = QueryService::new(database.store().clone());
    let failed = query.traces(&TraceFilter { status: Some(2), ..ten() }).await?;
    assert_eq!(numbers(&failed), [20, 15, 10, 5]);
    assert_eq!(query.traces(&TraceFilter { status: Some(1), limit: 100, ..ten() }).await?.len(), 16);
    assert!(query.traces(&TraceFilter { status: Some(0), ..ten() }).await?.is_empty());
    let slow = query.traces(&TraceFilter { min_duration_ms: Some(1000.0), ..ten() }).await?;
    assert_eq!(numbers(&slow), [20, 16, 12, 8, 4]);
    let quick = TraceFilter { max_duration_ms: Some(1000.0), errors_only: true, ..ten() };
    assert_eq!(numbers(&query.traces(&quick).await?), [15, 10, 5]);
    let mut blue = ten();
    blue.attributes.insert("tenant".to_owned(), json!("blue"));
    assert_eq!(numbers(&query.traces(&blue).await?), [18, 15, 12, 9, 6, 3]);
    let of_shop =
        TraceFilter { service: Some("shop".to_owned()), operation: Some("handle".to_owned()), ..blue };
    assert_eq!(numbers(&query.traces(&of_shop).await?), [18, 12, 6]);

    let trace = query.get_trace_context(failed[0].trace_id).await?;
    let span = trace.spans.iter().find(|span| span.status == 2).context("a failing span")?;
    assert!(span.pattern_id.is_some() && span.error_id.is_some());
    for pattern_id in [span.pattern_id, span.error_id] {
        let filter = TraceFilter { pattern_id, errors_only: true, ..ten() };
        // The number of a pattern is of one service.
        assert_eq!(numbers(&query.traces(&filter).await?), [20, 10]);
    }
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn a_histogram_counts_every_trace_once_and_its_failures(#[case] engine: Engine) -> Result<()> {
    let Some(database) = filled(engine).await? else { return Ok(()) };
    let query = QueryService::new(database.store().clone());
    let window = (UnixNanos(NOW), UnixNanos(NOW + 30 * SECOND));
    let all = query.trace_histogram(&TraceFilter::default(), window, 6).await?;
    assert_eq!((all.start, all.step_ms, all.looked_at), (UnixNanos(NOW), 5000, 20));
    assert!((all.share - 1.0).abs() < f64::EPSILON);
    let counts: Vec<_> = all.buckets.iter().map(|bucket| (bucket.count, bucket.errors)).collect();
    assert_eq!(counts, [(4, 0), (5, 1), (5, 1), (5, 1), (1, 1), (0, 0)]);
    let mut blue = TraceFilter { service: Some("shop".to_owned()), ..TraceFilter::default() };
    blue.attributes.insert("tenant".to_owned(), json!("blue"));
    let blue = query.trace_histogram(&blue, window, 1).await?;
    assert_eq!((blue.buckets[0].count, blue.buckets[0].errors), (3, 0));
    assert!(query.trace_histogram(&TraceFilter::default(), (window.1, window.0), 6).await.is_err());
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn facets_are_what_the_traces_that_match_have_in_common(#[case] engine: Engine) -> Result<()> {
    let Some(database) = filled(engine).await? else { return Ok(()) };
    let query = QueryService::new(database.store().clone());
    let facets = query.trace_facets(&TraceFilter::default()).await?;
    let services: Vec<_> = facets.services.iter().map(|it| (it.value.as_str(), it.count)).collect();
    assert_eq!((services.as_slice(), facets.of), ([("mail", 10), ("shop", 10)].as_slice(), 20));
    let statuses: Vec<_> = facets.statuses.iter().map(|it| (it.value, it.count)).collect();
    assert_eq!(statuses, [(1, 16), (2, 4)]);
    assert_eq!((facets.operations.len(), facets.operations[0].count), (1, 20));
    let tenant = facets.attributes.iter().find(|it| it.key == "tenant").context("an attribute")?;
    let values: Vec<_> = tenant.values.iter().map(|it| (it.value.clone(), it.count)).collect();
    assert_eq!(values, [(json!("red"), 14), (json!("blue"), 6)]);
    let failing = query.trace_facets(&TraceFilter { errors_only: true, ..TraceFilter::default() }).await?;
    assert_eq!((failing.of, failing.statuses.len()), (4, 1));
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn log_records_of_one_moment_are_paged_without_gap_or_repetition(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let records = (0..50u32).map(|number| LogRecord {
        severity_number: if number % 10 == 0 { 17 } else { 9 },
        attributes: vec![attribute("number", &number.to_string())],
        // All but a few at the very same nanosecond.
        ..log("the same moment", NOW + u64::from(number / 45))
    });
    exporter(database.store()).export(&[logs("shop", records.collect())]).await?;
    let query = QueryService::new(database.store().clone());
    let mut filter = LogFilter { limit: 7, ..LogFilter::default() };
    let mut seen = Vec::new();
    loop {
        let page = query.logs_page(&filter).await?;
        seen.extend(page.items.iter().map(|record| record.attributes["number"].to_string()));
        let Some(next) = page.next else { break };
        filter.after = Some(Cursor::parse(&next.to_string(), List::Logs)?);
    }
    assert_eq!(seen.len(), 50);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 50);

    let pattern_id = query.logs(&filter).await?[0].pattern_id;
    let of_pattern = LogFilter { pattern_id, limit: 100, ..LogFilter::default() };
    assert_eq!(query.logs(&of_pattern).await?.len(), 50);
    let mut one = LogFilter { limit: 100, ..LogFilter::default() };
    one.attributes.insert("number".to_owned(), json!("7"));
    assert_eq!(query.logs(&one).await?.len(), 1);

    let window = (UnixNanos(NOW), UnixNanos(NOW + SECOND));
    let bars = query.log_histogram(&LogFilter::default(), window, 10).await?;
    assert_eq!((bars.buckets.len(), bars.buckets[0].count, bars.buckets[0].errors), (10, 50, 5));
    let words =
        LogFilter { text: Some("MOMENT same".to_owned()), min_severity: Some(17), ..LogFilter::default() };
    assert_eq!(query.log_histogram(&words, window, 1).await?.buckets[0].count, 5);
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn data_points_are_paged_without_gap_or_repetition(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let batch = crate::metrics::gauge("load", &[NOW; 11]);
    exporter(database.store()).export(&[batch]).await?;
    let query = QueryService::new(database.store().clone());
    let mut filter = MetricFilter { name: "load".to_owned(), limit: 4, ..MetricFilter::default() };
    let mut seen = Vec::new();
    for expected in [4, 4, 3] {
        let page = query.metric_points_page(&filter).await?;
        assert_eq!(page.items.len(), expected);
        seen.extend(page.items.iter().map(|point| format!("{:?}", point.value)));
        filter.after = page.next;
    }
    assert!(filter.after.is_none());
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 11);
    database.close().await
}
