//! The API on port 4319: health, metrics, questions under `/api/v1`, and the page. A thin face of the query service.

use axum::{Json, Router, extract, middleware, routing::get};
use mahavishnu_observability::OtelStorageAdapter;
use mahavishnu_pipeline::{Destination, Intake, breaker::State};
use mahavishnu_spool::Spool;
use mahavishnu_store::{QueryService, StoreError};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};

mod dead_letters;
mod etag;
mod guard;
mod health;
mod meaning;
pub(crate) mod metrics;
mod openapi;
mod overview;
mod page;
mod parameters;
mod problem;
mod questions;
mod tail;

pub use parameters::{
    ChangeQuery, ErrorQuery, LikeQuery, ListQuery, LogQuery, MetricQuery, OperationQuery, PatternQuery,
    PatternSearchQuery, SearchQuery, SeriesQuery, ServiceQuery, TailQuery, TraceQuery, WindowQuery,
    pattern_id,
};

use crate::{
    mcp,
    shapes::{self, Addresses},
    source::Source,
};

/// A statement and its limit; nobody writes a longer one.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How long a question waits for what was accepted before it: some commits.
const JUST_ACCEPTED: Duration = Duration::from_millis(100);

/// What answers need.
#[derive(Clone, Debug)]
pub struct Api {
    pub adapter: Option<OtelStorageAdapter>,
    pub intake: Intake,
    /// Where the spool is; none in memory.
    pub directory: Option<PathBuf>,
    pub dead_letters: Spool,
    pub destinations: Vec<Destination>,
    pub addresses: Arc<Addresses>,
    /// Ends what would go on as long as the server lives.
    pub stop: CancellationToken,
    /// The hosts by whose names it may be asked, beside this machine's own.
    pub hosts: Arc<[String]>,
    /// Whether MCP has a tool that takes telemetry.
    pub agents_may_write: bool,
}

impl Api {
    /// The database, where there is one.
    fn adapter(&self) -> Result<&OtelStorageAdapter, StoreError> {
        self.adapter.as_ref().ok_or_else(|| {
            StoreError::InvalidArgument(
                "this server stores nothing (otel_storage_backend is otlp): ask the OTLP platform, or set it to both"
                    .to_owned(),
            )
        })
    }

    /// What can be asked of it. Whoever asks for what was just accepted should find it: the question waits a moment
    /// for that, unless the database is away.
    async fn query(&self) -> Result<QueryService, StoreError> {
        let adapter = self.adapter()?;
        if let Some(database) = self.destinations.first()
            && database.breaker().snapshot(Instant::now()).state == State::Closed
        {
            let reached = database.reached(self.intake.spool());
            let _or_not = tokio::time::timeout(JUST_ACCEPTED, reached).await;
        }
        adapter.query().await
    }

    /// The same as whoever else is asked.
    pub async fn source(&self) -> Result<Source, StoreError> {
        let query = self.query().await?;
        Ok(Source::here(self.adapter()?.store().await?.clone(), query))
    }

    /// How this server is.
    pub async fn status(&self) -> Result<shapes::Status, StoreError> {
        let answer = questions::status(extract::State(self.clone())).await;
        answer.map(|Json(status)| status).map_err(|problem| StoreError::Unavailable(problem.detail()))
    }

    /// Every question, with its description.
    fn routes() -> OpenApiRouter<Self> {
        OpenApiRouter::new()
            .merge(questions::router())
            .merge(meaning::router())
            .merge(overview::router())
            .merge(dead_letters::router())
            .routes(routes!(tail::tail))
    }

    /// Every path, behind the guard.
    pub fn router(self) -> Router {
        let (questions, description) = Self::routes().split_for_parts();
        let description = openapi::Text::new(&openapi::describe(description));
        let hosts = Arc::clone(&self.hosts);
        Router::new()
            .route("/healthz", get(health::alive))
            .route("/readyz", get(health::ready))
            .route("/metrics", get(metrics::text_or_page))
            .merge(questions)
            .route("/api/openapi.json", get(openapi::serve).with_state(description))
            .route_service(mcp::PATH, mcp::service(self.clone()))
            .merge(crate::page::router())
            .fallback(problem::no_such_path)
            .method_not_allowed_fallback(problem::wrong_method)
            .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY_BYTES))
            .layer(middleware::from_fn_with_state(hosts, guard::known_hosts_only))
            .with_state(self)
    }
}
