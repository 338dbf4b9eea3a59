//! The API on port 4319: health, metrics, and questions under `/api/v1`. A thin face of the query service.

use axum::{Router, middleware, routing::get};
use mahavishnu_observability::wiring::Destination;
use mahavishnu_pipeline::Ledger;
use mahavishnu_store::QueryService;
use std::sync::Arc;

mod guard;
mod health;
mod metrics;
mod parameters;
mod problem;
mod questions;

pub use parameters::{LogQuery, MetricQuery, ServiceQuery, TraceQuery};

use crate::shapes::Addresses;

/// A statement and its limit; nobody writes a longer one.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// What answers need.
#[derive(Clone, Debug)]
pub struct Api {
    pub query: QueryService,
    pub ledger: Arc<Ledger>,
    pub destinations: Vec<Destination>,
    pub addresses: Arc<Addresses>,
}

impl Api {
    /// Every path, behind the guard.
    pub fn router(self) -> Router {
        Router::new()
            .route("/healthz", get(health::alive))
            .route("/readyz", get(health::ready))
            .route("/metrics", get(metrics::text))
            .merge(questions::router())
            .fallback(problem::no_such_path)
            .method_not_allowed_fallback(problem::wrong_method)
            .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY_BYTES))
            .layer(middleware::from_fn(guard::local_only))
            .with_state(self)
    }
}
