//! How many traces or log records there were, over time.
//!
//! Up to some ten thousand rows are counted. Where there are more, pages of the table are sampled and the counts are
//! estimates, which the answer says: bars need no last digit, and nobody waits for them.

use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::{
    LogFilter, QueryService, TraceFilter, count_of,
    logs::{self, Index},
    timestamp,
    traces::Asked,
};
use crate::{
    error::StoreError,
    time::{PgTimestamp, UnixNanos},
};

/// Bars that are drawn, unless asked otherwise, and at most.
pub const DEFAULT_BUCKETS: usize = 60;
/// See [`DEFAULT_BUCKETS`].
pub const MAX_BUCKETS: usize = 1_000;

/// Rows that are counted where only columns are compared, where text or attributes are, and where spans are looked up:
/// each some 50 ms.
const ROWS: u32 = 100_000;
const ROWS_OF_TEXT: u32 = 50_000;
const ROWS_OF_SPANS: u32 = 500;

/// Rows of a sample whose words are compared: no index helps there.
const SAMPLED_ROWS_OF_TEXT: u32 = 5_000;

/// The least share of a table's pages that is read: below it there would be too few rows to say anything.
const LEAST_PERCENT: f64 = 0.01;

/// A microsecond has no part.
const MICROS_PER_MS: i64 = 1000;

/// Counts over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Where the first bucket begins.
    pub start: UnixNanos,
    /// How long a bucket is.
    pub step_ms: u64,
    /// The counts, oldest first.
    pub buckets: Vec<Bucket>,
    /// How many rows were looked at.
    pub looked_at: u64,
    /// The share of the rows that was looked at: 1 where all were, and the counts are exact.
    pub share: f64,
}

/// Counts in a part of the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Traces or log records that match.
    pub count: u64,
    /// Those with a failing span, or of severity ERROR or worse.
    pub errors: u64,
}

/// The time that is asked for, in equal parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    pub(super) since: UnixNanos,
    pub(super) step_ms: i64,
    pub(super) number: usize,
}

impl Parts {
    /// So many parts of a time; fewer where they would be shorter than a millisecond.
    pub(super) fn new(since: UnixNanos, until: UnixNanos, number: usize) -> Result<Self, StoreError> {
        if since >= until {
            return Err(StoreError::InvalidArgument(
                "the time ends before it begins: since must be before until".to_owned(),
            ));
        }
        let number = number.clamp(1, MAX_BUCKETS);
        let length_ms = (until.0 - since.0).div_ceil(1_000_000);
        let step = length_ms.div_ceil(number as u64).max(1);
        let number = usize::try_from(length_ms.div_ceil(step)).unwrap_or(number);
        Ok(Self { since, step_ms: i64::try_from(step).unwrap_or(i64::MAX), number })
    }

    fn index(&self, time: PgTimestamp) -> Option<usize> {
        let micros = time.0.checked_sub(self.since.postgres_micros())?;
        usize::try_from(micros / (self.step_ms * MICROS_PER_MS)).ok().filter(|index| *index < self.number)
    }

    fn histogram(&self, rows: &[Row], share: f64) -> Result<Histogram, StoreError> {
        let mut buckets = vec![Bucket::default(); self.number];
        let scaled = |count: u64| if share < 1.0 { (count as f64 / share).round() as u64 } else { count };
        let mut looked_at = 0;
        for row in rows {
            looked_at += count_of(row.try_get("looked")?);
            if let Some(bucket) = self.index(row.try_get("bucket")?).and_then(|index| buckets.get_mut(index))
            {
                bucket.count += scaled(count_of(row.try_get("matching")?));
                bucket.errors += scaled(count_of(row.try_get("errors")?));
            }
        }
        Ok(Histogram { start: self.since, step_ms: self.step_ms.unsigned_abs(), buckets, looked_at, share })
    }
}

/// How many rows statements looked at before they compared anything.
fn looked_at(rows: &[Row]) -> Result<u64, StoreError> {
    rows.iter().map(|row| Ok(count_of(row.try_get("looked")?))).sum()
}

/// The share of a table that is read when so many of its rows should be, and the words that say so.
fn sample(rows: u32, of: f64) -> (f64, String) {
    let percent = (100.0 * f64::from(rows) / of.max(1.0)).clamp(LEAST_PERCENT, 100.0);
    (percent / 100.0, format!("TABLESAMPLE SYSTEM ({percent:.4}) REPEATABLE (1)"))
}

impl QueryService {
    /// How many traces that match began in each part of a time.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] where the time ends before it begins, [`StoreError::Unavailable`] when the
    /// database can not answer now.
    pub async fn trace_histogram(
        &self,
        filter: &TraceFilter,
        (since, until): (UnixNanos, UnixNanos),
        buckets: usize,
    ) -> Result<Histogram, StoreError> {
        let parts = Parts::new(since, until, buckets)?;
        let filter = TraceFilter { since: Some(since), until: Some(until), ..filter.clone() };
        let asked = self.asked(&filter).await?;
        let most = if asked.is_deep() { ROWS_OF_SPANS } else { ROWS };
        let sql = Asked::statement(include_str!("../../queries/trace/histogram.sql"));
        let rows = self.bars_of_traces(&sql.replace("$sample", ""), &asked, parts, most.into()).await?;
        if looked_at(&rows)? < most.into() {
            return parts.histogram(&rows, 1.0);
        }
        let estimate = self.rows(include_str!("../../queries/trace/estimate.sql"), &[]).await?;
        let all = estimate.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0.0);
        let (share, words) = sample(most, all);
        let rows = self.bars_of_traces(&sql.replace("$sample", &words), &asked, parts, i64::MAX).await?;
        parts.histogram(&rows, share)
    }

    async fn bars_of_traces(
        &self,
        sql: &str,
        asked: &Asked,
        parts: Parts,
        most: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let none: (Option<PgTimestamp>, Option<Uuid>) = (None, None);
        self.rows(
            sql,
            &[
                &asked.service,
                &asked.operation,
                &asked.since,
                &asked.until,
                &none.0,
                &none.1,
                &asked.ids,
                &asked.errors,
                &asked.min_micros,
                &asked.max_micros,
                &asked.status,
                &asked.attributes,
                &parts.step_ms,
                &most,
            ],
        )
        .await
    }

    /// How many log records that match there were in each part of a time.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] where the time ends before it begins, [`StoreError::Unavailable`] when the
    /// database can not answer now.
    pub async fn log_histogram(
        &self,
        filter: &LogFilter,
        (since, until): (UnixNanos, UnixNanos),
        buckets: usize,
    ) -> Result<Histogram, StoreError> {
        let parts = Parts::new(since, until, buckets)?;
        let asked = logs::Asked::new(filter);
        let by = if asked.words.any() { Index::Words } else { Index::Time };
        let sql = logs::with_text(include_str!("../../queries/log/histogram.sql"), by);
        let sought = self.sought(&asked.words).await?;
        let sought = (&asked, sought.parameters(by), sought.sure.as_slice());
        let content = filter.text.is_some() || !filter.attributes.is_empty();
        let most = if content { ROWS_OF_TEXT } else { ROWS };
        let window = (timestamp(Some(since)), timestamp(Some(until)));
        let rows = self
            .bars_of_logs(&sql.replace("$sample", ""), filter, sought, window, parts, most.into())
            .await?;
        if looked_at(&rows)? < most.into() {
            return parts.histogram(&rows, 1.0);
        }
        let estimate = include_str!("../../queries/log/estimate.sql");
        let rows = self.rows(estimate, &[&window.0, &window.1]).await?;
        let all = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0.0);
        let (share, words) = sample(if content { SAMPLED_ROWS_OF_TEXT } else { most }, all);
        let rows = self
            .bars_of_logs(&sql.replace("$sample", &words), filter, sought, window, parts, i64::MAX)
            .await?;
        parts.histogram(&rows, share)
    }

    async fn bars_of_logs(
        &self,
        sql: &str,
        filter: &LogFilter,
        (asked, [sets, own], sure): (&logs::Asked, [&(dyn ToSql + Sync); 2], &[i64]),
        (since, until): (Option<PgTimestamp>, Option<PgTimestamp>),
        parts: Parts,
        most: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let trace = filter.trace_id.map(|id| Uuid::from_bytes(id.0));
        self.rows(
            sql,
            &[
                &asked.words.query,
                &asked.words.likes,
                &sure,
                &since,
                &until,
                sets,
                own,
                &filter.min_severity,
                &filter.service,
                &asked.pattern,
                &trace,
                &parts.step_ms,
                &asked.attributes,
                &most,
            ],
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_time_and_are_never_shorter_than_a_millisecond() {
        let parts = Parts::new(UnixNanos(0), UnixNanos(3_600_000_000_000), 60).expect("a time");
        assert_eq!((parts.step_ms, parts.number), (60_000, 60));
        let parts = Parts::new(UnixNanos(0), UnixNanos(5_000_000), 60).expect("a time");
        assert_eq!((parts.step_ms, parts.number), (1, 5));
        let parts = Parts::new(UnixNanos(0), UnixNanos(u64::MAX), 0).expect("a time");
        assert_eq!(parts.number, 1);
        assert!(Parts::new(UnixNanos(5), UnixNanos(5), 60).is_err());
        let at = |nanos| PgTimestamp(UnixNanos(nanos).postgres_micros());
        let parts = Parts::new(UnixNanos(1_000_000), UnixNanos(11_000_000), 10).expect("a time");
        assert_eq!(
            [0, 1_000_000, 10_999_000, 11_000_000].map(|nanos| parts.index(at(nanos))),
            [None, Some(0), Some(9), None]
        );
    }

    #[test]
    fn a_sample_is_a_share_of_the_table() {
        assert_eq!(sample(100, 1000.0), (0.1, "TABLESAMPLE SYSTEM (10.0000) REPEATABLE (1)".to_owned()));
        assert!((sample(100, 0.0).0 - 1.0).abs() < f64::EPSILON);
    }
}
