//! Log records, newest first, by their words.

use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    List, LogFilter, LogRecord, MAX_ROWS, Page, QueryService, TraceId,
    points::{Behind, behind, page},
    rows, timestamp,
};
use crate::{
    error::StoreError,
    time::{PgTimestamp, UnixNanos},
};

mod windows;
mod words;

pub(crate) use windows::Index;
use windows::{Found, Newest, SECOND, Window, Windows};
pub(super) use words::{Sought, Words};

/// A filter as parameters.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) words: Words,
    pub(super) pattern: Option<i64>,
    pub(super) attributes: Option<Value>,
    behind: Behind,
}

impl Asked {
    pub(super) fn new(filter: &LogFilter) -> Self {
        Self {
            words: filter.text.as_deref().map(Words::of).unwrap_or_default(),
            pattern: filter.pattern_id.map(|pattern| pattern.0.cast_signed()),
            attributes: (!filter.attributes.is_empty()).then(|| Value::Object(filter.attributes.clone())),
            behind: behind(filter.after.as_ref()),
        }
    }
}

impl QueryService {
    /// The log records that match, newest first.
    ///
    /// A word of `text` finds the words that begin with it; a `"quoted phrase"` is found as it stands. All must be there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now, [`StoreError::DeadlineExceeded`] when it takes too
    /// long.
    pub async fn logs(&self, filter: &LogFilter) -> Result<Vec<LogRecord>, StoreError> {
        Ok(self.logs_page(filter).await?.items)
    }

    /// A page of the log records that match, newest first; see [`Self::logs`].
    ///
    /// # Errors
    ///
    /// As [`Self::logs`].
    pub async fn logs_page(&self, filter: &LogFilter) -> Result<Page<LogRecord>, StoreError> {
        let wanted = filter.limit.clamp(1, MAX_ROWS);
        // One more than fits on the page tells whether another follows.
        let most = wanted + 1;
        let asked = Asked::new(filter);
        let mut rows = Vec::new();
        match filter.trace_id {
            Some(trace_id) => rows.extend(self.logs_of(trace_id, filter, &asked, most).await?),
            None => {
                // Nothing behind the cursor is newer than it.
                let end = filter.after.as_ref().map(|after| UnixNanos::from_postgres(after.time().0 + 1, 0));
                let until = filter.until.into_iter().chain(end).min();
                let sought = self.sought(&asked.words).await?;
                let newest = self.newest_log(until).await?;
                let mut windows = Windows::new(&newest, filter.since, until, asked.words.any());
                let mut found = Found::default();
                while let Some(window) = windows.next.filter(|_| found.all < most) {
                    let within =
                        self.logs_within(window, filter, (&asked, &sought), most - found.all).await?;
                    for row in &within {
                        found.by_own_words += usize::from(!sought.has(row.try_get("set_id")?));
                    }
                    found.all += within.len();
                    rows.extend(within);
                    windows.advance(found, most);
                }
            }
        }
        page(&rows, wanted, List::Logs, rows::log_record, |record| (record.time, 0))
    }

    async fn logs_within(
        &self,
        window: Window,
        filter: &LogFilter,
        (asked, sought): (&Asked, &Sought),
        most: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (behind, nanos, _, place) = &asked.behind;
        let [sets, own] = sought.parameters(window.by);
        self.rows(
            &list(window.by),
            &[
                &asked.words.query,
                &asked.words.likes,
                &sought.sure,
                &timestamp(window.since),
                &timestamp(window.until),
                sets,
                own,
                &filter.min_severity,
                &filter.service,
                // At most MAX_ROWS + 1.
                &(most as i64),
                &asked.pattern,
                &asked.attributes,
                behind,
                nanos,
                place,
            ],
        )
        .await
    }

    async fn logs_of(
        &self,
        trace: TraceId,
        filter: &LogFilter,
        asked: &Asked,
        most: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (behind, nanos, _, place) = &asked.behind;
        self.rows_planned_once(
            &with_text(include_str!("../../queries/log/of_trace.sql"), Index::Time),
            &[
                &asked.words.query,
                &asked.words.likes,
                &Vec::<i64>::new(),
                &timestamp(filter.since),
                &timestamp(filter.until),
                &Uuid::from_bytes(trace.0),
                &filter.min_severity,
                &filter.service,
                &(most as i64),
                &asked.pattern,
                &asked.attributes,
                behind,
                nanos,
                place,
            ],
        )
        .await
    }

    /// Where the messages that hold these words are.
    pub(super) async fn sought(&self, words: &Words) -> Result<Sought, StoreError> {
        if !words.any() {
            return Ok(Sought::default());
        }
        let (each, any) = words.queries();
        let sql = include_str!("../../queries/attribute_set/with_words.sql");
        words.sought(&self.rows(sql, &[&each, &any]).await?)
    }

    async fn newest_log(&self, until: Option<UnixNanos>) -> Result<Newest, StoreError> {
        let rows = self
            .rows_planned_once(include_str!("../../queries/log/newest.sql"), &[&timestamp(until)])
            .await?;
        let Some(row) = rows.first() else { return Ok(Newest::default()) };
        let time = |column: &str| -> Result<Option<UnixNanos>, StoreError> {
            let found: Option<PgTimestamp> = row.try_get(column)?;
            Ok(found.map(|PgTimestamp(micros)| UnixNanos::from_postgres(micros, 0)))
        };
        let second = time("second")?.map(|second| UnixNanos(second.0.saturating_add(SECOND)));
        // A pattern that had a record in the minute may have had it in the time after `until`.
        let minute = time("minute")?;
        Ok(Newest { time: second.max(minute), per_second: row.try_get("per_second")? })
    }
}

/// The statement that lists records which are found so.
pub(super) fn list(by: Index) -> String {
    let found = match by {
        Index::Time => include_str!("../../queries/log/found_by_time.sql"),
        Index::Words => include_str!("../../queries/log/found_by_words.sql"),
    };
    let list = include_str!("../../queries/log/list.sql").replace("$found", found);
    with_text(&list.replace("$matches", include_str!("../../queries/log/matches.sql")), by)
}

/// The statement with the columns of a record and the conditions on the text, which find records by an index where there is one
/// to find them by.
pub(super) fn with_text(sql: &str, by: Index) -> String {
    let may_have_text = match by {
        Index::Time => include_str!("../../queries/log/may_have_text_by_time.sql"),
        Index::Words => include_str!("../../queries/log/may_have_text_by_index.sql"),
    };
    sql.replace("$columns", include_str!("../../queries/log/columns.sql"))
        .replace("$may_have_text", may_have_text)
        .replace("$has_text", include_str!("../../queries/log/has_text.sql"))
        .replace("$message", include_str!("../../queries/log/message.sql"))
}
