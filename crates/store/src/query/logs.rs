//! The lists of log records and of data points, in pages.

use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    Cursor, List, LogFilter, LogRecord, MAX_ROWS, MetricFilter, MetricPoint, Page, QueryService, like_words,
    rows, timestamp,
};
use crate::{error::StoreError, time::PgTimestamp};

/// Where the page before ended, as parameters.
type Behind = (Option<PgTimestamp>, Option<i16>, Option<i64>, Option<String>);

impl QueryService {
    /// The log records that match, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn logs(&self, filter: &LogFilter) -> Result<Vec<LogRecord>, StoreError> {
        Ok(self.logs_page(filter).await?.items)
    }

    /// A page of the log records that match, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn logs_page(&self, filter: &LogFilter) -> Result<Page<LogRecord>, StoreError> {
        let words = filter.text.as_deref().map(like_words).filter(|words| !words.is_empty());
        let (since, until) = (timestamp(filter.since), timestamp(filter.until));
        let pattern = filter.pattern_id.map(|pattern| pattern.0.cast_signed());
        let attributes = (!filter.attributes.is_empty()).then(|| Value::Object(filter.attributes.clone()));
        let (severity, service) = (&filter.min_severity, &filter.service);
        let (behind, nanos, _, place) = behind(filter.after.as_ref());
        let wanted = filter.limit.clamp(1, MAX_ROWS);
        let most = one_more(wanted);
        let rows = match filter.trace_id {
            Some(trace_id) => {
                let id = Uuid::from_bytes(trace_id.0);
                let sql = include_str!("../../queries/log/of_trace.sql");
                self.planned(
                    sql,
                    &[
                        &id,
                        &words,
                        severity,
                        service,
                        &since,
                        &until,
                        &most,
                        &pattern,
                        &attributes,
                        &behind,
                        &nanos,
                        &place,
                    ],
                )
                .await?
            }
            None => {
                let sql = include_str!("../../queries/log/list.sql");
                self.planned(
                    sql,
                    &[
                        &words,
                        severity,
                        service,
                        &since,
                        &until,
                        &most,
                        &pattern,
                        &attributes,
                        &behind,
                        &nanos,
                        &place,
                    ],
                )
                .await?
            }
        };
        page(&rows, wanted, List::Logs, rows::log_record, |record| (record.time, 0))
    }

    /// The data points that match, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn metric_points(&self, filter: &MetricFilter) -> Result<Vec<MetricPoint>, StoreError> {
        Ok(self.metric_points_page(filter).await?.items)
    }

    /// A page of the data points that match, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn metric_points_page(&self, filter: &MetricFilter) -> Result<Page<MetricPoint>, StoreError> {
        let wanted = filter.limit.clamp(1, MAX_ROWS);
        let (behind, nanos, series, place) = behind(filter.after.as_ref());
        let rows = self
            .planned(
                include_str!("../../queries/metric/points.sql"),
                &[
                    &filter.name,
                    &filter.service,
                    &timestamp(filter.since),
                    &timestamp(filter.until),
                    &one_more(wanted),
                    &behind,
                    &nanos,
                    &series,
                    &place,
                ],
            )
            .await?;
        let series = rows.get(wanted - 1).map(|row| row.try_get("series_id")).transpose()?.unwrap_or(0);
        page(&rows, wanted, List::Points, rows::metric_point, |point| (point.time, series))
    }
}

/// One more than fits on the page tells whether another follows.
fn one_more(wanted: usize) -> i64 {
    // At most MAX_ROWS + 1.
    wanted as i64 + 1
}

fn behind(cursor: Option<&Cursor>) -> Behind {
    match cursor {
        None => (None, None, None, None),
        Some(cursor) => {
            (Some(cursor.time()), Some(cursor.nanos()), Some(cursor.series()), Some(cursor.place()))
        }
    }
}

/// The rows of a page; `order` says by which time, and which series, the last of them stands.
fn page<T>(
    rows: &[Row],
    wanted: usize,
    list: List,
    read: impl Fn(&Row) -> Result<T, StoreError>,
    order: impl Fn(&T) -> (crate::time::UnixNanos, i64),
) -> Result<Page<T>, StoreError> {
    let items = rows.iter().take(wanted).map(read).collect::<Result<Vec<_>, _>>()?;
    let next = match (items.last(), rows.get(wanted - 1)) {
        (Some(last), Some(row)) if rows.len() > wanted => {
            let (time, series) = order(last);
            Cursor::of_row(list, time, series, row.try_get("place")?)
        }
        _ => None,
    };
    Ok(Page { items, next })
}
