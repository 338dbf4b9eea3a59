//! Questions under `/api/v1`.

use axum::{
    Json, Router,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, QueryRejection},
    },
    http::{StatusCode, Uri},
    response::Response,
    routing::{get, post},
};
use mahavishnu_store::{StoreError, query::TraceId};
use std::time::Duration;

use super::{Api, LogQuery, MetricQuery, ServiceQuery, TraceQuery, page::page, problem::Problem};
use crate::shapes;

type Answer<T> = Result<Json<T>, Problem>;

/// How long the status waits for the database.
const STATUS_DEADLINE: Duration = Duration::from_secs(3);

pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/api/v1/status", get(status))
        .route("/api/v1/traces", get(traces))
        .route("/api/v1/traces/{id}", get(trace))
        .route("/api/v1/logs", get(logs))
        .route("/api/v1/metrics", get(metrics))
        .route("/api/v1/points", get(points))
        .route("/api/v1/sql", post(sql))
}

pub(super) async fn status(State(api): State<Api>) -> Answer<shapes::Status> {
    // The database may be what is wrong: the rest is said without it.
    let asking = async { api.query().await?.status().await };
    let storage = match tokio::time::timeout(STATUS_DEADLINE, asking).await {
        Ok(answer) => answer,
        Err(_) => Err(StoreError::Unavailable("the database does not answer in time".to_owned())),
    };
    let (storage, storage_error) = match storage {
        Ok(status) => (Some(status.into()), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let spool = api.intake.spool();
    Ok(Json(shapes::Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        addresses: Some((*api.addresses).clone()),
        storage,
        storage_error,
        spool: Some(shapes::SpoolStatus {
            directory: api.directory.as_deref().map(|directory| directory.display().to_string()),
            used_bytes: spool.used_bytes(),
            budget_bytes: spool.budget_bytes(),
        }),
        ledger: Some(shapes::LedgerEntry::all(api.intake.ledger())),
        destinations: Some(api.destinations.iter().map(shapes::Destination::of).collect()),
    }))
}

async fn traces(
    State(api): State<Api>,
    uri: Uri,
    query: Result<Query<TraceQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let found = api.query().await?.traces_page(&parameters(query)?.filter()?).await?;
    Ok(page::<_, shapes::TraceSummary>(&uri, found))
}

async fn trace(State(api): State<Api>, Path(id): Path<String>) -> Answer<shapes::TraceContext> {
    Ok(Json(api.query().await?.get_trace_context(TraceId::parse(&id)?).await?.into()))
}

async fn logs(
    State(api): State<Api>,
    uri: Uri,
    query: Result<Query<LogQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let found = api.query().await?.logs_page(&parameters(query)?.filter()?).await?;
    Ok(page::<_, shapes::LogRecord>(&uri, found))
}

async fn metrics(
    State(api): State<Api>,
    query: Result<Query<ServiceQuery>, QueryRejection>,
) -> Answer<Vec<shapes::MetricSummary>> {
    let metrics = api.query().await?.metrics(parameters(query)?.service.as_deref()).await?;
    Ok(Json(shapes::list(metrics)))
}

async fn points(
    State(api): State<Api>,
    uri: Uri,
    query: Result<Query<MetricQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let found = api.query().await?.metric_points_page(&parameters(query)?.filter()?).await?;
    Ok(page::<_, shapes::MetricPoint>(&uri, found))
}

async fn sql(
    State(api): State<Api>,
    request: Result<Json<shapes::SqlRequest>, JsonRejection>,
) -> Answer<shapes::SqlResult> {
    let Json(request) =
        request.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
    Ok(Json(api.query().await?.custom_query_with(&request.sql, &request.params, request.limit).await?.into()))
}

pub(super) fn parameters<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    let Query(parameters) =
        query.map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST, rejection.body_text()))?;
    Ok(parameters)
}
