//! What the exporter promises, on both engines.

use crate::engine::Engine;
use anyhow::Result;
use mahavishnu_pipeline::{Exporter, Signal, check::check};
use mahavishnu_store::{PostgresExporter, UnixNanos};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use rstest::rstest;

fn spans(trace: u8, spans: impl IntoIterator<Item = Span>) -> mahavishnu_pipeline::Batch {
    let spans = spans.into_iter().map(|span| Span { trace_id: vec![trace; 16], ..span }).collect();
    let scope = ScopeSpans { spans, ..ScopeSpans::default() };
    let group = ResourceSpans { scope_spans: vec![scope], ..ResourceSpans::default() };
    let request = ExportTraceServiceRequest { resource_spans: vec![group] };
    check(Signal::Traces, request.encode_to_vec().into()).expect("well formed").batch
}

fn span(id: u8, parent: Option<u8>, start: u64, name: &str) -> Span {
    Span {
        span_id: vec![id; 8],
        parent_span_id: parent.map(|parent| vec![parent; 8]).unwrap_or_default(),
        start_time_unix_nano: start,
        end_time_unix_nano: start + 1000,
        name: name.to_owned(),
        ..Span::default()
    }
}

const NOW: UnixNanos = UnixNanos(1_764_000_000_000_000_000);

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn a_trace_summary_is_right_in_whatever_order_spans_arrive(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let exporter = PostgresExporter::new(database.store().clone(), || NOW);
    let late = spans(1, [span(3, Some(2), NOW.0 + 5000, "late"), span(2, Some(1), NOW.0 + 3000, "middle")]);
    exporter.export(&[late]).await?;
    exporter.export(&[spans(1, [span(1, None, NOW.0 + 1000, "root")])]).await?;
    exporter.export(&[spans(1, [span(4, Some(1), NOW.0, "clock ahead")])]).await?;

    let client = database.store().connection().await?;
    let row = client
        .query_one("SELECT name, span_count, root_missing, extract(epoch FROM end_time - start_time)::float8 FROM otel.trace", &[])
        .await?;
    assert_eq!(row.get::<_, &str>(0), "root");
    assert_eq!((row.get::<_, i32>(1), row.get::<_, bool>(2)), (4, false));
    assert!((row.get::<_, f64>(3) - 6e-6).abs() < 1e-9, "from the earliest start to the latest end");
    drop(client);
    database.close().await
}
