//! Batches as rows of every table.

use deadpool_postgres::Object;
use mahavishnu_pipeline::{Batch, Signal};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::InstrumentationScope,
    resource::v1::Resource,
};
use prost::Message;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{
    encode::{
        copy::CopyBuffer,
        log::{encode_log, log_time},
        metric::{encode_point, points, series_digest, series_row},
        shared::{resource_digest, resource_row, scope_digest, scope_row, service_name},
        span::{Origin, encode_span},
        summary::{Summaries, add_span},
    },
    error::StoreError,
    export::{Days, intern::Interned, partition::day},
    time::{PgTimestamp, UnixNanos},
};

/// The rows of some batches.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) spans: CopyBuffer,
    pub(crate) logs: CopyBuffer,
    pub(crate) points: CopyBuffer,
    pub(crate) summaries: Summaries,
    pub(crate) days: Days,
}

/// Where ids come from.
#[derive(Clone, Copy)]
struct Ids<'a> {
    client: &'a Object,
    interned: &'a Interned,
}

impl Rows {
    /// Encodes the records of a batch; records without a time get `now`.
    pub(crate) async fn add(
        &mut self,
        client: &Object,
        interned: &Interned,
        batch: &Batch,
        now: UnixNanos,
    ) -> Result<(), StoreError> {
        let ids = Ids { client, interned };
        let undecodable = |error| StoreError::Unstorable(format!("a batch can not be decoded: {error}"));
        let bytes = batch.request().clone();
        match batch.signal() {
            Signal::Traces => self.add_traces(ids, decode(bytes).map_err(undecodable)?).await,
            Signal::Logs => self.add_logs(ids, decode(bytes).map_err(undecodable)?, now).await,
            Signal::Metrics => self.add_metrics(ids, decode(bytes).map_err(undecodable)?).await,
        }
    }

    async fn add_traces(
        &mut self,
        ids: Ids<'_>,
        request: ExportTraceServiceRequest,
    ) -> Result<(), StoreError> {
        for group in &request.resource_spans {
            let resource_id = ids.resource(group.resource.as_ref(), &group.schema_url).await?;
            let service = service_name(group.resource.as_ref());
            for scope in &group.scope_spans {
                let scope_id = ids.scope(scope.scope.as_ref(), &scope.schema_url).await?;
                let origin = Origin { resource_id, scope_id, service: &service };
                for span in &scope.spans {
                    self.days.spans.insert(day(UnixNanos(span.start_time_unix_nano)));
                    encode_span(&mut self.spans, span, origin);
                    add_span(&mut self.summaries, span, &service);
                }
            }
        }
        Ok(())
    }

    async fn add_logs(
        &mut self,
        ids: Ids<'_>,
        request: ExportLogsServiceRequest,
        now: UnixNanos,
    ) -> Result<(), StoreError> {
        for group in &request.resource_logs {
            let resource_id = ids.resource(group.resource.as_ref(), &group.schema_url).await?;
            let service = service_name(group.resource.as_ref());
            for scope in &group.scope_logs {
                let scope_id = ids.scope(scope.scope.as_ref(), &scope.schema_url).await?;
                let origin = Origin { resource_id, scope_id, service: &service };
                for log in &scope.log_records {
                    self.days.logs.insert(day(log_time(log, now)));
                    encode_log(&mut self.logs, log, origin, now);
                }
            }
        }
        Ok(())
    }

    async fn add_metrics(
        &mut self,
        ids: Ids<'_>,
        request: ExportMetricsServiceRequest,
    ) -> Result<(), StoreError> {
        for group in &request.resource_metrics {
            let resource_id = ids.resource(group.resource.as_ref(), &group.schema_url).await?;
            let service = service_name(group.resource.as_ref());
            for scope in &group.scope_metrics {
                let scope_id = ids.scope(scope.scope.as_ref(), &scope.schema_url).await?;
                let origin = Origin { resource_id, scope_id, service: &service };
                for metric in &scope.metrics {
                    for point in points(metric) {
                        let digest = series_digest(metric, &point, origin);
                        let row = || series_row(metric, &point, origin);
                        let series_id = ids.interned.series(ids.client, digest, row).await?;
                        self.days.points.insert(day(UnixNanos(point.time_unix_nano)));
                        encode_point(&mut self.points, &point, series_id);
                    }
                }
            }
        }
        Ok(())
    }
}

impl Ids<'_> {
    async fn resource(self, resource: Option<&Resource>, schema_url: &str) -> Result<i32, StoreError> {
        let digest = resource_digest(resource, schema_url);
        self.interned.resource(self.client, digest, || resource_row(resource, schema_url)).await
    }

    async fn scope(self, scope: Option<&InstrumentationScope>, schema_url: &str) -> Result<i32, StoreError> {
        let digest = scope_digest(scope, schema_url);
        self.interned.scope(self.client, digest, || scope_row(scope, schema_url)).await
    }
}

fn decode<M: Message + Default>(bytes: bytes::Bytes) -> Result<M, prost::DecodeError> {
    M::decode(bytes)
}

/// Summaries column by column, as `unnest` wants them.
#[derive(Debug, Default)]
pub(crate) struct SummaryColumns {
    trace_ids: Vec<Uuid>,
    starts: Vec<PgTimestamp>,
    ends: Vec<PgTimestamp>,
    spans: Vec<i32>,
    errors: Vec<i32>,
    root_missing: Vec<bool>,
    root_starts: Vec<PgTimestamp>,
    root_span_ids: Vec<i64>,
    services: Vec<String>,
    names: Vec<String>,
}

impl From<Summaries> for SummaryColumns {
    fn from(summaries: Summaries) -> Self {
        let mut columns = Self::default();
        for (trace_id, summary) in summaries {
            columns.trace_ids.push(Uuid::from_bytes(trace_id));
            columns.starts.push(summary.start.into());
            columns.ends.push(summary.end.into());
            columns.spans.push(summary.spans);
            columns.errors.push(summary.errors);
            columns.root_missing.push(summary.root_missing);
            columns.root_starts.push(summary.root_start.into());
            columns.root_span_ids.push(summary.root_span_id);
            columns.services.push(summary.service);
            columns.names.push(summary.name);
        }
        columns
    }
}

impl SummaryColumns {
    /// In the order of the statement's parameters.
    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 10] {
        [
            &self.trace_ids,
            &self.starts,
            &self.ends,
            &self.spans,
            &self.errors,
            &self.root_missing,
            &self.root_starts,
            &self.root_span_ids,
            &self.services,
            &self.names,
        ]
    }
}
