//! What the traces that match have in common, to choose from.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::{QueryService, TraceFilter, TraceSummary, count_of, timestamp};
use crate::{error::StoreError, time::UnixNanos};

/// The newest traces that are counted.
const TRACES: usize = 500;

/// The newest traces whose spans' attributes are counted.
const TRACES_OF_ATTRIBUTES: usize = 200;

/// Values of one facet that are given, and attributes.
const VALUES: usize = 10;
const ATTRIBUTES: usize = 30;

/// Characters of an attribute's key and value: longer ones are nothing to choose.
const CHARACTERS: i32 = 100;

/// What traces have in common; the most frequent first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facets {
    /// Services of their roots.
    pub services: Vec<Facet<String>>,
    /// Names of their roots.
    pub operations: Vec<Facet<String>>,
    /// `StatusCode` of OTLP: 2 where a span failed, otherwise that of the root.
    pub statuses: Vec<Facet<i16>>,
    /// Attributes of their spans.
    pub attributes: Vec<AttributeFacet>,
    /// How many of the newest traces were counted.
    pub of: u64,
}

/// A value and how many traces have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Facet<T> {
    /// The value.
    pub value: T,
    /// How many traces.
    pub count: u64,
}

/// The values of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeFacet {
    /// Its key.
    pub key: String,
    /// Its values: strings, numbers, booleans.
    pub values: Vec<Facet<Value>>,
}

impl QueryService {
    /// What the newest 500 traces that match have in common; attributes are those of the newest 200.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn trace_facets(&self, filter: &TraceFilter) -> Result<Facets, StoreError> {
        let page = self.traces_page(&TraceFilter { limit: TRACES, ..filter.clone() }).await?;
        let traces = page.items;
        Ok(Facets {
            services: most(traces.iter().map(|trace| trace.service.clone())),
            operations: most(traces.iter().map(|trace| trace.name.clone())),
            statuses: self.statuses(&traces).await?,
            attributes: self.attributes_of(&traces[..traces.len().min(TRACES_OF_ATTRIBUTES)]).await?,
            of: traces.len() as u64,
        })
    }

    async fn statuses(&self, traces: &[TraceSummary]) -> Result<Vec<Facet<i16>>, StoreError> {
        let (failed, rest): (Vec<_>, Vec<_>) = traces.iter().partition(|trace| trace.errors > 0);
        let mut statuses = Vec::new();
        if !failed.is_empty() {
            statuses.push(Facet { value: 2, count: failed.len() as u64 });
        }
        if let Some((first, last)) = time_of(rest.iter().copied()) {
            let ids: Vec<Uuid> = rest.iter().map(|trace| Uuid::from_bytes(trace.trace_id.0)).collect();
            let sql = include_str!("../../queries/trace/root_statuses.sql");
            for row in self.rows(sql, &[&ids, &timestamp(Some(first)), &timestamp(Some(last))]).await? {
                statuses.push(Facet { value: row.try_get(0)?, count: count_of(row.try_get(1)?) });
            }
        }
        statuses.sort_by_key(|status| std::cmp::Reverse(status.count));
        Ok(statuses)
    }

    async fn attributes_of(&self, traces: &[TraceSummary]) -> Result<Vec<AttributeFacet>, StoreError> {
        let Some((first, last)) = time_of(traces.iter()) else { return Ok(Vec::new()) };
        let ids: Vec<Uuid> = traces.iter().map(|trace| Uuid::from_bytes(trace.trace_id.0)).collect();
        let rows = self
            .rows(
                include_str!("../../queries/trace/attributes.sql"),
                &[
                    &ids,
                    &timestamp(Some(first)),
                    &timestamp(Some(last)),
                    &CHARACTERS,
                    // One more tells an attribute whose values are too many to choose from.
                    &(VALUES as i64 + 1),
                ],
            )
            .await?;
        let mut attributes: Vec<AttributeFacet> = Vec::new();
        for row in rows {
            let key: String = row.try_get(0)?;
            let facet = Facet { value: row.try_get(1)?, count: count_of(row.try_get(2)?) };
            match attributes.last_mut().filter(|attribute| attribute.key == key) {
                Some(attribute) => attribute.values.push(facet),
                None => attributes.push(AttributeFacet { key, values: vec![facet] }),
            }
        }
        // Where every trace has its own value, as with an id, there is nothing to choose.
        attributes
            .retain(|it| it.values.len() <= VALUES || it.values.first().is_some_and(|most| most.count > 1));
        attributes.iter_mut().for_each(|attribute| attribute.values.truncate(VALUES));
        let traces_with =
            |attribute: &AttributeFacet| attribute.values.iter().map(|value| value.count).sum::<u64>();
        attributes.sort_by_key(|attribute| std::cmp::Reverse(traces_with(attribute)));
        attributes.truncate(ATTRIBUTES);
        Ok(attributes)
    }
}

/// From when to when traces last.
fn time_of<'a>(traces: impl Iterator<Item = &'a TraceSummary> + Clone) -> Option<(UnixNanos, UnixNanos)> {
    let end = |trace: &TraceSummary| {
        // A duration is known to the microsecond.
        let nanos = (trace.duration_ms.max(0.0) * 1e6).ceil() as u64 + 1_000;
        UnixNanos(trace.start_time.0.saturating_add(nanos))
    };
    Some((traces.clone().map(|trace| trace.start_time).min()?, traces.map(end).max()?))
}

/// The most frequent values.
fn most(values: impl Iterator<Item = String>) -> Vec<Facet<String>> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut facets: Vec<_> = counts.into_iter().map(|(value, count)| Facet { value, count }).collect();
    facets.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.value.cmp(&other.value)));
    facets.truncate(VALUES);
    facets
}
