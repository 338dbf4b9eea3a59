//! Questions under `/api/v1`.

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use mahavishnu_store::{StoreError, query::TraceId};
use std::time::Duration;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Api, LogQuery, MetricQuery, ServiceQuery, TraceQuery, etag, page::page, problem::Problem};
use crate::shapes;

type Answer<T> = Result<Json<T>, Problem>;

/// How long the status waits for the database.
const STATUS_DEADLINE: Duration = Duration::from_secs(3);

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(status))
        .routes(routes!(traces))
        .routes(routes!(trace))
        .routes(routes!(logs))
        .routes(routes!(metrics))
        .routes(routes!(points))
        .routes(routes!(sql))
}

/// Where everything listens, what is stored, what waits and what was refused.
#[utoipa::path(
    get,
    path = "/api/v1/status",
    tag = "pipeline",
    responses((status = 200, description = "Found", body = shapes::Status)),
)]
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

/// Traces, newest first, in pages.
#[utoipa::path(
    get,
    path = "/api/v1/traces",
    tag = "traces",
    params(TraceQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::TraceSummary>, headers(("Link" = Option<String>, description = "Where the next page is, as rel=next (RFC 8288); absent on the last one")))),
)]
async fn traces(
    State(api): State<Api>,
    uri: Uri,
    query: Result<Query<TraceQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let found = api.query().await?.traces_page(&parameters(query)?.filter()?).await?;
    Ok(page::<_, shapes::TraceSummary>(&uri, found))
}

/// Everything about one trace.
#[utoipa::path(
    get,
    path = "/api/v1/traces/{id}",
    tag = "traces",
    params(("id" = String, Path, description = "The trace: 32 hex digits, or the name that an application gave it")),
    responses((status = 200, description = "Found", body = shapes::TraceContext, headers(("ETag" = String, description = "Changes with the trace: send it as If-None-Match"))), (status = 304, description = "As it was for If-None-Match")),
)]
async fn trace(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let context = api.query().await?.get_trace_context(TraceId::parse(&id)?).await?;
    let json = serde_json::to_vec(&shapes::TraceContext::from(context)).map_err(|error| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the trace can not be written: {error}"))
    })?;
    let content = [(header::CONTENT_TYPE, "application/json")];
    Ok(etag::answer(&headers, &etag::of(&json), || (content, json).into_response()))
}

/// Log records, newest first, in pages.
#[utoipa::path(
    get,
    path = "/api/v1/logs",
    tag = "logs",
    params(LogQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::LogRecord>, headers(("Link" = Option<String>, description = "Where the next page is, as rel=next (RFC 8288); absent on the last one")))),
)]
async fn logs(
    State(api): State<Api>,
    uri: Uri,
    query: Result<Query<LogQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let found = api.query().await?.logs_page(&parameters(query)?.filter()?).await?;
    Ok(page::<_, shapes::LogRecord>(&uri, found))
}

/// All metrics, by name.
#[utoipa::path(
    get,
    path = "/api/v1/metrics",
    tag = "metrics",
    params(ServiceQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::MetricSummary>)),
)]
async fn metrics(
    State(api): State<Api>,
    query: Result<Query<ServiceQuery>, QueryRejection>,
) -> Answer<Vec<shapes::MetricSummary>> {
    let metrics = api.query().await?.metrics(parameters(query)?.service.as_deref()).await?;
    Ok(Json(shapes::list(metrics)))
}

/// Data points of a metric, newest first, in pages.
#[utoipa::path(
    get,
    path = "/api/v1/points",
    tag = "metrics",
    params(MetricQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::MetricPoint>, headers(("Link" = Option<String>, description = "Where the next page is, as rel=next (RFC 8288); absent on the last one")))),
)]
async fn points(
    State(api): State<Api>,
    uri: Uri,
    query: Result<Query<MetricQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let found = api.query().await?.metric_points_page(&parameters(query)?.filter()?).await?;
    Ok(page::<_, shapes::MetricPoint>(&uri, found))
}

/// The rows of one statement that reads.
#[utoipa::path(
    post,
    path = "/api/v1/sql",
    tag = "sql",
    request_body = shapes::SqlRequest,
    responses((status = 200, description = "Found", body = shapes::SqlResult)),
)]
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
