//! Errors that are the same, as groups.
//!
//! A group is of one service, one exception type, the same innermost frames of the application, and messages of one
//! pattern. Errors are never put together because they are merely alike.

use mahavishnu_semantic::PatternId;

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
            let pattern = record(row)?;
            groups.push(ErrorGroup { pattern, trend: Vec::new(), example_trace: row.try_get("trace_id")? });
        }
        let ids: Vec<PatternId> = groups.iter().map(|group| group.pattern.id).collect();
        let trends = self.trends(&ids, (filter.since, filter.until)).await?;
        for (group, trend) in groups.iter_mut().zip(trends) {
            group.trend = trend;
        }
        Ok(groups)
    }
}
