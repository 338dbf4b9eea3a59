//! Traces by what their patterns mean.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::{PatternFilter, PatternKind, Ranked, SearchBy, exact};
use crate::{
    error::StoreError,
    query::{
        LogFilter, LogRecord, QueryService, SpanId, TraceId, TraceSummary, limit, rows, similar::summary,
        timestamp,
    },
    time::{PgTimestamp, UnixNanos},
};

/// The least score of a trace that is found by words, unless asked otherwise.
///
/// Words reach lower cosines than whole traces do; see `docs/search.md` for what was measured.
pub const SEARCH_THRESHOLD: f64 = 0.25;

/// The least cosine of [`QueryService::find_similar_traces`], unless asked otherwise.
pub const SIMILARITY_THRESHOLD: f64 = 0.85;

/// Patterns whose traces are looked at.
const PATTERNS: usize = 50;

/// Patterns whose traces are looked for at once.
const PATTERNS_AT_ONCE: usize = 8;

/// Which spans of found patterns count.
#[derive(Clone, Debug, Default)]
pub struct SearchFilter {
    /// Of this service.
    pub service: Option<String>,
    /// Of this name.
    pub operation: Option<String>,
    /// `StatusCode` of OTLP: 0 unset, 1 ok, 2 error.
    pub status: Option<i16>,
    /// At least so long, in milliseconds.
    pub min_duration_ms: Option<f64>,
    /// At most so long, in milliseconds.
    pub max_duration_ms: Option<f64>,
    /// Started at or after.
    pub since: Option<UnixNanos>,
    /// Started before.
    pub until: Option<UnixNanos>,
    /// Attributes that it has.
    pub attributes: Map<String, Value>,
    /// The least score; [`SEARCH_THRESHOLD`] by default.
    pub threshold: Option<f64>,
    /// At most so many; see [`crate::query::MAX_ROWS`].
    pub limit: usize,
}

/// The contract's `TraceResult`: a span that was found, and with it its trace.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceResult {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
    /// What it does.
    pub name: String,
    /// Whose it is.
    pub service: String,
    /// `StatusCode` of OTLP.
    pub status: i32,
    /// How long it took.
    pub duration_ms: f64,
    /// When it began.
    pub start_time: UnixNanos,
    /// When it ended.
    pub end_time: UnixNanos,
    /// An object.
    pub attributes: Value,
    /// Whether it holds exactly what the question wants; those come first.
    pub exact: bool,
    /// What it is ordered by next; between vectors the cosine of their angle.
    pub similarity: f64,
    /// The text that matched.
    pub matched: String,
    /// Why it matched.
    pub why: String,
    /// The trace as a whole; none where its summary is not there yet.
    pub trace: Option<TraceSummary>,
}

/// A pattern whose traces are wanted.
#[derive(Clone, Debug)]
struct Wanted {
    pattern: i64,
    kind: String,
    exact: bool,
    score: f64,
    matched: String,
    why: String,
}

impl QueryService {
    /// Traces whose spans, errors or logs a text describes, the best first; one result for each trace.
    ///
    /// A trace whose id is the text comes before all others.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] for an empty text, [`StoreError::Unavailable`] when the database can not answer
    /// now.
    pub async fn search_traces(
        &self,
        text: &str,
        filter: &SearchFilter,
    ) -> Result<Vec<TraceResult>, StoreError> {
        if let Some(id) = TraceId::from_hex(text.trim()) {
            match self.root_of(id).await {
                Ok(root) => return Ok(vec![root]),
                Err(StoreError::TraceNotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let patterns = PatternFilter { limit: PATTERNS, ..PatternFilter::default() };
        let ranked = self.ranked(text, &patterns, SearchBy::Both).await?;
        let threshold = filter.threshold.unwrap_or(SEARCH_THRESHOLD);
        // Where there is no model, words are all there is.
        let without_meaning = ranked.iter().all(|hit| hit.why.cosine.is_none());
        let good = |hit: &Ranked| hit.why.exact || hit.score >= threshold || without_meaning;
        let ranked: Vec<Ranked> = ranked.into_iter().filter(good).collect();
        let mut texts = self.kinds_and_texts(ranked.iter().map(|hit| hit.pattern).collect()).await?;
        let wanted = ranked.into_iter().filter_map(|hit| {
            let (kind, matched) = texts.remove(&hit.pattern)?;
            let (exact, why) = (hit.why.exact, hit.why.to_string());
            Some(Wanted { pattern: hit.pattern, kind, exact, score: hit.score, matched, why })
        });
        let mut found = self.traces_with(wanted.collect(), filter).await?;
        found.extend(self.traces_with_text(&exact::wanted(text), filter).await?);
        self.with_summaries(best_first(found, filter.limit)).await
    }

    /// Traces of which a log record holds all these texts: an id is in one record of many that follow its pattern.
    async fn traces_with_text(
        &self,
        wanted: &[&str],
        filter: &SearchFilter,
    ) -> Result<Vec<TraceResult>, StoreError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let quoted: Vec<String> = wanted.iter().map(|text| format!("\"{text}\"")).collect();
        let asked = LogFilter {
            text: Some(quoted.join(" ")),
            since: filter.since,
            until: filter.until,
            limit: filter.limit,
            ..LogFilter::default()
        };
        let logs = self.logs(&asked).await?;
        let traced = logs.iter().filter(|log| log.trace_id.is_some()).collect::<Vec<_>>();
        let uuid = |log: &&LogRecord| log.trace_id.map(|id| Uuid::from_bytes(id.0));
        let span = |log: &&LogRecord| log.span_id.map(|id| i64::from_be_bytes(id.0));
        let (traces, spans): (Vec<_>, Vec<_>) = traced.iter().map(|log| (uuid(log), span(log))).unzip();
        let conditions = Conditions::of(filter);
        let mut parameters = conditions.parameters();
        parameters.splice(0..1, [&traces as &(dyn ToSql + Sync), &spans]);
        let rows = self.rows(include_str!("../../../queries/trace/with_ids.sql"), &parameters).await?;
        rows.iter()
            .map(|row| {
                let number: i64 = row.try_get("number")?;
                let log = usize::try_from(number - 1).ok().and_then(|at| traced.get(at));
                let message = log.and_then(|log| log.message.as_deref()).unwrap_or_default();
                result(row, Score { exact: true, similarity: 1.0 }, message, "exact text in a log record")
            })
            .collect()
    }

    /// Traces with a pattern whose vector has at least `threshold` as cosine to `embedding`, the most alike first.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidEmbedding`] for a vector of another dimension than the model's, [`StoreError::Unavailable`]
    /// when the database can not answer now.
    pub async fn find_similar_traces(
        &self,
        embedding: &[f32],
        threshold: f64,
        limit: usize,
    ) -> Result<Vec<TraceResult>, StoreError> {
        self.check_embedding(embedding).await?;
        let filter = PatternFilter { limit: PATTERNS, ..PatternFilter::default() };
        let mut near = self.nearest(embedding, &filter, PATTERNS as i64).await?;
        near.retain(|(_, cosine)| *cosine >= threshold);
        let mut texts = self.kinds_and_texts(near.iter().map(|(id, _)| *id).collect()).await?;
        let wanted = near.into_iter().filter_map(|(pattern, score)| {
            let (kind, matched) = texts.remove(&pattern)?;
            Some(Wanted { pattern, kind, exact: false, score, matched, why: format!("meaning {score:.2}") })
        });
        let found =
            self.traces_with(wanted.collect(), &SearchFilter { limit, ..SearchFilter::default() }).await?;
        self.with_summaries(best_first(found, limit)).await
    }

    /// What patterns are of and what they say, without counting anything.
    async fn kinds_and_texts(&self, ids: Vec<i64>) -> Result<HashMap<i64, (String, String)>, StoreError> {
        let rows = self.rows(include_str!("../../../queries/pattern/kinds_and_texts.sql"), &[&ids]).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)))).collect()
    }

    async fn check_embedding(&self, embedding: &[f32]) -> Result<(), StoreError> {
        let dimension = self.dimension().await?.ok_or_else(|| {
            StoreError::InvalidEmbedding("there is no embedding model: set embedding_model".to_owned())
        })?;
        let given = embedding.len();
        if given != dimension {
            return Err(StoreError::InvalidEmbedding(format!(
                "a vector has {dimension} numbers here, not {given}"
            )));
        }
        if embedding.iter().any(|number| !number.is_finite()) || embedding.iter().all(|number| *number == 0.0)
        {
            return Err(StoreError::InvalidEmbedding(
                "a vector has finite numbers and at least one that is not 0".to_owned(),
            ));
        }
        Ok(())
    }

    /// The latest spans of each pattern, the best patterns first, until there are enough traces: those of other patterns would
    /// come after them.
    async fn traces_with(
        &self,
        wanted: Vec<Wanted>,
        filter: &SearchFilter,
    ) -> Result<Vec<TraceResult>, StoreError> {
        let (mut found, mut traces) = (Vec::new(), HashSet::new());
        for some in wanted.chunks(PATTERNS_AT_ONCE) {
            let of_some = self.traces_with_any(some, filter).await?;
            traces.extend(of_some.iter().map(|found| found.trace_id));
            found.extend(of_some);
            if traces.len() >= filter.limit {
                break;
            }
        }
        Ok(found)
    }

    async fn traces_with_any(
        &self,
        wanted: &[Wanted],
        filter: &SearchFilter,
    ) -> Result<Vec<TraceResult>, StoreError> {
        let mut found = Vec::new();
        for kind in [PatternKind::Span, PatternKind::Error, PatternKind::Log] {
            let of_kind: Vec<&Wanted> = wanted.iter().filter(|it| it.kind == kind.name()).collect();
            if of_kind.is_empty() {
                continue;
            }
            for row in self.spans_with(kind, &of_kind, filter).await? {
                let number: i64 = row.try_get("number")?;
                let Some(wanted) = usize::try_from(number - 1).ok().and_then(|at| of_kind.get(at)) else {
                    continue;
                };
                let score = Score { exact: wanted.exact, similarity: wanted.score };
                found.push(result(&row, score, &wanted.matched, &wanted.why)?);
            }
        }
        Ok(found)
    }

    /// The same results, each with its trace as a whole.
    async fn with_summaries(&self, mut results: Vec<TraceResult>) -> Result<Vec<TraceResult>, StoreError> {
        let ids: Vec<Uuid> = results.iter().map(|found| Uuid::from_bytes(found.trace_id.0)).collect();
        let rows = self.rows(include_str!("../../../queries/trace/of_ids.sql"), &[&ids]).await?;
        let mut summaries = HashMap::with_capacity(rows.len());
        for row in &rows {
            let summary = summary(row)?;
            summaries.insert(summary.trace_id, summary);
        }
        for found in &mut results {
            found.trace = summaries.get(&found.trace_id).cloned();
        }
        Ok(results)
    }

    async fn spans_with(
        &self,
        kind: PatternKind,
        wanted: &[&Wanted],
        filter: &SearchFilter,
    ) -> Result<Vec<Row>, StoreError> {
        let with_patterns = include_str!("../../../queries/trace/with_patterns.sql");
        let sql = match kind {
            PatternKind::Span => with_patterns.replace("$column", "pattern_id"),
            PatternKind::Error => with_patterns.replace("$column", "error_id"),
            PatternKind::Log => include_str!("../../../queries/trace/with_log_patterns.sql").to_owned(),
        };
        let ids: Vec<i64> = wanted.iter().map(|it| it.pattern).collect();
        let conditions = Conditions::of(filter);
        let mut parameters = conditions.parameters();
        parameters.insert(0, &ids);
        self.rows(&sql, &parameters).await
    }

    /// The root of a trace as a result.
    async fn root_of(&self, id: TraceId) -> Result<TraceResult, StoreError> {
        let rows =
            self.rows(include_str!("../../../queries/trace/root.sql"), &[&Uuid::from_bytes(id.0)]).await?;
        let row = rows.first().ok_or_else(|| StoreError::TraceNotFound(id.to_string()))?;
        let root = result(row, Score { exact: true, similarity: 1.0 }, &id.to_string(), "trace id")?;
        let mut found = self.with_summaries(vec![root]).await?;
        found.pop().ok_or_else(|| StoreError::TraceNotFound(id.to_string()))
    }

    /// The failing spans whose message, or the message of whose exception, is LIKE `pattern` (`%` any text, `_` any
    /// character), newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn get_traces_by_error(
        &self,
        pattern: &str,
        service: Option<&str>,
        start_time: Option<UnixNanos>,
        end_time: Option<UnixNanos>,
        most: usize,
    ) -> Result<Vec<TraceResult>, StoreError> {
        let pattern = pattern.replace('\0', "");
        let rows = self
            .rows(
                include_str!("../../../queries/trace/by_error.sql"),
                &[&pattern, &service, &timestamp(start_time), &timestamp(end_time), &limit(most)],
            )
            .await?;
        let found: Result<Vec<TraceResult>, StoreError> = rows
            .iter()
            .map(|row| {
                let message: Option<String> = row.try_get("message")?;
                let score = Score { exact: true, similarity: 1.0 };
                result(row, score, &message.unwrap_or_default(), "error message")
            })
            .collect();
        self.with_summaries(found?).await
    }
}

/// What a result is ordered by.
#[derive(Clone, Copy, Debug)]
struct Score {
    exact: bool,
    similarity: f64,
}

/// A filter as values of `$2` to `$10`: how many, whose, when.
#[derive(Debug)]
struct Conditions<'a> {
    filter: &'a SearchFilter,
    limit: i64,
    least_ns: Option<i64>,
    most_ns: Option<i64>,
    since: Option<PgTimestamp>,
    until: Option<PgTimestamp>,
    attributes: Option<Value>,
}

impl<'a> Conditions<'a> {
    fn of(filter: &'a SearchFilter) -> Self {
        let nanos = |milliseconds: Option<f64>| milliseconds.map(|it| (it * 1e6) as i64);
        Self {
            filter,
            limit: limit(filter.limit),
            least_ns: nanos(filter.min_duration_ms),
            most_ns: nanos(filter.max_duration_ms),
            since: timestamp(filter.since),
            until: timestamp(filter.until),
            attributes: (!filter.attributes.is_empty()).then(|| Value::Object(filter.attributes.clone())),
        }
    }

    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        let Self { filter, limit, least_ns, most_ns, since, until, attributes } = self;
        vec![
            limit,
            &filter.service,
            &filter.operation,
            &filter.status,
            least_ns,
            most_ns,
            since,
            until,
            attributes,
        ]
    }
}

/// The best of each trace, the best traces first: what is exact, then by score, then the newest.
fn best_first(found: Vec<TraceResult>, most: usize) -> Vec<TraceResult> {
    let better = |one: &TraceResult, other: &TraceResult| {
        let newest = other.start_time.cmp(&one.start_time);
        let score = other.similarity.total_cmp(&one.similarity);
        other.exact.cmp(&one.exact).then(score).then(newest).then(one.trace_id.cmp(&other.trace_id))
    };
    let mut best: HashMap<TraceId, TraceResult> = HashMap::new();
    for result in found {
        match best.get(&result.trace_id) {
            Some(known) if better(known, &result).is_le() => {}
            _ => {
                best.insert(result.trace_id, result);
            }
        }
    }
    let mut results: Vec<TraceResult> = best.into_values().collect();
    results.sort_by(better);
    results.truncate(most.clamp(1, crate::query::MAX_ROWS));
    results
}

fn result(row: &Row, score: Score, matched: &str, why: &str) -> Result<TraceResult, StoreError> {
    let start_time = rows::time(row, "start_time", "start_nanos")?;
    let nanos: i64 = row.try_get("duration_ns")?;
    let attributes: Option<Value> = row.try_get("attributes")?;
    Ok(TraceResult {
        trace_id: rows::trace_id(row.try_get("trace_id")?),
        span_id: SpanId(row.try_get::<_, i64>("span_id")?.to_be_bytes()),
        name: row.try_get("name")?,
        service: row.try_get("service")?,
        status: row.try_get::<_, i16>("status")?.into(),
        duration_ms: nanos as f64 / 1e6,
        start_time,
        end_time: UnixNanos(start_time.0.wrapping_add_signed(nanos)),
        attributes: attributes.unwrap_or_else(|| Value::Object(Map::new())),
        exact: score.exact,
        similarity: score.similarity,
        matched: matched.to_owned(),
        why: why.to_owned(),
        trace: None,
    })
}
