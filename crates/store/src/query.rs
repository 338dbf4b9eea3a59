//! Everything that can be asked of the store. REST, MCP, CLI and the page are thin faces of [`QueryService`].
//!
//! A list comes newest first. A trace is found by its id whenever it was; every other question is cheaper with a
//! bound on time.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::Object;
use mahavishnu_semantic::Embedder;
use tokio_postgres::{error::SqlState, types::ToSql};
use uuid::Uuid;

use crate::{
    embedding::Hnsw,
    error::StoreError,
    location::Location,
    store::Store,
    time::{PgTimestamp, UnixNanos},
};

mod changes;
mod cursor;
mod durations;
mod errors;
mod facets;
mod histogram;
mod logs;
mod points;
mod rows;
mod search;
mod series;
mod services;
mod similar;
mod sql;
mod traces;
mod trends;
mod types;

use search::{Meaning, Models};

pub use changes::{Change, PatternChange, Windows};
pub use cursor::{Cursor, List, Page};
pub use errors::{ErrorFilter, ErrorGroup, TREND_PARTS};
pub use facets::{AttributeFacet, Facet, Facets};
pub use histogram::{Bucket, DEFAULT_BUCKETS, Histogram, MAX_BUCKETS};
pub use mahavishnu_semantic::PatternId;
pub use search::{
    Match, PatternFilter, PatternHit, PatternKind, PatternRecord, SEARCH_THRESHOLD, SIMILARITY_THRESHOLD,
    SearchBy, SearchFilter, TraceResult,
};
pub use series::{Aggregate, Exemplar, MetricSeries, Series, SeriesFilter};
pub use services::{Call, Operation, ServiceMap, ServiceSummary};
pub use similar::SimilarTrace;
pub use trends::{ErrorDetail, PatternTrend};
pub use types::{
    LogFilter, LogRecord, MetricFilter, MetricPoint, MetricSummary, Number, Resource, Scope, Span, SpanId,
    SqlResult, StorageStatus, TraceContext, TraceFilter, TraceId, TraceSummary,
};

/// Rows of one answer at most.
pub const MAX_ROWS: usize = 10_000;

/// How long a question waits for a database that does not even say no: a server stops a statement after 20 s.
const PATIENCE: Duration = Duration::from_secs(25);

/// Tables of no more pages than this (32 MB) are counted; of larger ones as many pages are looked into.
const COUNTED_PAGES: f64 = 4096.0;

/// Answers questions from a [`Store`]. Clones share its connections.
#[derive(Clone, Debug)]
pub struct QueryService {
    store: Store,
    models: Option<Models>,
    vocabulary: Arc<tokio::sync::Mutex<search::Counted>>,
}

impl QueryService {
    /// Asks this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, models: None, vocabulary: Arc::default() }
    }

    /// Understands questions with this model; keeps the vectors of up to `cache_size` of them.
    ///
    /// Without a model, search finds words alone.
    #[must_use]
    pub fn with_embedder(mut self, embedder: Arc<dyn Embedder>, hnsw: Hnsw, cache_size: usize) -> Self {
        let current = Arc::new(Meaning::new(embedder, hnsw, cache_size));
        self.models = Some(Models { current, previous: None, caught_up: Arc::default() });
        self
    }

    /// Until every pattern has a vector of the model of [`Self::with_embedder`], understands questions with this one, whose
    /// vectors are there.
    #[must_use]
    pub fn until_then(mut self, previous: Arc<dyn Embedder>) -> Self {
        if let Some(models) = &mut self.models {
            models.previous = Some(Arc::new(models.current.of(previous)));
        }
        self
    }

    /// Whether it has a model, and so finds by meaning.
    #[must_use]
    pub fn understands(&self) -> bool {
        self.models.is_some()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.store.asking().await?.batch_execute("").await?;
        Ok(())
    }

    /// All spans, logs and metrics of one trace, each at most [`MAX_ROWS`] of them, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::TraceNotFound`], or [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn get_trace_context(&self, trace_id: TraceId) -> Result<TraceContext, StoreError> {
        let id = Uuid::from_bytes(trace_id.0);
        let all = limit(MAX_ROWS);
        let spans =
            self.rows_planned_once(include_str!("../queries/span/of_trace.sql"), &[&id, &all]).await?;
        let filter = LogFilter { trace_id: Some(trace_id), limit: MAX_ROWS, ..LogFilter::default() };
        let mut logs = self.logs(&filter).await?;
        logs.reverse();
        let metrics =
            self.rows_planned_once(include_str!("../queries/metric/of_trace.sql"), &[&id, &all]).await?;
        if spans.is_empty() && logs.is_empty() && metrics.is_empty() {
            return Err(StoreError::TraceNotFound(trace_id.to_string()));
        }
        Ok(TraceContext {
            trace_id,
            spans: spans.iter().map(rows::span).collect::<Result<_, _>>()?,
            logs,
            metrics: metrics.iter().map(rows::metric_point).collect::<Result<_, _>>()?,
        })
    }

    /// All metrics, by name; of one service where it is given.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn metrics(&self, service: Option<&str>) -> Result<Vec<MetricSummary>, StoreError> {
        let rows =
            self.rows(include_str!("../queries/metric/list.sql"), &[&service, &limit(MAX_ROWS)]).await?;
        rows.iter()
            .map(|row| {
                let last: Option<PgTimestamp> = row.try_get(6)?;
                Ok(MetricSummary {
                    name: row.try_get(0)?,
                    kind: row.try_get(1)?,
                    unit: row.try_get(2)?,
                    description: row.try_get(3)?,
                    services: row.try_get(4)?,
                    series: row.try_get::<_, i64>(5)?.cast_unsigned(),
                    last_time: last.map(|PgTimestamp(micros)| UnixNanos::from_postgres(micros, 0)),
                })
            })
            .collect()
    }

    /// The rows of one statement that reads, at most `limit` of them. It finds the names of schema `otel`
    /// unqualified.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidSql`] for a statement that does anything else, takes too long or is none;
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn custom_query(&self, sql: &str, limit: usize) -> Result<SqlResult, StoreError> {
        self.custom_query_with(sql, &[], limit).await
    }

    /// The same with values for `$1`, `$2` and so on: each is read as text of the type that its place has.
    ///
    /// # Errors
    ///
    /// As [`Self::custom_query`], and [`StoreError::InvalidSql`] where their number differs.
    pub async fn custom_query_with(
        &self,
        sql: &str,
        parameters: &[serde_json::Value],
        limit: usize,
    ) -> Result<SqlResult, StoreError> {
        sql::run(&self.store, sql, parameters, limit).await
    }

    /// Patterns that have no vector of our model yet; none without a model.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn without_vector(&self) -> Result<u64, StoreError> {
        let Some(models) = &self.models else { return Ok(0) };
        let sql = include_str!("../queries/embedding/count_missing.sql");
        let rows = self.rows(sql, &[&models.current.identity()]).await?;
        Ok(count_of(rows.first().map(|row| row.try_get(0)).transpose()?))
    }

    /// What the database says of itself.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not answer now.
    pub async fn status(&self) -> Result<StorageStatus, StoreError> {
        let client = self.store.asking().await?;
        let row = client.query_one(include_str!("../queries/server/status.sql"), &[]).await?;
        let mut counts = [0; 4];
        let tables = ["otel.trace", "otel.span", "otel.log_record", "otel.metric_point"];
        for (count, table) in counts.iter_mut().zip(tables) {
            *count = rows_of_table(&client, table).await?;
        }
        let [traces, spans, logs, points] = counts;
        Ok(StorageStatus {
            engine: match self.store.location() {
                Location::Embedded(_) => "embedded",
                Location::Server(_) => "postgresql",
            },
            location: self.store.location().to_string(),
            server_version: row.try_get(0)?,
            pgvector_version: row.try_get(1)?,
            schema_version: row.try_get(2)?,
            database_bytes: row.try_get::<_, i64>(3)?.cast_unsigned(),
            traces,
            spans,
            logs,
            points,
        })
    }

    /// The rows of a statement whose plan is the same for all values, and is made once: planning for the partitions of three months
    /// takes longer than looking into each.
    async fn rows_planned_once(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        let mut client = self.store.asking().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute("SET LOCAL plan_cache_mode = force_generic_plan").await?;
        let statement = transaction.prepare_cached(sql).await?;
        let rows = transaction.query(&statement, parameters).await.map_err(unanswered)?;
        transaction.commit().await?;
        Ok(rows)
    }

    async fn rows(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        let client = self.store.asking().await?;
        let asking = async {
            // A statement that is kept is soon planned once for all values, and a filter that is a NULL then uses no index. The
            // sessions of a server are set to plan each time; those of the embedded engine are not kept.
            match self.store.location() {
                Location::Embedded(_) => client.query(sql, parameters).await,
                Location::Server(_) => {
                    let statement = client.prepare_cached(sql).await?;
                    client.query(&statement, parameters).await
                }
            }
        };
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(answer) => answer.map_err(unanswered),
            Err(_) => {
                // What it is still busy with must not meet the next question.
                drop(deadpool_postgres::Object::take(client));
                Err(too_slow())
            }
        }
    }
}

/// How many rows a table has; about how many, where it is large.
async fn rows_of_table(client: &Object, table: &str) -> Result<u64, StoreError> {
    let estimate = client.query_one(include_str!("../queries/server/estimate.sql"), &[&table]).await?;
    let (pages, rows): (f64, Option<f64>) = (estimate.try_get(0)?, estimate.try_get(1)?);
    match rows {
        Some(rows) if pages > COUNTED_PAGES => Ok(rows as u64),
        _ => {
            let share = (COUNTED_PAGES / pages).min(1.0);
            let sql = format!("SELECT count(*) FROM {table} TABLESAMPLE SYSTEM ($1::real)");
            let counted = count_of(client.query_one(&sql, &[&((100.0 * share) as f32)]).await?.try_get(0)?);
            Ok((counted as f64 / share) as u64)
        }
    }
}

fn too_slow() -> StoreError {
    let sentence = "the question took longer than 20 s: ask for a shorter time or for less";
    StoreError::DeadlineExceeded(sentence.to_owned())
}

/// What an error means to who asks. A server stops what takes longer than its session's `statement_timeout`; data that it refuses
/// here is what was asked with, as a text with NUL.
fn unanswered(error: tokio_postgres::Error) -> StoreError {
    if error.code() == Some(&SqlState::QUERY_CANCELED) {
        return too_slow();
    }
    match StoreError::from(error) {
        StoreError::Unstorable(reason) => {
            StoreError::InvalidArgument(format!("this can not be asked for: {reason}"))
        }
        other => other,
    }
}

fn timestamp(time: Option<UnixNanos>) -> Option<PgTimestamp> {
    time.map(PgTimestamp::from)
}

fn limit(limit: usize) -> i64 {
    // At most MAX_ROWS, far inside i64.
    limit.clamp(1, MAX_ROWS) as i64
}

fn count(value: i32) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A sum that may be over nothing.
fn count_of(value: Option<i64>) -> u64 {
    value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0)
}

/// A LIKE pattern that finds a text anywhere.
fn like(text: &str) -> String {
    let literal = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{}%", literal.replace('\0', ""))
}
