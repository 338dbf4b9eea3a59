//! Whatever OTLP can say goes in and comes back equal, or is rejected with which and why; on both engines.

use std::collections::BTreeSet;

use crate::engine::{Database, Engine};
use anyhow::{Context, Result};
use mahavishnu_pipeline::{Exporter, Signal, check::check};
use mahavishnu_store::{
    PostgresExporter, QueryService, UnixNanos,
    query::{LogFilter, MAX_ROWS, MetricFilter, TraceId},
};
use mahavishnu_test_util::telemetry::{logs_request, metrics_request, traces_request};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use prost::Message;
use rstest::rstest;

/// Requests per engine and signal. More find rarer faults and take longer; PROPTEST_CASES changes it.
const CASES: u32 = 48;

const NOW: UnixNanos = UnixNanos(1_764_000_000_000_000_000);

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test(flavor = "multi_thread")]
async fn any_spans_come_back_equal(#[case] engine: Engine) -> Result<()> {
    property(engine, Signal::Traces, traces_request(), async |query, bytes| {
        let request = ExportTraceServiceRequest::decode(bytes)?;
        let ids: BTreeSet<[u8; 16]> = request
            .resource_spans
            .iter()
            .flat_map(|group| &group.scope_spans)
            .flat_map(|scope| &scope.spans)
            .map(|span| span.trace_id.as_slice().try_into().expect("checked"))
            .collect();
        let mut stored = Vec::new();
        for id in ids {
            stored.extend(
                query.get_trace_context(TraceId(id)).await?.spans.iter().map(crate::otlp::stored_span),
            );
        }
        Ok((crate::otlp::sent_spans(&request), stored))
    })
    .await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test(flavor = "multi_thread")]
async fn any_log_records_come_back_equal(#[case] engine: Engine) -> Result<()> {
    property(engine, Signal::Logs, logs_request(), async |query, bytes| {
        let request = ExportLogsServiceRequest::decode(bytes)?;
        let stored = query.logs(&LogFilter { limit: MAX_ROWS, ..LogFilter::default() }).await?;
        Ok((crate::otlp::sent_logs(&request), stored.iter().map(crate::otlp::stored_log).collect()))
    })
    .await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test(flavor = "multi_thread")]
async fn any_data_points_come_back_equal(#[case] engine: Engine) -> Result<()> {
    property(engine, Signal::Metrics, metrics_request(), async |query, bytes| {
        let request = ExportMetricsServiceRequest::decode(bytes)?;
        let mut stored = Vec::new();
        let names: BTreeSet<String> =
            query.metrics(None).await?.into_iter().map(|metric| metric.name).collect();
        for name in names {
            let filter = MetricFilter { name, limit: MAX_ROWS, ..MetricFilter::default() };
            stored.extend(query.metric_points(&filter).await?.iter().map(crate::otlp_metrics::stored_point));
        }
        Ok((crate::otlp_metrics::sent_points(&request), stored))
    })
    .await
}

/// Sends random requests, and compares what `read` finds with what was not rejected. Prints the seed of a failure.
async fn property<S>(
    engine: Engine,
    signal: Signal,
    requests: S,
    read: impl AsyncFn(&QueryService, bytes::Bytes) -> Result<(Vec<String>, Vec<String>)> + Sync,
) -> Result<()>
where
    S: Strategy<Value: Message>,
{
    let Some(database) = engine.open().await? else { return Ok(()) };
    let config = Config { failure_persistence: None, ..Config::default() };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { CASES };
    let mut runner = TestRunner::new(Config { cases, max_shrink_iters: 200, ..config });
    let handle = tokio::runtime::Handle::current();
    let result = tokio::task::block_in_place(|| {
        runner.run(&requests, |request| {
            handle
                .block_on(round_trip(&database, signal, request.encode_to_vec(), &read))
                .map_err(|error| TestCaseError::fail(format!("{error:#}")))
        })
    });
    database.close().await?;
    match result {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, request)) => anyhow::bail!("{reason}\nsent: {request:?}"),
        Err(TestError::Abort(reason)) => anyhow::bail!("aborted: {reason}"),
    }
}

async fn round_trip(
    database: &Database,
    signal: Signal,
    request: Vec<u8>,
    read: &impl AsyncFn(&QueryService, bytes::Bytes) -> Result<(Vec<String>, Vec<String>)>,
) -> Result<()> {
    let client = database.store().connection().await?;
    client
        .batch_execute(
            "TRUNCATE otel.span, otel.log_record, otel.metric_point, otel.trace, otel.metric_series",
        )
        .await?;
    drop(client);
    let checked = check(signal, request.into())?;
    anyhow::ensure!((checked.rejected == 0) || !checked.reason.is_empty(), "rejected without a reason");
    let exporter = PostgresExporter::new(database.store().clone(), || NOW);
    exporter.export(std::slice::from_ref(&checked.batch)).await.context("the batch was refused")?;
    let query = QueryService::new(database.store().clone());
    let (sent, mut stored) = read(&query, checked.batch.request().clone()).await?;
    stored.sort();
    anyhow::ensure!(sent.len() == checked.batch.records(), "{} records counted", checked.batch.records());
    anyhow::ensure!(sent == stored, "sent:\n{}\nread back:\n{}", sent.join("\n"), stored.join("\n"));
    Ok(())
}
