//! The list of traces, in pages.
//!
//! A stretch of the newest traces is looked at, then a longer one, until the page is full, the list ends, or the question
//! has had its time: then the page says where to go on. So a rare condition never reads the whole table at once, and
//! nothing is left out without saying so.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Cursor, MAX_ROWS, Page, QueryService, TraceFilter, TraceSummary, count, rows, timestamp};
use crate::{
    error::StoreError,
    time::{PgTimestamp, UnixNanos},
};

const LIST: &str = include_str!("../../queries/trace/list.sql");
const WINDOW: &str = include_str!("../../queries/trace/window.sql");
const MATCHES: &str = include_str!("../../queries/trace/matches.sql");

/// No trace takes a century, and an interval of PostgreSQL can not be much longer than some thousand of them.
const LONGEST_MICROS: f64 = 3.2e15;

/// How long stretches are looked at for one page; at most one stretch more.
const PATIENCE: Duration = Duration::from_millis(100);

/// The first stretch, as a multiple of the page, and how much longer each one after it is.
const FIRST_STRETCH: usize = 4;
const LONGER: usize = 8;

/// The shortest first stretch, and the longest one: some 50 ms where traces are compared, and where their spans are.
const LEAST_STRETCH: usize = 200;
const LONGEST_STRETCH: usize = 40_000;
const LONGEST_DEEP_STRETCH: usize = 1_000;

/// The latest spans and logs of a pattern whose traces are looked at.
pub(super) const OCCURRENCES: i64 = 5_000;

/// A filter as the parameters `$1` to `$12` of the statements on `otel.trace`.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) service: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) since: Option<PgTimestamp>,
    pub(super) until: Option<PgTimestamp>,
    pub(super) after: Option<PgTimestamp>,
    pub(super) after_id: Option<Uuid>,
    pub(super) ids: Option<Vec<Uuid>>,
    pub(super) errors: bool,
    pub(super) min_micros: Option<i64>,
    pub(super) max_micros: Option<i64>,
    pub(super) status: Option<i16>,
    pub(super) attributes: Option<Value>,
}

impl Asked {
    /// Whether spans must be looked at to tell which traces match.
    pub(super) fn is_deep(&self) -> bool {
        self.attributes.is_some() || self.status.is_some_and(|status| status != 2)
    }

    /// A statement on `otel.trace` with its conditions in place.
    pub(super) fn statement(sql: &str) -> String {
        sql.replace("$window", WINDOW).replace("$matches", MATCHES)
    }
}

impl QueryService {
    /// The traces that match, newest first: all pages up to the limit.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn traces(&self, filter: &TraceFilter) -> Result<Vec<TraceSummary>, StoreError> {
        let wanted = filter.limit.clamp(1, MAX_ROWS);
        let mut filter = filter.clone();
        let mut traces = Vec::new();
        loop {
            filter.limit = wanted - traces.len();
            let page = self.traces_page(&filter).await?;
            traces.extend(page.items);
            match page.next {
                Some(next) if traces.len() < wanted => filter.after = Some(next),
                _ => return Ok(traces),
            }
        }
    }

    /// A page of the traces that match, newest first. It may hold fewer than the limit though more follow.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn traces_page(&self, filter: &TraceFilter) -> Result<Page<TraceSummary>, StoreError> {
        let wanted = filter.limit.clamp(1, MAX_ROWS);
        let mut asked = self.asked(filter).await?;
        let longest = if asked.is_deep() { LONGEST_DEEP_STRETCH } else { LONGEST_STRETCH };
        let mut stretch = (wanted * FIRST_STRETCH).clamp(LEAST_STRETCH, longest);
        let sql = Asked::statement(LIST);
        let began = Instant::now();
        let mut items = Vec::new();
        loop {
            // One more than fits on the page tells whether another follows.
            let most = wanted + 1 - items.len();
            let rows = self.stretch(&sql, &asked, stretch, most).await?;
            let Some(first) = rows.first() else { return Ok(Page { items, next: None }) };
            let looked: i64 = first.try_get("looked")?;
            let end = match first.try_get::<_, Option<PgTimestamp>>("end_start")? {
                Some(start) => {
                    Some(Cursor::of_trace(start, first.try_get::<_, Uuid>("end_id")?.into_bytes()))
                }
                None => None,
            };
            for row in &rows {
                items.extend(summary(row)?);
            }
            if items.len() > wanted {
                items.truncate(wanted);
                let next = items
                    .last()
                    .map(|last| Cursor::of_trace(PgTimestamp::from(last.start_time), last.trace_id.0));
                return Ok(Page { items, next });
            }
            let more = usize::try_from(looked).unwrap_or(0) == stretch;
            if !more || began.elapsed() > PATIENCE {
                return Ok(Page { items, next: end.filter(|_| more) });
            }
            asked.after = end.map(|end| end.time());
            asked.after_id = end.map(|end| end.id());
            stretch = (stretch * LONGER).min(longest);
        }
    }

    async fn stretch(
        &self,
        sql: &str,
        asked: &Asked,
        stretch: usize,
        most: usize,
    ) -> Result<Vec<Row>, StoreError> {
        // Both far inside i64.
        self.rows(
            sql,
            &[
                &asked.service,
                &asked.operation,
                &asked.since,
                &asked.until,
                &asked.after,
                &asked.after_id,
                &asked.ids,
                &asked.errors,
                &asked.min_micros,
                &asked.max_micros,
                &asked.status,
                &asked.attributes,
                &(stretch as i64),
                &(most as i64),
            ],
        )
        .await
    }

    /// The filter as parameters; what a pattern's traces are is looked up.
    pub(super) async fn asked(&self, filter: &TraceFilter) -> Result<Asked, StoreError> {
        let micros = |milliseconds: Option<f64>| {
            milliseconds.map(|ms| (ms * 1000.0).clamp(-LONGEST_MICROS, LONGEST_MICROS) as i64)
        };
        let (since, until) = (timestamp(filter.since), timestamp(filter.until));
        let ids = match filter.pattern_id {
            None => None,
            Some(pattern) => {
                let sql = include_str!("../../queries/trace/with_pattern.sql");
                let none: Option<PgTimestamp> = None;
                // A span may begin long after its trace did: an upper bound would lose it.
                let rows = self.rows(sql, &[&pattern.0.cast_signed(), &since, &none, &OCCURRENCES]).await?;
                Some(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
            }
        };
        Ok(Asked {
            service: filter.service.clone(),
            operation: filter.operation.clone(),
            since,
            until,
            after: filter.after.map(|after| after.time()),
            after_id: filter.after.map(|after| after.id()),
            ids,
            errors: filter.errors_only,
            min_micros: micros(filter.min_duration_ms),
            max_micros: micros(filter.max_duration_ms),
            status: filter.status,
            attributes: (!filter.attributes.is_empty()).then(|| Value::Object(filter.attributes.clone())),
        })
    }
}

/// A line of the list; none in the row that only says where a stretch ended.
pub(super) fn summary(row: &Row) -> Result<Option<TraceSummary>, StoreError> {
    let Some(id) = row.try_get::<_, Option<Uuid>>("trace_id")? else { return Ok(None) };
    let PgTimestamp(start) = row.try_get("start_time")?;
    Ok(Some(TraceSummary {
        trace_id: rows::trace_id(id),
        service: row.try_get("service")?,
        name: row.try_get("name")?,
        start_time: UnixNanos::from_postgres(start, 0),
        duration_ms: row.try_get("duration_ms")?,
        spans: count(row.try_get("span_count")?),
        errors: count(row.try_get("error_count")?),
        root_missing: row.try_get("root_missing")?,
    }))
}
