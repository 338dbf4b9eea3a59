//! Everything that can be asked of the store. REST, MCP, CLI and the page are thin faces of [`QueryService`].

use crate::{error::StoreError, store::Store};

mod types;

pub use types::{
    LogFilter, LogRecord, MetricFilter, MetricPoint, MetricSummary, Number, Resource, Scope, Span, SpanId,
    SqlResult, StorageStatus, TraceContext, TraceFilter, TraceId, TraceSummary,
};

/// Rows of one answer at most.
pub const MAX_ROWS: usize = 10_000;

/// Answers questions from a [`Store`]. Clones share its connections.
#[derive(Clone, Debug)]
pub struct QueryService {
    store: Store,
}

impl QueryService {
    /// Asks this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The traces that match, newest first.
    pub async fn traces(&self, filter: &TraceFilter) -> Result<Vec<TraceSummary>, StoreError> {
        unimplemented!()
    }
    /// All spans, logs and metrics of one trace; [`StoreError::TraceNotFound`].
    pub async fn get_trace_context(&self, trace_id: TraceId) -> Result<TraceContext, StoreError> {
        unimplemented!()
    }
    /// The log records that match, newest first.
    pub async fn logs(&self, filter: &LogFilter) -> Result<Vec<LogRecord>, StoreError> {
        unimplemented!()
    }
    /// All metrics, by name; of one service where it is given.
    pub async fn metrics(&self, service: Option<&str>) -> Result<Vec<MetricSummary>, StoreError> {
        unimplemented!()
    }
    /// The data points that match, newest first.
    pub async fn metric_points(&self, filter: &MetricFilter) -> Result<Vec<MetricPoint>, StoreError> {
        unimplemented!()
    }
    /// One read-only statement; [`StoreError::InvalidSql`] for anything else.
    pub async fn custom_query(&self, sql: &str, limit: usize) -> Result<SqlResult, StoreError> {
        unimplemented!()
    }
    /// What the database says of itself.
    pub async fn status(&self) -> Result<StorageStatus, StoreError> {
        unimplemented!()
    }
}
