//! Batches as rows of every table.

use std::{collections::BTreeMap, sync::Arc};

use mahavishnu_pipeline::{Batch, Signal, wire::Odd};
use mahavishnu_semantic::PatternId;
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest, common::v1::InstrumentationScope,
    logs::v1::SeverityNumber, resource::v1::Resource, trace::v1::status::StatusCode,
};
use prost::{DecodeError, Message};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{
    encode::{
        copy::CopyBuffer,
        error::{log_error, span_error},
        extra::without_nul,
        log::{LogDivision, encode_log, log_text, log_time},
        metric::{encode_point, points, series_digest, series_row},
        shared::{resource_digest, resource_row, scope_digest, scope_row, service_name},
        span::{Meaning, Origin, encode_span},
        summary::Summaries,
        view::{Group, LogView, SpanView, groups, plain},
    },
    error::StoreError,
    export::{
        Days,
        intern::{Interned, Sender},
        partition::day,
        patterns::{self, Counts, Division, Kind, MINUTE_NANOS, Patterns, Scope, SetRow, SharedScope, lock},
        session::Session,
    },
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
    pub(crate) counts: Counts,
    /// Sets of attributes that rows name and that may not be in the database.
    pub(crate) sets: BTreeMap<i64, SetRow>,
    /// The miners that saw them.
    pub(crate) scopes: Vec<SharedScope>,
}

/// Where ids come from.
#[derive(Clone, Copy)]
pub(crate) struct Ids<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) interned: &'a Interned,
    pub(crate) patterns: &'a Patterns,
}

impl Rows {
    /// Encodes the records of a batch; records without a time get `now`.
    pub(crate) async fn add(
        &mut self,
        ids: Ids<'_>,
        batch: &Batch,
        now: UnixNanos,
    ) -> Result<(), StoreError> {
        let request = plain(batch).map_err(undecodable)?;
        match batch.signal() {
            Signal::Traces => self.add_traces(ids, &request).await,
            Signal::Logs => self.add_logs(ids, &request, now).await,
            Signal::Metrics => {
                let request = ExportMetricsServiceRequest::decode(&request[..]).map_err(undecodable)?;
                self.add_metrics(ids, request).await
            }
        }
    }

    async fn add_traces(&mut self, ids: Ids<'_>, request: &[u8]) -> Result<(), StoreError> {
        let mut span = SpanView::default();
        for group in groups(request).map_err(odd)? {
            let group = Group::of(group).map_err(odd)?;
            let sender = ids.interned.sender(ids.session, group.shared).await?;
            let names = self.scope(ids, Kind::Span, &sender.service).await?;
            let errors = self.scope(ids, Kind::Error, &sender.service).await?;
            for scope in group.members {
                let scope = Group::of(scope).map_err(odd)?;
                let scope_id = ids.interned.instrumentation(ids.session, scope.shared).await?;
                let origin = origin(&sender, scope_id);
                let (mut names, mut errors) = (lock(&names), lock(&errors));
                for bytes in scope.members {
                    span.read(bytes).map_err(odd)?;
                    self.days.spans.insert(day(UnixNanos(span.start)));
                    let meaning = self.span_meaning(&span, &mut names, &mut errors);
                    let division = self.divide(&mut names, meaning, &span, scope_id);
                    encode_span(&mut self.spans, &span, origin, meaning, division);
                    self.summaries.add(&span, &sender.service, meaning);
                }
            }
        }
        Ok(())
    }

    async fn add_logs(&mut self, ids: Ids<'_>, request: &[u8], now: UnixNanos) -> Result<(), StoreError> {
        let mut log = LogView::default();
        for group in groups(request).map_err(odd)? {
            let group = Group::of(group).map_err(odd)?;
            let sender = ids.interned.sender(ids.session, group.shared).await?;
            let messages = self.scope(ids, Kind::Log, &sender.service).await?;
            let errors = self.scope(ids, Kind::Error, &sender.service).await?;
            for scope in group.members {
                let scope = Group::of(scope).map_err(odd)?;
                let scope_id = ids.interned.instrumentation(ids.session, scope.shared).await?;
                let origin = origin(&sender, scope_id);
                let (mut messages, mut errors) = (lock(&messages), lock(&errors));
                for bytes in scope.members {
                    log.read(bytes).map_err(odd)?;
                    let time = log_time(&log, now);
                    self.days.logs.insert(day(time));
                    let meaning = self.log_meaning(&log, time, &mut messages, &mut errors);
                    let division = self.divide_log(&mut messages, meaning, &log, time, scope_id);
                    encode_log(&mut self.logs, &log, origin, meaning, division.as_ref(), now);
                }
            }
        }
        Ok(())
    }

    /// The miner of a service, which is remembered.
    async fn scope(&mut self, ids: Ids<'_>, kind: Kind, service: &str) -> Result<SharedScope, StoreError> {
        let scope = ids.patterns.scope(ids.session, kind, service).await?;
        if !self.scopes.iter().any(|known| Arc::ptr_eq(known, &scope)) {
            self.scopes.push(Arc::clone(&scope));
        }
        Ok(scope)
    }

    /// What of a span its row holds, where the rest is in a set.
    fn divide(
        &mut self,
        scope: &mut Scope,
        meaning: Meaning,
        span: &SpanView<'_>,
        scope_id: i32,
    ) -> Option<Division> {
        let (division, set) = scope.divide(meaning.pattern?, span, scope_id)?;
        if let Some(set) = set {
            self.sets.insert(division.set, set);
        }
        Some(division)
    }

    /// The same of a log record.
    fn divide_log<'a>(
        &mut self,
        scope: &mut Scope,
        meaning: Meaning,
        log: &LogView<'a>,
        time: UnixNanos,
        scope_id: i32,
    ) -> Option<LogDivision<'a>> {
        let (division, set) = scope.divide_log(meaning.pattern?, log, time, scope_id)?;
        if let Some(set) = set {
            self.sets.insert(division.set(), set);
        }
        Some(division)
    }

    fn span_meaning(&mut self, span: &SpanView<'_>, names: &mut Scope, errors: &mut Scope) -> Meaning {
        let time = UnixNanos(span.start);
        let failed = span.status == StatusCode::Error as i32;
        let pattern = names.mine(&without_nul(span.name), time);
        let nanos = span.end.saturating_sub(span.start);
        patterns::add(&mut self.counts, pattern, Kind::Span, time, failed, nanos);
        let error = span_error(span).map(|error| errors.group(&error, time));
        self.count_error(error, time);
        Meaning { pattern: Some(pattern), error }
    }

    fn log_meaning(
        &mut self,
        log: &LogView<'_>,
        time: UnixNanos,
        messages: &mut Scope,
        errors: &mut Scope,
    ) -> Meaning {
        let text = log_text(log);
        let severe = log.severity_number >= SeverityNumber::Error as i32;
        let pattern = text.as_ref().map(|text| messages.mine(&without_nul(text), time));
        if let Some(pattern) = pattern {
            patterns::add(&mut self.counts, pattern, Kind::Log, time, severe, 0);
        }
        let error = log_error(log, text.as_ref()).map(|error| errors.group(&error, time));
        self.count_error(error, time);
        Meaning { pattern, error }
    }

    fn count_error(&mut self, error: Option<PatternId>, time: UnixNanos) {
        if let Some(error) = error {
            patterns::add(&mut self.counts, error, Kind::Error, time, true, 0);
        }
    }

    /// The counts as rows of `otel.pattern_count`.
    pub(crate) fn count_rows(&mut self) -> CopyBuffer {
        let mut rows = CopyBuffer::default();
        for ((PatternId(id), minute), count) in self.counts.drain() {
            rows.begin_row(6);
            rows.timestamptz(UnixNanos(minute * MINUTE_NANOS));
            rows.int8(id.cast_signed());
            rows.char(count.kind.letter());
            rows.int8(count.count);
            rows.int8(count.errors);
            rows.int8(count.duration_ns);
        }
        rows
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
                        let series_id = ids.interned.series(ids.session, digest, row).await?;
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
        self.interned.resource(self.session, digest, || resource_row(resource, schema_url)).await
    }

    async fn scope(self, scope: Option<&InstrumentationScope>, schema_url: &str) -> Result<i32, StoreError> {
        let digest = scope_digest(scope, schema_url);
        self.interned.scope(self.session, digest, || scope_row(scope, schema_url)).await
    }
}

fn undecodable(error: DecodeError) -> StoreError {
    StoreError::Unstorable(format!("a batch can not be decoded: {error}"))
}

fn odd(_: Odd) -> StoreError {
    StoreError::Unstorable("a batch is not what it was when it was checked".to_owned())
}

fn origin(sender: &Sender, scope_id: i32) -> Origin<'_> {
    Origin { resource_id: sender.resource_id, scope_id, service: &sender.service }
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
    /// Where those of each are among all patterns, counted from one: an array of arrays can not be taken apart.
    first_patterns: Vec<i32>,
    last_patterns: Vec<i32>,
    patterns: Vec<i64>,
    pattern_spans: Vec<i32>,
}

impl From<Summaries> for SummaryColumns {
    fn from(summaries: Summaries) -> Self {
        let mut columns = Self::default();
        for (trace_id, summary) in summaries.into_sorted() {
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
            columns.first_patterns.push(place(columns.patterns.len()) + 1);
            for (pattern, spans) in summary.patterns {
                columns.patterns.push(pattern);
                columns.pattern_spans.push(spans);
            }
            columns.last_patterns.push(place(columns.patterns.len()));
        }
        columns
    }
}

fn place(index: usize) -> i32 {
    i32::try_from(index).expect("the patterns of one transaction are fewer than its bytes, far under 2 GiB")
}

impl SummaryColumns {
    /// In the order of the statement's parameters.
    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 14] {
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
            &self.first_patterns,
            &self.last_patterns,
            &self.patterns,
            &self.pattern_spans,
        ]
    }
}
