//! Services, what they do, and who calls whom.

use super::{QueryService, count_of, limit, timestamp};
use crate::{
    error::StoreError,
    time::{PgTimestamp, UnixNanos},
};

/// The latest traces of which the service map is made.
const TRACES_OF_MAP: i64 = 1000;

/// A service in a time.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSummary {
    /// `service.name`.
    pub name: String,
    /// Its spans.
    pub spans: u64,
    /// Those with status ERROR.
    pub errors: u64,
    /// Its log records.
    pub logs: u64,
    /// Of its spans.
    pub mean_duration_ms: f64,
    /// Half of its spans took no longer, by the latest of its most frequent operations.
    pub p50_ms: f64,
    /// 95 of 100 took no longer.
    pub p95_ms: f64,
    /// 99 of 100 took no longer.
    pub p99_ms: f64,
    /// The last minute in which it sent something.
    pub last_seen: Option<UnixNanos>,
}

/// What a service does, in a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The name of its spans, with `<*>` where they differ.
    pub name: String,
    /// How many.
    pub spans: u64,
    /// Those with status ERROR.
    pub errors: u64,
    /// Of all of them.
    pub mean_duration_ms: f64,
    /// Half of the latest 1000 took no longer.
    pub p50_ms: f64,
    /// 95 of 100 of the latest 1000 took no longer.
    pub p95_ms: f64,
    /// 99 of 100 of the latest 1000 took no longer.
    pub p99_ms: f64,
    /// The last minute in which there was one.
    pub last_seen: Option<UnixNanos>,
}

/// Calls from one service to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Who calls.
    pub caller: String,
    /// Who is called.
    pub called: String,
    /// How often, in the traces looked at.
    pub calls: u64,
    /// How many failed.
    pub errors: u64,
    /// Half took no longer.
    pub p50_ms: f64,
    /// 95 of 100 took no longer.
    pub p95_ms: f64,
}

/// Who calls whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceMap {
    /// The most frequent first.
    pub calls: Vec<Call>,
    /// Of how many traces, the latest, this is made.
    pub traces: u64,
}

impl QueryService {
    /// The services that sent something in a time, those with most spans first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn services(
        &self,
        since: Option<UnixNanos>,
        until: Option<UnixNanos>,
    ) -> Result<Vec<ServiceSummary>, StoreError> {
        let sql = include_str!("../../queries/service/list.sql");
        let rows = self.rows(sql, &[&timestamp(since), &timestamp(until), &limit(super::MAX_ROWS)]).await?;
        let durations = self.durations(since, until).await?;
        rows.iter()
            .map(|row| {
                let spans = count_of(row.try_get("spans")?);
                let name: String = row.try_get("service")?;
                let of_service = durations.get(&name).copied().unwrap_or_default();
                Ok(ServiceSummary {
                    name,
                    p50_ms: of_service.p50_ms,
                    p95_ms: of_service.p95_ms,
                    p99_ms: of_service.p99_ms,
                    spans,
                    errors: count_of(row.try_get("errors")?),
                    logs: count_of(row.try_get("logs")?),
                    mean_duration_ms: mean(row.try_get("duration_ns")?, spans),
                    last_seen: minute(row)?,
                })
            })
            .collect()
    }

    /// What a service does, the most frequent first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn operations(
        &self,
        service: &str,
        since: Option<UnixNanos>,
        until: Option<UnixNanos>,
        most: usize,
    ) -> Result<Vec<Operation>, StoreError> {
        let sql = include_str!("../../queries/service/operations.sql");
        let rows = self.rows(sql, &[&service, &timestamp(since), &timestamp(until), &limit(most)]).await?;
        rows.iter()
            .map(|row| {
                let spans = count_of(row.try_get("spans")?);
                let milliseconds = |column| Ok::<_, StoreError>(part(row.try_get(column)?));
                Ok(Operation {
                    name: row.try_get("name")?,
                    spans,
                    errors: count_of(row.try_get("errors")?),
                    mean_duration_ms: mean(row.try_get("duration_ns")?, spans),
                    p50_ms: milliseconds("p50")?,
                    p95_ms: milliseconds("p95")?,
                    p99_ms: milliseconds("p99")?,
                    last_seen: minute(row)?,
                })
            })
            .collect()
    }

    /// Who calls whom, by the latest 1000 traces of a time.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn service_map(
        &self,
        since: Option<UnixNanos>,
        until: Option<UnixNanos>,
    ) -> Result<ServiceMap, StoreError> {
        let sql = include_str!("../../queries/service/map.sql");
        let most = limit(super::MAX_ROWS);
        let rows = self.rows(sql, &[&timestamp(since), &timestamp(until), &TRACES_OF_MAP, &most]).await?;
        let traces = rows.first().map(|row| row.try_get("traces")).transpose()?;
        let calls = rows.iter().map(|row| {
            Ok(Call {
                caller: row.try_get("caller")?,
                called: row.try_get("called")?,
                calls: count_of(row.try_get("calls")?),
                errors: count_of(row.try_get("errors")?),
                p50_ms: part(row.try_get("p50")?),
                p95_ms: part(row.try_get("p95")?),
            })
        });
        Ok(ServiceMap { calls: calls.collect::<Result<_, StoreError>>()?, traces: count_of(traces) })
    }
}

/// Nanoseconds in milliseconds, where there are any.
fn part(nanos: Option<f64>) -> f64 {
    nanos.unwrap_or_default() / 1e6
}

fn mean(nanos: f64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { nanos / of as f64 / 1e6 }
}

fn minute(row: &tokio_postgres::Row) -> Result<Option<UnixNanos>, StoreError> {
    let last: Option<PgTimestamp> = row.try_get("last_seen")?;
    Ok(last.map(|PgTimestamp(micros)| UnixNanos::from_postgres(micros, 0)))
}
