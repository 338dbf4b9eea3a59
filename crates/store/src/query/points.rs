//! The list of data points, and what pages of rows have in common.

use tokio_postgres::Row;

use super::{Cursor, List, MAX_ROWS, MetricFilter, MetricPoint, Page, QueryService, rows, timestamp};
use crate::{error::StoreError, time::PgTimestamp};

/// Where the page before ended, as parameters: time, nanoseconds, series, place.
pub(super) type Behind = (Option<PgTimestamp>, Option<i16>, Option<i64>, Option<String>);

impl QueryService {
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
            .rows(
                include_str!("../../queries/metric/points.sql"),
                &[
                    &filter.name,
                    &filter.service,
                    &timestamp(filter.since),
                    &timestamp(filter.until),
                    // One more than fits on the page tells whether another follows; at most MAX_ROWS + 1.
                    &(wanted as i64 + 1),
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

pub(super) fn behind(cursor: Option<&Cursor>) -> Behind {
    match cursor {
        None => (None, None, None, None),
        Some(cursor) => {
            (Some(cursor.time()), Some(cursor.nanos()), Some(cursor.series()), Some(cursor.place()))
        }
    }
}

/// The rows of a page; `order` says by which time, and which series, the last of them stands.
pub(super) fn page<T>(
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
