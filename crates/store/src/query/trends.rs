//! Patterns and groups of errors with how they came over time, and what a group of errors looks like.

use std::collections::HashMap;

use mahavishnu_semantic::PatternId;

use super::{
    ErrorGroup, PatternFilter, PatternRecord, QueryService, TREND_PARTS, TraceFilter, TraceSummary,
    timestamp, traces,
};
use crate::{error::StoreError, time::UnixNanos};

/// Failing traces of a group of errors, and healthy ones beside them.
const EXAMPLES: usize = 20;

/// The latest traces of an operation among which healthy ones are looked for.
const LATEST: i64 = 1_000;

/// In nanoseconds.
const HOUR: u64 = 3_600_000_000_000;

/// A pattern with how it came over time.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternTrend {
    /// The pattern.
    pub pattern: PatternRecord,
    /// How often it came in each of [`TREND_PARTS`] equal parts of the time asked for.
    pub trend: Vec<u64>,
}

/// A group of errors with traces that have it, and traces of the same operation that went well.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorDetail {
    /// The group.
    pub group: ErrorGroup,
    /// The latest failing traces.
    pub traces: Vec<TraceSummary>,
    /// The latest traces of the operation of the first of them in which nothing failed.
    pub healthy: Vec<TraceSummary>,
}

impl QueryService {
    /// The patterns that match, the most frequent first, each with its trend in a time.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn pattern_trends(
        &self,
        filter: &PatternFilter,
        window: (UnixNanos, UnixNanos),
    ) -> Result<Vec<PatternTrend>, StoreError> {
        let patterns = self.patterns(filter).await?;
        self.with_trends(patterns, window).await
    }

    /// One pattern, or one group of errors, with its trend in a time; its counts are of that time.
    ///
    /// # Errors
    ///
    /// [`StoreError::PatternNotFound`], or [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn pattern(
        &self,
        id: PatternId,
        (since, until): (UnixNanos, UnixNanos),
    ) -> Result<PatternTrend, StoreError> {
        let filter = PatternFilter { since: Some(since), until: Some(until), ..PatternFilter::default() };
        let found = self.patterns_of(&[id.0.cast_signed()], &filter).await?;
        let found = self.with_trends(found, (since, until)).await?;
        found.into_iter().next().ok_or_else(|| StoreError::PatternNotFound(id.to_string()))
    }

    /// One group of errors, with failing and healthy traces of a time.
    ///
    /// # Errors
    ///
    /// [`StoreError::PatternNotFound`] where there is no such group, or [`StoreError::Unavailable`] when the database
    /// can not answer now.
    pub async fn error_detail(
        &self,
        id: PatternId,
        (since, until): (UnixNanos, UnixNanos),
    ) -> Result<ErrorDetail, StoreError> {
        let PatternTrend { pattern, trend } = self.pattern(id, (since, until)).await?;
        if pattern.kind != super::PatternKind::Error.name() {
            return Err(StoreError::PatternNotFound(id.to_string()));
        }
        let filter = TraceFilter {
            pattern_id: Some(id),
            since: Some(since),
            until: Some(until),
            limit: EXAMPLES,
            ..TraceFilter::default()
        };
        let traces = self.traces(&filter).await?;
        let healthy = match traces.first() {
            Some(trace) => self.healthy(trace, (since, until)).await?,
            None => Vec::new(),
        };
        let example_trace = traces.first().map(|trace| trace.trace_id.to_string());
        Ok(ErrorDetail { group: ErrorGroup { pattern, trend, example_trace }, traces, healthy })
    }

    /// The latest traces of the same operation in which nothing failed.
    async fn healthy(
        &self,
        like: &TraceSummary,
        (since, until): (UnixNanos, UnixNanos),
    ) -> Result<Vec<TraceSummary>, StoreError> {
        let rows = self
            .rows(
                include_str!("../../queries/trace/healthy.sql"),
                &[
                    &like.service,
                    &like.name,
                    &timestamp(Some(since)),
                    &timestamp(Some(until)),
                    &LATEST,
                    &(EXAMPLES as i64),
                ],
            )
            .await?;
        rows.iter().filter_map(|row| traces::summary(row).transpose()).collect()
    }

    async fn with_trends(
        &self,
        patterns: Vec<PatternRecord>,
        (since, until): (UnixNanos, UnixNanos),
    ) -> Result<Vec<PatternTrend>, StoreError> {
        if since >= until {
            let reason = "the time ends before it begins: since must be before until";
            return Err(StoreError::InvalidArgument(reason.to_owned()));
        }
        let ids: Vec<PatternId> = patterns.iter().map(|pattern| pattern.id).collect();
        let trends = self.trends(&ids, (since, until)).await?;
        Ok(patterns.into_iter().zip(trends).map(|(pattern, trend)| PatternTrend { pattern, trend }).collect())
    }

    /// How often each of these came in each of [`TREND_PARTS`] equal parts of a time. Where a part is an hour or more, an hour
    /// that lies in two of them counts in the one in which it begins.
    pub(super) async fn trends(
        &self,
        patterns: &[PatternId],
        (since, until): (UnixNanos, UnixNanos),
    ) -> Result<Vec<Vec<u64>>, StoreError> {
        let ids: Vec<i64> = patterns.iter().map(|id| id.0.cast_signed()).collect();
        let parts = i32::try_from(TREND_PARTS).unwrap_or(i32::MAX);
        let by_hours = until.0.saturating_sub(since.0) / TREND_PARTS as u64 >= HOUR;
        let window = (timestamp(Some(since)), timestamp(Some(until)));
        let sql = include_str!("../../queries/error/trend.sql");
        let rows = self.rows(sql, &[&ids, &window.0, &window.1, &parts, &by_hours]).await?;
        let mut trends = HashMap::new();
        for row in &rows {
            let (id, part, count): (i64, i32, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let trend = trends.entry(id).or_insert_with(|| vec![0; TREND_PARTS]);
            if let Some(part) = usize::try_from(part - 1).ok().and_then(|part| trend.get_mut(part)) {
                *part += count.unsigned_abs();
            }
        }
        Ok(ids.iter().map(|id| trends.remove(id).unwrap_or_else(|| vec![0; TREND_PARTS])).collect())
    }
}
