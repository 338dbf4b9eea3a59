//! How often patterns came is summed up, and nobody notices. On both engines.

use anyhow::Result;
use mahavishnu_pipeline::Exporter;
use mahavishnu_store::{
    PostgresExporter, QueryService, UnixNanos,
    query::{ErrorFilter, PatternFilter, Windows},
    rollup,
};
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use rstest::rstest;

use crate::{
    engine::Engine,
    records::{NOW, SECOND, log, logs, spans},
};

const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// What happens before this is asked about.
const END: u64 = NOW - NOW % HOUR + 4 * HOUR;
const START: u64 = END - 4 * HOUR;

/// A call in each minute of the four hours; every tenth fails.
fn calls(name: &str) -> Vec<Span> {
    let call = |minute: u64| Span {
        trace_id: u128::from(START + minute).to_be_bytes().to_vec(),
        span_id: (minute + 1).to_be_bytes().to_vec(),
        name: name.to_owned(),
        start_time_unix_nano: START + minute * MINUTE + SECOND,
        end_time_unix_nano: START + minute * MINUTE + 2 * SECOND,
        status: minute.is_multiple_of(10).then(|| Status { code: 2, message: "no answer".to_owned() }),
        ..Span::default()
    };
    (0..240).map(call).collect()
}

async fn export(exporter: &PostgresExporter) -> Result<()> {
    exporter.export(&[spans("shop", calls("GET /cart"))]).await?;
    exporter.export(&[spans("shop", calls("GET /orders")), spans("stock", calls("reserve"))]).await?;
    let lines = (0..240).map(|minute| log("cart was stored", START + minute * MINUTE)).collect();
    exporter.export(&[logs("shop", lines)]).await?;
    Ok(())
}

/// Everything that is answered from counts, for times that begin and end within hours, between them, and within one.
async fn answers(query: &QueryService) -> Result<Vec<String>> {
    let mut answers = Vec::new();
    let times = [
        (None, None),
        (Some(0), Some(240)),
        (Some(60), Some(180)),
        (Some(30), Some(200)),
        (Some(59), Some(61)),
        (Some(61), Some(119)),
        (Some(70), Some(130)),
        (None, Some(90)),
        (Some(90), None),
        // So long that trends are by the hour.
        (Some(-1501), Some(240)),
        (Some(-1501), Some(209)),
        (Some(31), Some(2000)),
    ];
    for (since, until) in times {
        let at = |minute: Option<i64>| {
            minute.map(|minute| UnixNanos(START.saturating_add_signed(minute * MINUTE.cast_signed())))
        };
        let (since, until) = (at(since), at(until));
        let filter = PatternFilter { since, until, limit: 100, ..PatternFilter::default() };
        let window = (since.unwrap_or(UnixNanos(START)), until.unwrap_or(UnixNanos(END)));
        answers.push(format!("{:?}", query.pattern_trends(&filter, window).await?));
        answers.push(format!("{:?}", query.services(since, until).await?));
        answers.push(format!("{:?}", query.operations("shop", since, until, 10).await?));
        let errors = ErrorFilter { service: None, since: window.0, until: window.1, limit: 10 };
        answers.push(format!("{:?}", query.error_groups(&errors).await?));
        let windows = Windows {
            baseline: UnixNanos(window.0.0 - HOUR),
            since: window.0,
            until: window.1,
            kind: None,
            service: None,
            limit: 10,
        };
        answers.push(format!("{:?}", query.new_patterns(&windows).await?));
    }
    answers
        .push(format!("{:?}", query.custom_query("SELECT * FROM otel_patterns ORDER BY 1", 100).await?.rows));
    Ok(answers)
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn answers_are_the_same_before_and_after_counts_are_summed_up(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let store = database.store();
    let exporter = PostgresExporter::new(store.clone(), || UnixNanos(END));
    let query = QueryService::new(store.clone());

    // The second time everything comes late: it is added to what was summed up.
    for _ in 0..2 {
        export(&exporter).await?;
        let before = answers(&query).await?;
        assert!(rollup::apply(store, UnixNanos(END - 10 * MINUTE)).await? > 0, "some minutes still grow");
        assert_eq!(answers(&query).await?, before);
        rollup::apply(store, UnixNanos(END + HOUR)).await?;
        assert_eq!(answers(&query).await?, before);
        assert_eq!(rollup::apply(store, UnixNanos(END + HOUR)).await?, 0, "nothing is moved twice");
    }

    let sql = "SELECT (SELECT count(*) FROM otel.pattern_count), (SELECT sum(count)::bigint FROM otel.pattern_hour),
                      (SELECT sum(count)::bigint FROM otel.pattern_minute),
                      (SELECT sum(count)::bigint FROM otel.pattern_six_hours)";
    let row = store.connection().await?.query_one(sql, &[]).await?;
    let counts: [i64; 4] = [row.get(0), row.get(1), row.get(2), row.get(3)];
    // Of each of 240 minutes: three calls and a line, in every tenth three errors of two services; all twice.
    let all = 2 * 240 * 4 + 2 * 24 * 3;
    assert_eq!(counts, [0, all, all, all], "left, by hours, by minutes, by six hours");
    Ok(())
}

#[tokio::test]
async fn two_processes_sum_up_at_the_same_time_and_nothing_counts_twice() -> Result<()> {
    let Some(database) = Engine::Server.open().await? else { return Ok(()) };
    let store = database.store();
    export(&PostgresExporter::new(store.clone(), || UnixNanos(END))).await?;
    let now = UnixNanos(END + HOUR);
    let (one, other) = tokio::join!(rollup::apply(store, now), rollup::apply(store, now));
    let moved = one? + other? + rollup::apply(store, now).await?;
    let sql = "SELECT (SELECT count(*) FROM otel.pattern_count), (SELECT sum(count)::bigint FROM otel.pattern_hour)";
    let row = store.connection().await?.query_one(sql, &[]).await?;
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (0, 240 * 4 + 24 * 3));
    assert!(moved >= 240 * 4, "{moved} rows");
    Ok(())
}
