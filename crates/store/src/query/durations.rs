//! How long the spans of each service take.
//!
//! The latest spans of the most frequent operations are looked at, and each stands for as many as its operation had in the
//! time: what is rare does not count as much as what is frequent.

use std::collections::HashMap;

use super::{QueryService, count_of, timestamp};
use crate::{error::StoreError, time::UnixNanos};

/// Operations that are looked at, the most frequent of all services together.
const OPERATIONS: i64 = 300;

/// The latest spans of each of them.
const SPANS: i64 = 30;

/// How long the spans of a service take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Durations {
    pub(super) p50_ms: f64,
    pub(super) p95_ms: f64,
    pub(super) p99_ms: f64,
}

impl QueryService {
    /// By service.
    pub(super) async fn durations(
        &self,
        since: Option<UnixNanos>,
        until: Option<UnixNanos>,
    ) -> Result<HashMap<String, Durations>, StoreError> {
        let sql = include_str!("../../queries/service/durations.sql");
        let rows = self.rows(sql, &[&timestamp(since), &timestamp(until), &OPERATIONS, &SPANS]).await?;
        let mut of_services: HashMap<String, Vec<(i64, f64)>> = HashMap::new();
        for row in rows {
            let durations: Vec<i64> = row.try_get("durations")?;
            let weight = count_of(row.try_get("spans")?) as f64 / durations.len().max(1) as f64;
            let all = of_services.entry(row.try_get("service")?).or_default();
            all.extend(durations.into_iter().map(|nanos| (nanos, weight)));
        }
        Ok(of_services.into_iter().map(|(service, all)| (service, percentiles(all))).collect())
    }
}

fn percentiles(mut all: Vec<(i64, f64)>) -> Durations {
    all.sort_unstable_by_key(|(nanos, _)| *nanos);
    let total: f64 = all.iter().map(|(_, weight)| weight).sum();
    let part = |part: f64| {
        let mut below = 0.0;
        let found = all.iter().find(|(_, weight)| {
            below += weight;
            below >= part * total
        });
        found.or(all.last()).map_or(0.0, |(nanos, _)| *nanos as f64 / 1e6)
    };
    Durations { p50_ms: part(0.5), p95_ms: part(0.95), p99_ms: part(0.99) }
}

#[cfg(test)]
mod tests {
    use super::percentiles;

    #[test]
    fn a_frequent_operation_counts_for_more_than_a_rare_one() {
        let one = percentiles(vec![(9_000_000, 1.0), (1_000_000, 98.0), (5_000_000, 1.0)]);
        assert_eq!((one.p50_ms, one.p95_ms, one.p99_ms), (1.0, 1.0, 5.0));
        assert_eq!(percentiles(Vec::new()).p99_ms, 0.0);
    }
}
