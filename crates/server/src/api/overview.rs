//! Lists from above: histograms and facets; and metrics over time.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Api, LogQuery, SeriesQuery, TraceQuery, problem::Problem, questions::parameters};
use crate::shapes;

type Answer<T> = Result<Json<T>, Problem>;
type Asked<T> = Result<Query<T>, QueryRejection>;

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(trace_histogram))
        .routes(routes!(trace_facets))
        .routes(routes!(log_histogram))
        .routes(routes!(metric_series))
}

/// How many traces that match began in each part of a time.
#[utoipa::path(
    get,
    path = "/api/v1/traces/histogram",
    tag = "traces",
    params(TraceQuery),
    responses((status = 200, description = "Found", body = shapes::TraceHistogram)),
)]
async fn trace_histogram(State(api): State<Api>, query: Asked<TraceQuery>) -> Answer<shapes::TraceHistogram> {
    let query = parameters(query)?;
    let (window, buckets) = query.bars();
    Ok(Json(api.query().await?.trace_histogram(&query.filter()?, window, buckets).await?.into()))
}

/// What the newest 500 traces that match have in common.
#[utoipa::path(
    get,
    path = "/api/v1/traces/facets",
    tag = "traces",
    params(TraceQuery),
    responses((status = 200, description = "Found", body = shapes::TraceFacets)),
)]
async fn trace_facets(State(api): State<Api>, query: Asked<TraceQuery>) -> Answer<shapes::TraceFacets> {
    Ok(Json(api.query().await?.trace_facets(&parameters(query)?.filter()?).await?.into()))
}

/// How many log records that match there were in each part of a time.
#[utoipa::path(
    get,
    path = "/api/v1/logs/histogram",
    tag = "logs",
    params(LogQuery),
    responses((status = 200, description = "Found", body = shapes::LogHistogram)),
)]
async fn log_histogram(State(api): State<Api>, query: Asked<LogQuery>) -> Answer<shapes::LogHistogram> {
    let query = parameters(query)?;
    let (window, buckets) = query.bars();
    Ok(Json(api.query().await?.log_histogram(&query.filter()?, window, buckets).await?.into()))
}

/// A metric over time, in steps and groups.
#[utoipa::path(
    get,
    path = "/api/v1/metrics/series",
    tag = "metrics",
    params(SeriesQuery),
    responses((status = 200, description = "Found", body = shapes::MetricSeries)),
)]
async fn metric_series(State(api): State<Api>, query: Asked<SeriesQuery>) -> Answer<shapes::MetricSeries> {
    Ok(Json(api.query().await?.metric_series(&parameters(query)?.filter()?).await?.into()))
}
