//! Traces like one that is there.
//!
//! Two traces are as alike as what they are made of: half of the score is how much of their patterns they share, half how
//! close what those mean is. A pattern that nearly all candidates have says little, so each counts by its rarity among
//! them. A missing span or another error is what sets a trace apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::{QueryService, TraceId, TraceSummary, count, rows};
use crate::{
    error::StoreError,
    time::{PgTimestamp, UnixNanos},
};

/// The latest traces of the same operation that are compared; others come by the patterns that are rare.
const CANDIDATES: i64 = 500;

/// Of them, those that share most patterns, whose meaning is compared as well.
const CLOSEST: usize = 100;

/// A trace that is like another.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarTrace {
    /// The trace.
    pub trace: TraceSummary,
    /// From 0 to 1.
    pub similarity: f64,
    /// What both have that is rarest, and what sets them apart: patterns' texts.
    pub why: String,
}

/// What a trace is made of: how many of its spans follow each pattern. In order, so that the same sums give the same answer.
type MakeUp = BTreeMap<i64, f64>;

/// What two traces have in common and what sets them apart: the rarest pattern of each.
struct Difference {
    shared: Option<i64>,
    only_other: Option<i64>,
    missing: Option<i64>,
}

/// How much a pattern says, and its vector.
struct Weights {
    rarity: HashMap<i64, f64>,
    vectors: HashMap<i64, Vec<f32>>,
}

impl QueryService {
    /// The traces most like this one, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::TraceNotFound`], or [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn similar_traces(
        &self,
        trace_id: TraceId,
        limit: usize,
    ) -> Result<Vec<SimilarTrace>, StoreError> {
        let id = Uuid::from_bytes(trace_id.0);
        let rows = self.rows(include_str!("../../queries/trace/make_up.sql"), &[&id]).await?;
        let row = rows.first().ok_or_else(|| StoreError::TraceNotFound(trace_id.to_string()))?;
        let (service, name): (String, String) = (row.try_get("service")?, row.try_get("name")?);
        let this = make_up(row)?;
        let patterns: Vec<i64> = this.keys().copied().collect();
        let rarest = self.rows(include_str!("../../queries/pattern/rarest.sql"), &[&patterns]).await?;
        let rarest: Vec<i64> = rarest.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        let candidates = self
            .rows(
                include_str!("../../queries/trace/candidates.sql"),
                &[&id, &service, &name, &rarest, &CANDIDATES],
            )
            .await?;
        let others = candidates.iter().map(make_up).collect::<Result<Vec<MakeUp>, _>>()?;
        let limit = limit.clamp(1, super::MAX_ROWS);
        let mut weights = Weights::new(&this, &others);
        let mut ranked: Vec<(usize, f64)> =
            others.iter().enumerate().map(|(at, other)| (at, weights.shared(&this, other))).collect();
        keep_best(&mut ranked, limit.max(CLOSEST));
        let closest = ranked.iter().map(|(at, _)| &others[*at]).chain([&this]);
        let patterns: BTreeSet<i64> = closest.flat_map(BTreeMap::keys).copied().collect();
        weights.vectors = self.vectors(&Vec::from_iter(patterns)).await?;
        let centre = weights.centre(&this);
        for (at, shared) in &mut ranked {
            *shared = weights.similarity(*shared, centre.as_deref(), &others[*at]);
        }
        keep_best(&mut ranked, limit);
        let differences: Vec<Difference> =
            ranked.iter().map(|(at, _)| weights.difference(&this, &others[*at])).collect();
        let texts = self.texts(&differences).await?;
        ranked
            .into_iter()
            .zip(differences)
            .map(|((at, similarity), difference)| {
                Ok(SimilarTrace { trace: summary(&candidates[at])?, similarity, why: difference.why(&texts) })
            })
            .collect()
    }

    /// Whose these patterns are and what they say.
    async fn texts(&self, differences: &[Difference]) -> Result<HashMap<i64, String>, StoreError> {
        let ids: Vec<i64> = differences.iter().flat_map(Difference::patterns).flatten().collect();
        let rows = self.rows(include_str!("../../queries/pattern/texts.sql"), &[&ids]).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }
}

impl Difference {
    fn patterns(&self) -> [Option<i64>; 3] {
        [self.shared, self.only_other, self.missing]
    }

    /// In words.
    fn why(&self, texts: &HashMap<i64, String>) -> String {
        let names = ["both: ", "only this one: ", "not here: "];
        let parts = names.iter().zip(self.patterns());
        let said = parts.filter_map(|(name, pattern)| Some(format!("{name}{}", texts.get(&pattern?)?)));
        said.collect::<Vec<_>>().join("; ")
    }
}

impl Weights {
    /// Without vectors.
    fn new(this: &MakeUp, others: &[MakeUp]) -> Self {
        let mut holding: HashMap<i64, f64> = HashMap::new();
        for pattern in others.iter().chain([this]).flat_map(BTreeMap::keys) {
            *holding.entry(*pattern).or_default() += 1.0;
        }
        let all = others.len() as f64 + 1.0;
        let rarity =
            holding.into_iter().map(|(pattern, count)| (pattern, (1.0 + all / count).ln())).collect();
        Self { rarity, vectors: HashMap::new() }
    }

    fn difference(&self, this: &MakeUp, other: &MakeUp) -> Difference {
        let rarest = |of: &MakeUp, beside: &MakeUp, in_both: bool| {
            let some = of.keys().copied().filter(|pattern| beside.contains_key(pattern) == in_both);
            some.max_by(|one, other| self.rarity[one].total_cmp(&self.rarity[other]).then(other.cmp(one)))
        };
        Difference {
            shared: rarest(this, other, true),
            only_other: rarest(other, this, false),
            missing: rarest(this, other, false),
        }
    }

    /// Of what is shared and how close the centres are.
    fn similarity(&self, shared: f64, centre: Option<&[f64]>, other: &MakeUp) -> f64 {
        match (centre, self.centre(other)) {
            (Some(this), Some(other)) => f64::midpoint(shared, cosine(this, &other).max(0.0)),
            _ => shared,
        }
    }

    /// How much of what either has both have (weighted Jaccard).
    fn shared(&self, this: &MakeUp, other: &MakeUp) -> f64 {
        let (mut both, mut either) = (0.0, 0.0);
        for pattern in this.keys().chain(other.keys().filter(|pattern| !this.contains_key(pattern))) {
            let of = |make_up: &MakeUp| make_up.get(pattern).copied().unwrap_or(0.0);
            let rarity = self.rarity[pattern];
            both += rarity * of(this).min(of(other));
            either += rarity * of(this).max(of(other));
        }
        if either > 0.0 { both / either } else { 0.0 }
    }

    /// Where the meaning of a trace lies: the mean of its patterns' vectors, the rare ones more.
    fn centre(&self, make_up: &MakeUp) -> Option<Vec<f64>> {
        let mut centre: Option<Vec<f64>> = None;
        for pattern in make_up.keys() {
            let Some(vector) = self.vectors.get(pattern) else { continue };
            let centre = centre.get_or_insert_with(|| vec![0.0; vector.len()]);
            for (sum, number) in centre.iter_mut().zip(vector) {
                *sum += self.rarity[pattern] * f64::from(*number);
            }
        }
        centre
    }
}

/// The best first; of the same score, what came first.
fn keep_best(ranked: &mut Vec<(usize, f64)>, most: usize) {
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    ranked.truncate(most);
}

fn cosine(one: &[f64], other: &[f64]) -> f64 {
    let dot = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
    dot(one, other) / (dot(one, one) * dot(other, other)).sqrt().max(f64::MIN_POSITIVE)
}

fn make_up(row: &tokio_postgres::Row) -> Result<MakeUp, StoreError> {
    let patterns: Option<Vec<i64>> = row.try_get("patterns")?;
    let spans: Option<Vec<i32>> = row.try_get("pattern_spans")?;
    let spans = spans.unwrap_or_default().into_iter().map(f64::from);
    Ok(patterns.unwrap_or_default().into_iter().zip(spans).collect())
}

pub(super) fn summary(row: &tokio_postgres::Row) -> Result<TraceSummary, StoreError> {
    let PgTimestamp(start) = row.try_get("start_time")?;
    Ok(TraceSummary {
        trace_id: rows::trace_id(row.try_get("trace_id")?),
        service: row.try_get("service")?,
        name: row.try_get("name")?,
        start_time: UnixNanos::from_postgres(start, 0),
        duration_ms: row.try_get("duration_ms")?,
        spans: count(row.try_get("span_count")?),
        errors: count(row.try_get("error_count")?),
        root_missing: row.try_get("root_missing")?,
    })
}
