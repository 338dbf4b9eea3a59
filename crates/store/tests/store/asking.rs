//! Who asks: without holding up who writes, without reading what is not ours, by the words of a log record.

use std::time::Duration;

use anyhow::Result;
use mahavishnu_pipeline::Exporter;
use mahavishnu_store::{
    QueryService, StoreError, UnixNanos,
    query::{LogFilter, SearchFilter, TraceFilter, TraceId},
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use rstest::rstest;
use tokio::task::JoinSet;

use crate::{
    engine::Engine,
    records::{NOW, SECOND, exporter, log, logs, span, spans},
};

/// More than there are connections for questions.
const SLOW_QUESTIONS: usize = 12;

/// Far longer than a small batch takes, far shorter than a slow question.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn slow_questions_do_not_hold_up_writing() -> Result<()> {
    let Some(database) = Engine::Server.open().await? else { return Ok(()) };
    let exporter = exporter(database.store());
    let query = QueryService::new(database.store().clone());
    let mut slow = JoinSet::new();
    for _ in 0..SLOW_QUESTIONS {
        let query = query.clone();
        slow.spawn(async move {
            query.custom_query("SELECT count(*) FROM generate_series(1, 100000000000)", 1).await
        });
    }
    let busy =
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series%'";
    let client = database.store().connection().await?;
    while client.query_one(busy, &[]).await?.get::<_, i64>(0) < 4 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let batch = [spans("shop", vec![span(1, 1, 0, "GET /", NOW)])];
    tokio::time::timeout(SOON, exporter.export(&batch)).await??;
    slow.abort_all();
    drop(client);
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn a_statement_runs_as_a_role_that_reads_our_schema_and_nothing_else(
    #[case] engine: Engine,
) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let secret = "CREATE TABLE public.salary AS SELECT 1 AS amount";
    database.store().connection().await?.batch_execute(secret).await?;
    let query = QueryService::new(database.store().clone());
    let role = query.custom_query("SELECT current_user", 1).await?.rows;
    assert_eq!(role, [["mahavishnu_otel_reader"]]);
    for statement in
        ["SELECT * FROM salary", "SELECT * FROM public.salary", "SELECT (SELECT amount FROM salary)"]
    {
        let refused = query.custom_query(statement, 1).await;
        assert!(matches!(refused, Err(StoreError::InvalidSql(_))), "{statement}: {refused:?}");
    }
    let near = "SELECT '[1,0]'::vector <=> '[1,0]'::vector FROM otel_patterns UNION ALL SELECT 0";
    assert_eq!(query.custom_query(near, 1).await?.rows.len(), 1, "and it knows vectors");
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn log_records_are_found_by_words_beginnings_phrases_and_parts_of_paths(
    #[case] engine: Engine,
) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let exporter = exporter(database.store());
    let lines = [
        "payment declined for order=ORD-4711 by issuer",
        "GET /api/users/42 took 17ms on db-replica.internal:5432",
        "the issuer declined it: 100% of the limit, c:\\temp\\x",
        "user_id is missing",
    ];
    // Hours apart: the newest are looked for first, and all are found.
    let records = lines.iter().enumerate().map(|(at, line)| log(line, NOW + at as u64 * 7200 * SECOND));
    exporter.export(&[logs("shop", records.collect())]).await?;
    let query = QueryService::new(database.store().clone());
    let found = async |text: &str| {
        let filter = LogFilter { text: Some(text.to_owned()), limit: 10, ..LogFilter::default() };
        let records = query.logs(&filter).await?;
        let place = |record: mahavishnu_store::query::LogRecord| {
            lines.iter().position(|line| record.message.as_deref() == Some(line))
        };
        Ok::<_, StoreError>(records.into_iter().filter_map(place).collect::<Vec<_>>())
    };
    for (text, expected) in [
        ("issuer declined", vec![2, 0]),
        ("DECLIN", vec![2, 0]),
        ("ORD-4711", vec![0]),
        ("users", vec![1]),
        ("replica", vec![1]),
        ("5432", vec![1]),
        ("user", vec![3, 1]),
        ("user_id", vec![3]),
        ("\"issuer declined\"", vec![2]),
        ("temp", vec![2]),
        ("100%", vec![2]),
        ("%", vec![2]),
        ("it's ' \\ & | ! ( ) :* <->", vec![]),
        ("", vec![3, 2, 1, 0]),
    ] {
        assert_eq!(found(text).await?, expected, "{text}");
    }
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn an_id_that_one_log_record_holds_finds_its_trace_before_all_others(
    #[case] engine: Engine,
) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let exporter = exporter(database.store());
    let traces = (1..=5).map(|trace| span(trace, 1, 0, "charge order", NOW));
    exporter.export(&[spans("shop", traces.collect())]).await?;
    let line = |trace: u8| LogRecord {
        trace_id: vec![trace; 16],
        span_id: vec![1; 8],
        ..log(&format!("charged order ORD-{trace}00{trace}"), NOW)
    };
    exporter.export(&[logs("shop", (1..=5).map(line).collect())]).await?;
    let query = QueryService::new(database.store().clone());
    let filter = SearchFilter { limit: 10, ..SearchFilter::default() };
    let found = query.search_traces("order ORD-4004", &filter).await?;
    assert_eq!((found[0].trace_id, found[0].why.as_str()), (TraceId([4; 16]), "exact text in a log record"));
    assert_eq!(found[0].matched, "charged order ORD-4004");
    let other = SearchFilter { service: Some("other".to_owned()), ..filter };
    assert!(query.search_traces("order ORD-4004", &other).await?.is_empty());
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn a_question_that_no_database_can_understand_is_the_fault_of_who_asks(
    #[case] engine: Engine,
) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let query = QueryService::new(database.store().clone());
    let refused = query.metrics(Some("a\0b")).await;
    assert!(matches!(refused, Err(StoreError::InvalidArgument(_))), "{refused:?}");
    let longest = TraceFilter { min_duration_ms: Some(f64::MAX), limit: 10, ..TraceFilter::default() };
    assert!(query.traces(&longest).await?.is_empty());
    database.close().await
}

/// Before and after the planner knows the table: who asks how a full database is must not have all of it read.
#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn rows_of_a_small_table_are_counted_and_of_a_large_one_reckoned(#[case] engine: Engine) -> Result<()> {
    // Each row as large as it looks, so that few of them fill many pages.
    const PLAIN: &str = "ALTER TABLE otel.metric_point_default ALTER COLUMN bucket_counts SET STORAGE plain";
    let Some(database) = engine.open().await? else { return Ok(()) };
    let query = QueryService::new(database.store().clone());
    let add = |points: u64| {
        format!(
            "INSERT INTO otel.metric_point (time, series_id, time_nanos, flags, bucket_counts)
             SELECT '2026-01-01', 1, 0, 0, array_fill(n, ARRAY[220]) FROM generate_series(1, {points}) n"
        )
    };
    let run = async |sql: &str| {
        database.store().connection().await?.batch_execute(sql).await?;
        anyhow::Ok(query.status().await?.points)
    };
    run(PLAIN).await?;
    assert_eq!(run(&add(1000)).await?, 1000);
    let near = |points: u64| (28_500..=31_500).contains(&points);
    let points = run(&add(29_000)).await?;
    assert!(near(points), "before: {points}");
    let points = run("ANALYZE otel.metric_point").await?;
    assert!(near(points), "after: {points}");
    Ok(())
}

/// More than the writer looks at before it divides messages.
const LINES: u64 = 400;

fn line(number: u64) -> String {
    match number % 4 {
        0 => format!("user {number} put {} items into the cart", number % 7),
        1 => format!(
            "session {:016x} of user {number} was refreshed",
            number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ),
        2 => format!("GET /api/cart/{number} answered 200 in {} ms", number % 9),
        // Each of them is of another pattern.
        _ if number % 100 == 99 => {
            format!("{} refreshed the user cart", "item ".repeat(number as usize / 100 + 1))
        }
        _ => format!("the cart of \u{6771}\u{4eac}{number} holds user:items=[{number}]; 100%"),
    }
}

/// Whether a message has all that a text asks for, told word by word.
fn has(message: &str, text: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let lower = text.to_lowercase();
        lower
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let held = words(message);
    let follow = |asked: &[String], begins: bool| {
        let Some((last, before)) = asked.split_last() else { return true };
        held.windows(asked.len()).any(|held| {
            held.starts_with(before)
                && (held[before.len()] == *last || begins && held[before.len()].starts_with(last))
        })
    };
    text.split('"').enumerate().all(|(at, part)| {
        let stands = |part: &str| message.to_lowercase().contains(&part.to_lowercase());
        if at % 2 == 1 {
            stands(part) && follow(&words(part), false)
        } else {
            part.split_whitespace().all(|part| match words(part).as_slice() {
                [] => stands(part),
                words => follow(words, true),
            })
        }
    })
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn words_are_found_wherever_they_are_stored_with_the_pattern_or_with_the_record(
    #[case] engine: Engine,
) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let exporter = exporter(database.store());
    let (since, until) = (NOW - 3600 * SECOND, NOW + 86_400 * SECOND);
    let at = |number: u64| NOW + number * 30 * SECOND;
    for first in (0..LINES).step_by(50) {
        let records = (first..first + 50).map(|number| LogRecord {
            trace_id: vec![1 + (number % 2) as u8; 16],
            ..log(&line(number), at(number))
        });
        exporter.export(&[logs("shop", records.collect())]).await?;
    }
    let query = QueryService::new(database.store().clone());
    let of_session = format!("{:016x}", 97_u64.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for text in [
        "cart",
        "user",
        "user cart",
        "items cart put",
        "USER 17",
        "\"user 17\"",
        "user 17 session",
        "refreshed",
        "refreshed item",
        "\"of user 1\"",
        "\"of user 97 was\"",
        "api/cart/1",
        "200",
        "answered 200 3",
        "in 3 ms",
        &of_session,
        &of_session[..6],
        &of_session[..9],
        "items=[3",
        "100%",
        "%",
        "\u{6771}\u{4eac}3",
        "\u{6771}",
        "s",
        "nowhere",
        "user nowhere",
        "cart 396",
        "cart \"; 1\"",
        "a",
        "38",
    ] {
        let matching: Vec<u64> = (0..LINES).rev().filter(|number| has(&line(*number), text)).collect();
        for limit in [3, 1000] {
            let filter = LogFilter { text: Some(text.to_owned()), limit, ..LogFilter::default() };
            let found: Vec<u64> =
                query.logs(&filter).await?.iter().map(|log| (log.time.0 - NOW) / SECOND / 30).collect();
            assert_eq!(found, matching[..limit.min(matching.len())], "{text}, at most {limit}");
        }
        let filter = LogFilter { text: Some(text.to_owned()), limit: 1000, ..LogFilter::default() };
        let bars = query.log_histogram(&filter, (UnixNanos(since), UnixNanos(until)), 10).await?;
        assert_eq!(
            bars.buckets.iter().map(|bar| bar.count).sum::<u64>(),
            matching.len() as u64,
            "bars of {text}"
        );
        let of_trace = query.logs(&LogFilter { trace_id: Some(TraceId([1; 16])), ..filter }).await?;
        assert_eq!(
            of_trace.len(),
            matching.iter().filter(|number| *number % 2 == 0).count(),
            "{text} in a trace"
        );
    }
    database.close().await
}
