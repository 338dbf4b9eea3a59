//! What the store promises of patterns, errors and search, on both engines.

use std::time::Duration;

use anyhow::{Context, Result};
use mahavishnu_pipeline::Exporter;
use mahavishnu_semantic::{Embedder, Model};
use mahavishnu_store::{
    QueryService, StoreError, UnixNanos,
    query::{
        Change, ErrorFilter, PatternFilter, PatternKind, SIMILARITY_THRESHOLD, SearchFilter, TraceId, Windows,
    },
};
use opentelemetry_proto::tonic::{
    logs::v1::LogRecord,
    trace::v1::{Span, Status},
};
use rstest::rstest;

use crate::{
    engine::Engine,
    records::{
        NOW, SECOND, all, attribute, embedded, exporter, failing, log, logs, span, spans, understanding,
    },
};

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn lines_that_differ_in_values_have_one_pattern_that_survives_a_restart(
    #[case] engine: Engine,
) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let store = database.store();
    let lines =
        (0..40).map(|number| log(&format!("connection from 10.0.0.{number} closed after {number} ms"), NOW));
    exporter(store).export(&[logs("proxy", lines.collect())]).await?;
    let query = QueryService::new(store.clone());
    let first = query.patterns(&all()).await?;
    assert_eq!(first.len(), 1);
    assert_eq!((first[0].text.as_str(), first[0].count), ("connection from <*> closed after <*>", 40));

    // Another process, which knows nothing yet.
    exporter(store)
        .export(&[logs("proxy", vec![log("connection from 10.9.9.9 closed after 7 ms", NOW)])])
        .await?;
    let second = query.patterns(&all()).await?;
    assert_eq!((second.len(), second[0].id, second[0].count), (1, first[0].id, 41));
    let sql = "SELECT DISTINCT pattern_id FROM otel_logs";
    let found = query.custom_query(sql, 10).await?;
    assert_eq!(found.rows, [vec![serde_json::json!(first[0].id.to_string())]]);
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn two_writers_give_the_same_text_the_same_pattern(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let store = database.store();
    let batch = || {
        let lines = (0..30)
            .map(|number| log(&format!("job {number} done by worker w{number} in queue {number}"), NOW));
        logs("jobs", lines.collect())
    };
    let (one, other) = (exporter(store), exporter(store));
    let (ones, others) = ([batch()], [batch()]);
    let (first, second) = tokio::join!(one.export(&ones), other.export(&others));
    first?;
    second?;
    let patterns = QueryService::new(store.clone()).patterns(&all()).await?;
    assert_eq!((patterns.len(), patterns[0].count), (1, 60), "{patterns:?}");
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn search_finds_by_meaning_and_exact_text_wins(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let store = database.store();
    let exporter = exporter(store);
    let messages = [
        "authentication failure; logname= uid=0 user=root",
        "disk /dev/sda1 is 97% full",
        "payment declined with code CARD_EXPIRED",
        "cache warmed in 12 ms",
    ];
    exporter.export(&[logs("shop", messages.iter().map(|message| log(message, NOW)).collect())]).await?;
    let (query, _embedding) = understanding(store, &exporter).await?;

    let hits = query.search_patterns("somebody could not log in", &all()).await?;
    assert!(hits[0].pattern.text.starts_with("authentication failure"), "{hits:?}");
    assert!(hits[0].why.cosine.is_some());
    let hits = query.search_patterns("no space left", &all()).await?;
    assert!(hits[0].pattern.text.starts_with("disk"), "{hits:?}");
    let hits = query.search_patterns("cache CARD_EXPIRED", &all()).await?;
    assert!(hits[0].pattern.text.starts_with("payment") && hits[0].why.exact, "{hits:?}");
    let hits = query.search_patterns("\"warmed in\" disk", &all()).await?;
    assert!(hits[0].pattern.text.starts_with("cache") && hits[0].why.exact, "{hits:?}");
    let spans = PatternFilter { kind: Some(PatternKind::Span), ..all() };
    assert!(query.search_patterns("disk", &spans).await?.is_empty());
    assert!(matches!(query.search_patterns("  ", &all()).await, Err(StoreError::InvalidArgument(_))));

    // What comes later gets its vector within two seconds.
    exporter.export(&[logs("shop", vec![log("replica lag exceeds the limit", NOW)])]).await?;
    tokio::time::timeout(Duration::from_secs(2), embedded(&query)).await??;
    let hits = query.search_patterns("replication is too slow", &all()).await?;
    assert!(hits[0].pattern.text.starts_with("replica"), "{hits:?}");
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn a_generalised_pattern_keeps_its_number_and_gets_a_new_vector(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let store = database.store();
    let exporter = exporter(store);
    let line = |user: &str| {
        log(&format!("the nightly backup of the whole data center for user {user} was verified by hand"), NOW)
    };
    exporter.export(&[logs("backup", vec![line("alice")])]).await?;
    let (query, _embedding) = understanding(store, &exporter).await?;
    let before = query.patterns(&all()).await?;
    exporter.export(&[logs("backup", vec![line("bob")])]).await?;
    let after = query.patterns(&all()).await?;
    assert_eq!((after.len(), after[0].id, after[0].count), (1, before[0].id, 2));
    assert!(before[0].text.contains("alice") && after[0].text.contains("user <*> was"), "{after:?}");
    embedded(&query).await?;
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn errors_are_grouped_by_type_frames_and_message_and_say_why(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let store = database.store();
    let stack = |function: &str| {
        format!(
            "Traceback (most recent call last):\n  File \"/app/pay.py\", line 3, in {function}\n    raise X()\nX: no"
        )
    };
    let error = |id: u8, kind: &str, message: &str, function: &str| {
        failing(span(id, id, 0, "POST /pay", NOW), kind, message, &stack(function))
    };
    exporter(store)
        .export(&[spans(
            "pay",
            vec![
                error(1, "Declined", "card 4711 declined", "charge"),
                error(2, "Declined", "card 8008 declined", "charge"),
                error(3, "Declined", "card 9999 declined", "refund"),
                error(4, "Timeout", "card 1234 declined", "charge"),
                Span {
                    status: Some(Status { code: 2, ..Default::default() }),
                    ..span(5, 5, 0, "GET /", NOW)
                },
            ],
        )])
        .await?;
    let query = QueryService::new(store.clone());
    let filter = ErrorFilter {
        service: None,
        since: UnixNanos(NOW - 3600 * SECOND),
        until: UnixNanos(NOW + 3600 * SECOND),
        limit: 100,
    };
    let groups = query.error_groups(&filter).await?;
    assert_eq!(groups.len(), 4, "{groups:?}");
    let most = &groups[0];
    assert_eq!((most.pattern.count, most.trend.iter().sum::<u64>()), (2, 2));
    assert_eq!(most.pattern.text, "Declined: card <*> declined");
    let detail = most.pattern.detail.as_ref().context("a group has details")?;
    assert_eq!(detail["frames"], serde_json::json!(["charge (pay.py)"]));
    assert_eq!(
        detail["why"],
        "same service, same exception type, same 1 innermost frames of the application, messages of one pattern"
    );
    assert!(most.example_trace.is_some());

    let found = query.get_traces_by_error("card ____ declined", Some("pay"), None, None, 100).await?;
    assert_eq!(found.len(), 4);
    assert_eq!(query.get_traces_by_error("%8008%", None, None, None, 100).await?.len(), 1);
    assert!(query.get_traces_by_error("8008", None, None, None, 100).await?.is_empty());
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn traces_are_found_by_words_vectors_and_filters(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let store = database.store();
    let exporter = exporter(store);
    let slow = Span { end_time_unix_nano: NOW + 2 * SECOND, ..span(3, 1, 0, "charge credit card", NOW) };
    let tagged =
        Span { attributes: vec![attribute("tenant", "blue")], ..span(2, 1, 0, "charge credit card", NOW) };
    exporter.export(&[spans("shop", vec![span(1, 1, 0, "render start page", NOW), tagged, slow])]).await?;
    let line = LogRecord { trace_id: vec![1; 16], ..log("template engine ran out of memory", NOW) };
    exporter.export(&[logs("shop", vec![line])]).await?;
    let (query, _embedding) = understanding(store, &exporter).await?;
    let filter = || SearchFilter { limit: 10, ..SearchFilter::default() };

    let found = query.search_traces("taking money from the customer", &filter()).await?;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|found| found.matched == "charge credit card" && found.why.contains("meaning")));
    let by_log = query.search_traces("not enough RAM", &filter()).await?;
    assert_eq!(by_log[0].trace_id, TraceId([1; 16]), "{by_log:?}");
    let slow = SearchFilter { min_duration_ms: Some(1000.0), ..filter() };
    assert_eq!(query.search_traces("charge card", &slow).await?[0].trace_id, TraceId([3; 16]));
    let mut tagged = filter();
    tagged.attributes.insert("tenant".to_owned(), "blue".into());
    let found = query.search_traces("charge card", &tagged).await?;
    assert_eq!((found.len(), found[0].trace_id), (1, TraceId([2; 16])));
    let by_id = query.search_traces(&TraceId([2; 16]).to_string(), &filter()).await?;
    assert_eq!((by_id.len(), by_id[0].trace_id), (1, TraceId([2; 16])));

    let vector = Model::bundled()?.embed(&["shop charge credit card"])?.remove(0);
    let near = query.find_similar_traces(&vector, SIMILARITY_THRESHOLD, 10).await?;
    assert_eq!(near.len(), 2, "{near:?}");
    assert!(near[0].similarity > 0.99);
    let wrong = query.find_similar_traces(&vector[..10], SIMILARITY_THRESHOLD, 10).await;
    assert!(matches!(wrong, Err(StoreError::InvalidEmbedding(_))));
    let nothing = query.find_similar_traces(&vec![0.0; 384], SIMILARITY_THRESHOLD, 10).await;
    assert!(matches!(nothing, Err(StoreError::InvalidEmbedding(_))));
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn a_trace_without_a_span_is_like_others_without_it(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let store = database.store();
    let exporter = exporter(store);
    for trace in 1..=20 {
        let mut all = vec![span(trace, 1, 0, "checkout", NOW), span(trace, 2, 1, "reserve stock", NOW)];
        if trace > 5 {
            all.push(span(trace, 3, 1, "send mail", NOW));
        }
        exporter.export(&[spans("shop", all)]).await?;
    }
    let (query, _embedding) = understanding(store, &exporter).await?;
    let similar = query.similar_traces(TraceId([1; 16]), 4).await?;
    let mut ids: Vec<u8> = similar.iter().map(|similar| similar.trace.trace_id.0[0]).collect();
    ids.sort_unstable();
    assert_eq!(ids, [2, 3, 4, 5], "{similar:?}");
    let far = query.similar_traces(TraceId([1; 16]), 100).await?;
    assert!(
        far.last().is_some_and(|last| last.why.contains("send mail") && last.similarity < 0.9),
        "{far:?}"
    );
    assert!(matches!(query.similar_traces(TraceId([99; 16]), 4).await, Err(StoreError::TraceNotFound(_))));
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn patterns_that_came_or_went_are_told(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let store = database.store();
    let hour = 3600 * SECOND;
    let mut lines = Vec::new();
    for number in 0..50 {
        lines.push(log("heartbeat sent", NOW - hour - number));
        lines.push(log("heartbeat sent", NOW - number));
        lines.push(log("old job ran", NOW - hour - number));
    }
    lines.push(log("segmentation fault", NOW - SECOND));
    exporter(store).export(&[logs("jobs", lines)]).await?;
    let query = QueryService::new(store.clone());
    let windows = Windows {
        baseline: UnixNanos(NOW - 3 * hour / 2),
        since: UnixNanos(NOW - hour / 2),
        until: UnixNanos(NOW + hour / 2),
        kind: None,
        service: None,
        limit: 100,
    };
    let changes = query.new_patterns(&windows).await?;
    let told: Vec<_> = changes.iter().map(|change| (change.change, change.pattern.text.as_str())).collect();
    assert_eq!(told, [(Change::New, "segmentation fault"), (Change::Gone, "old job ran")]);
    let backwards = Windows { since: windows.until, until: windows.since, ..windows };
    assert!(matches!(query.new_patterns(&backwards).await, Err(StoreError::InvalidArgument(_))));
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn services_operations_and_calls_are_counted(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let store = database.store();
    let exporter = exporter(store);
    exporter
        .export(&[spans("web", vec![span(1, 1, 0, "GET /cart", NOW), span(2, 1, 0, "GET /cart", NOW)])])
        .await?;
    let failed = failing(span(2, 2, 1, "SELECT cart", NOW), "Locked", "row is locked", "");
    exporter.export(&[spans("db", vec![span(1, 2, 1, "SELECT cart", NOW), failed])]).await?;
    let query = QueryService::new(store.clone());
    let services = query.services(None, None).await?;
    let counts: Vec<_> = services.iter().map(|it| (it.name.as_str(), it.spans, it.errors)).collect();
    assert_eq!(counts, [("db", 2, 1), ("web", 2, 0)]);
    let operations = query.operations("web", None, None, 10).await?;
    assert_eq!((operations[0].name.as_str(), operations[0].spans), ("GET /cart", 2));
    assert!(
        (operations[0].p95_ms - 5.0).abs() < 0.001 && (operations[0].mean_duration_ms - 5.0).abs() < 0.001
    );
    let map = query.service_map(None, None).await?;
    assert_eq!((map.traces, map.calls.len()), (2, 1));
    let call = &map.calls[0];
    assert_eq!((call.caller.as_str(), call.called.as_str(), call.calls, call.errors), ("web", "db", 2, 1));
    database.close().await
}
