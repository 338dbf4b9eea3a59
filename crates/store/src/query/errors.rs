//! Errors that are the same, as groups.
//!
//! A group is of one service, one exception type, the same innermost frames of the application, and messages of one
//! pattern. Errors are never put together because they are merely alike.

use std::collections::HashMap;

use super::{PatternRecord, QueryService, limit, search::record, timestamp};
use crate::{error::StoreError, time::UnixNanos};

/// Parts of the time asked for, in each of which a group is counted.
pub const TREND_PARTS: usize = 24;

/// Which groups.
#[derive(Clone, Debug)]
pub struct ErrorFilter {
    /// Only of this service.
    pub service: Option<String>,
    /// Seen at or after.
    pub since: UnixNanos,
    /// Seen before.
    pub until: UnixNanos,
    /// At most so many.
    pub limit: usize,
}

/// Errors that are the same.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorGroup {
    /// What they have in common; `detail` says type, frames, message and why they are one group.
    pub pattern: PatternRecord,
    /// How many came in each of [`TREND_PARTS`] equal parts of the time asked for.
    pub trend: Vec<u64>,
    /// The latest trace with such an error, in hex.
    pub example_trace: Option<String>,
}

impl QueryService {
    /// Groups of errors, the most frequent first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn error_groups(&self, filter: &ErrorFilter) -> Result<Vec<ErrorGroup>, StoreError> {
        let (since, until) = (timestamp(Some(filter.since)), timestamp(Some(filter.until)));
        let rows = self
            .rows(
                include_str!("../../queries/error/groups.sql"),
                &[&filter.service, &since, &until, &limit(filter.limit)],
            )
            .await?;
        let mut groups = Vec::with_capacity(rows.len());
        for row in &rows {
            let trend = vec![0; TREND_PARTS];
            groups.push(ErrorGroup { pattern: record(row)?, trend, example_trace: row.try_get("trace_id")? });
        }
        let ids: Vec<i64> = groups.iter().map(|group| group.pattern.id.0.cast_signed()).collect();
        let parts = i32::try_from(TREND_PARTS).unwrap_or(i32::MAX);
        let rows =
            self.rows(include_str!("../../queries/error/trend.sql"), &[&ids, &since, &until, &parts]).await?;
        let at: HashMap<i64, usize> = ids.into_iter().enumerate().map(|(at, id)| (id, at)).collect();
        for row in rows {
            let (id, bucket, count): (i64, i32, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let part =
                at.get(&id).and_then(|at| groups[*at].trend.get_mut(usize::try_from(bucket - 1).ok()?));
            if let Some(part) = part {
                *part += count.unsigned_abs();
            }
        }
        Ok(groups)
    }
}
