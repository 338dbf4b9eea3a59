//! Questions of meaning under `/api/v1`: search, patterns, errors, services.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use mahavishnu_store::query::TraceId;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api, ChangeQuery, ErrorQuery, LikeQuery, ListQuery, OperationQuery, PatternQuery, PatternSearchQuery,
    SearchQuery, WindowQuery, pattern_id, problem::Problem, questions::parameters,
};
use crate::shapes;

type Answer<T> = Result<Json<T>, Problem>;
type Asked<T> = Result<Query<T>, QueryRejection>;

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(search))
        .routes(routes!(similar))
        .routes(routes!(patterns))
        .routes(routes!(pattern))
        .routes(routes!(search_patterns))
        .routes(routes!(changes))
        .routes(routes!(errors))
        .routes(routes!(error))
        .routes(routes!(traces_by_error))
        .routes(routes!(services))
        .routes(routes!(service_map))
        .routes(routes!(operations))
}

/// Traces whose spans, errors or logs a text describes.
#[utoipa::path(
    get,
    path = "/api/v1/search",
    tag = "traces",
    params(SearchQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::TraceResult>)),
)]
async fn search(State(api): State<Api>, query: Asked<SearchQuery>) -> Answer<Vec<shapes::TraceResult>> {
    let query = parameters(query)?;
    let found = api.query().await?.search_traces(&query.q, &query.filter()?).await?;
    Ok(Json(shapes::list(found)))
}

/// The traces most like one.
#[utoipa::path(
    get,
    path = "/api/v1/traces/{id}/similar",
    tag = "traces",
    params(("id" = String, Path, description = "The trace: 32 hex digits, or the name that an application gave it"), ListQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::SimilarTrace>)),
)]
async fn similar(
    State(api): State<Api>,
    Path(id): Path<String>,
    query: Asked<ListQuery>,
) -> Answer<Vec<shapes::SimilarTrace>> {
    let id = TraceId::parse(&id)?;
    let similar = api.query().await?.similar_traces(id, parameters(query)?.limit).await?;
    Ok(Json(shapes::list(similar)))
}

/// Patterns of log messages, span names and errors, the most frequent first.
#[utoipa::path(
    get,
    path = "/api/v1/patterns",
    tag = "patterns",
    params(PatternQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::PatternTrend>)),
)]
async fn patterns(State(api): State<Api>, query: Asked<PatternQuery>) -> Answer<Vec<shapes::PatternTrend>> {
    let query = parameters(query)?;
    let patterns = api.query().await?.pattern_trends(&query.filter()?, query.window()).await?;
    Ok(Json(shapes::list(patterns)))
}

/// One pattern, or one group of errors.
#[utoipa::path(
    get,
    path = "/api/v1/patterns/{id}",
    tag = "patterns",
    params(("id" = String, Path, description = "The pattern: 16 hex digits"), WindowQuery),
    responses((status = 200, description = "Found", body = shapes::PatternTrend)),
)]
async fn pattern(
    State(api): State<Api>,
    Path(id): Path<String>,
    query: Asked<WindowQuery>,
) -> Answer<shapes::PatternTrend> {
    let (id, window) = (pattern_id(&id)?, parameters(query)?.window());
    Ok(Json(api.query().await?.pattern(id, window).await?.into()))
}

/// One group of errors, with failing and healthy traces.
#[utoipa::path(
    get,
    path = "/api/v1/errors/{id}",
    tag = "errors",
    params(("id" = String, Path, description = "The pattern: 16 hex digits"), WindowQuery),
    responses((status = 200, description = "Found", body = shapes::ErrorDetail)),
)]
async fn error(
    State(api): State<Api>,
    Path(id): Path<String>,
    query: Asked<WindowQuery>,
) -> Answer<shapes::ErrorDetail> {
    let (id, window) = (pattern_id(&id)?, parameters(query)?.window());
    Ok(Json(api.query().await?.error_detail(id, window).await?.into()))
}

/// Patterns that a text describes.
#[utoipa::path(
    get,
    path = "/api/v1/patterns/search",
    tag = "patterns",
    params(PatternSearchQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::PatternHit>)),
)]
async fn search_patterns(
    State(api): State<Api>,
    query: Asked<PatternSearchQuery>,
) -> Answer<Vec<shapes::PatternHit>> {
    let query = parameters(query)?;
    let hits = api.query().await?.search_patterns(&query.q, &query.filter()?).await?;
    Ok(Json(shapes::list(hits)))
}

/// Patterns that are new, gone, or come at another rate.
#[utoipa::path(
    get,
    path = "/api/v1/patterns/changes",
    tag = "patterns",
    params(ChangeQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::PatternChange>)),
)]
async fn changes(State(api): State<Api>, query: Asked<ChangeQuery>) -> Answer<Vec<shapes::PatternChange>> {
    let changes = api.query().await?.new_patterns(&parameters(query)?.windows()?).await?;
    Ok(Json(shapes::list(changes)))
}

/// Groups of errors, the most frequent first.
#[utoipa::path(
    get,
    path = "/api/v1/errors",
    tag = "errors",
    params(ErrorQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::ErrorGroup>)),
)]
async fn errors(State(api): State<Api>, query: Asked<ErrorQuery>) -> Answer<Vec<shapes::ErrorGroup>> {
    let groups = api.query().await?.error_groups(&parameters(query)?.filter()).await?;
    Ok(Json(shapes::list(groups)))
}

/// Traces whose error message is LIKE a pattern.
#[utoipa::path(
    get,
    path = "/api/v1/errors/traces",
    tag = "errors",
    params(LikeQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::TraceResult>)),
)]
async fn traces_by_error(
    State(api): State<Api>,
    query: Asked<LikeQuery>,
) -> Answer<Vec<shapes::TraceResult>> {
    let LikeQuery { pattern, service, since, until, limit } = parameters(query)?;
    let (since, until) = (since.map(crate::cli::Moment::resolve), until.map(crate::cli::Moment::resolve));
    let service = service.as_deref();
    let found = api.query().await?.get_traces_by_error(&pattern, service, since, until, limit).await?;
    Ok(Json(shapes::list(found)))
}

/// The services that sent something.
#[utoipa::path(
    get,
    path = "/api/v1/services",
    tag = "services",
    params(WindowQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::ServiceSummary>)),
)]
async fn services(State(api): State<Api>, query: Asked<WindowQuery>) -> Answer<Vec<shapes::ServiceSummary>> {
    let (since, until) = parameters(query)?.resolve();
    Ok(Json(shapes::list(api.query().await?.services(since, until).await?)))
}

/// Who calls whom, by the latest traces.
#[utoipa::path(
    get,
    path = "/api/v1/services/map",
    tag = "services",
    params(WindowQuery),
    responses((status = 200, description = "Found", body = shapes::ServiceMap)),
)]
async fn service_map(State(api): State<Api>, query: Asked<WindowQuery>) -> Answer<shapes::ServiceMap> {
    let (since, until) = parameters(query)?.resolve();
    Ok(Json(api.query().await?.service_map(since, until).await?.into()))
}

/// What a service does.
#[utoipa::path(
    get,
    path = "/api/v1/services/{name}/operations",
    tag = "services",
    params(("name" = String, Path, description = "The service"), OperationQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::Operation>)),
)]
async fn operations(
    State(api): State<Api>,
    Path(name): Path<String>,
    query: Asked<OperationQuery>,
) -> Answer<Vec<shapes::Operation>> {
    let OperationQuery { since, until, limit } = parameters(query)?;
    let (since, until) = (since.map(crate::cli::Moment::resolve), until.map(crate::cli::Moment::resolve));
    Ok(Json(shapes::list(api.query().await?.operations(&name, since, until, limit).await?)))
}
