//! Questions of meaning under `/api/v1`: search, patterns, errors, services.

use axum::{
    Json, Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    routing::get,
};
use mahavishnu_store::query::TraceId;

use super::{
    Api, ChangeQuery, ErrorQuery, LikeQuery, ListQuery, OperationQuery, PatternQuery, PatternSearchQuery,
    SearchQuery, WindowQuery, pattern_id, problem::Problem, questions::parameters,
};
use crate::shapes;

type Answer<T> = Result<Json<T>, Problem>;
type Asked<T> = Result<Query<T>, QueryRejection>;

pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/api/v1/search", get(search))
        .route("/api/v1/traces/{id}/similar", get(similar))
        .route("/api/v1/patterns", get(patterns))
        .route("/api/v1/patterns/search", get(search_patterns))
        .route("/api/v1/patterns/changes", get(changes))
        .route("/api/v1/patterns/{id}", get(pattern))
        .route("/api/v1/errors", get(errors))
        .route("/api/v1/errors/traces", get(traces_by_error))
        .route("/api/v1/errors/{id}", get(error))
        .route("/api/v1/services", get(services))
        .route("/api/v1/services/map", get(service_map))
        .route("/api/v1/services/{name}/operations", get(operations))
}

async fn search(State(api): State<Api>, query: Asked<SearchQuery>) -> Answer<Vec<shapes::TraceResult>> {
    let query = parameters(query)?;
    let found = api.query().await?.search_traces(&query.q, &query.filter()?).await?;
    Ok(Json(shapes::list(found)))
}

async fn similar(
    State(api): State<Api>,
    Path(id): Path<String>,
    query: Asked<ListQuery>,
) -> Answer<Vec<shapes::SimilarTrace>> {
    let id = TraceId::parse(&id)?;
    let similar = api.query().await?.similar_traces(id, parameters(query)?.limit).await?;
    Ok(Json(shapes::list(similar)))
}

async fn patterns(State(api): State<Api>, query: Asked<PatternQuery>) -> Answer<Vec<shapes::PatternTrend>> {
    let query = parameters(query)?;
    let patterns = api.query().await?.pattern_trends(&query.filter()?, query.window()).await?;
    Ok(Json(shapes::list(patterns)))
}

async fn pattern(
    State(api): State<Api>,
    Path(id): Path<String>,
    query: Asked<WindowQuery>,
) -> Answer<shapes::PatternTrend> {
    let (id, window) = (pattern_id(&id)?, parameters(query)?.window());
    Ok(Json(api.query().await?.pattern(id, window).await?.into()))
}

async fn error(
    State(api): State<Api>,
    Path(id): Path<String>,
    query: Asked<WindowQuery>,
) -> Answer<shapes::ErrorDetail> {
    let (id, window) = (pattern_id(&id)?, parameters(query)?.window());
    Ok(Json(api.query().await?.error_detail(id, window).await?.into()))
}

async fn search_patterns(
    State(api): State<Api>,
    query: Asked<PatternSearchQuery>,
) -> Answer<Vec<shapes::PatternHit>> {
    let query = parameters(query)?;
    let hits = api.query().await?.search_patterns(&query.q, &query.filter()?).await?;
    Ok(Json(shapes::list(hits)))
}

async fn changes(State(api): State<Api>, query: Asked<ChangeQuery>) -> Answer<Vec<shapes::PatternChange>> {
    let changes = api.query().await?.new_patterns(&parameters(query)?.windows()?).await?;
    Ok(Json(shapes::list(changes)))
}

async fn errors(State(api): State<Api>, query: Asked<ErrorQuery>) -> Answer<Vec<shapes::ErrorGroup>> {
    let groups = api.query().await?.error_groups(&parameters(query)?.filter()).await?;
    Ok(Json(shapes::list(groups)))
}

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

async fn services(State(api): State<Api>, query: Asked<WindowQuery>) -> Answer<Vec<shapes::ServiceSummary>> {
    let (since, until) = parameters(query)?.resolve();
    Ok(Json(shapes::list(api.query().await?.services(since, until).await?)))
}

async fn service_map(State(api): State<Api>, query: Asked<WindowQuery>) -> Answer<shapes::ServiceMap> {
    let (since, until) = parameters(query)?.resolve();
    Ok(Json(api.query().await?.service_map(since, until).await?.into()))
}

async fn operations(
    State(api): State<Api>,
    Path(name): Path<String>,
    query: Asked<OperationQuery>,
) -> Answer<Vec<shapes::Operation>> {
    let OperationQuery { since, until, limit } = parameters(query)?;
    let (since, until) = (since.map(crate::cli::Moment::resolve), until.map(crate::cli::Moment::resolve));
    Ok(Json(shapes::list(api.query().await?.operations(&name, since, until, limit).await?)))
}
