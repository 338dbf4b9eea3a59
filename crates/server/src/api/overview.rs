//! Lists from above: histograms and facets; and metrics over time.

use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    routing::get,
};

use super::{Api, LogQuery, SeriesQuery, TraceQuery, problem::Problem, questions::parameters};
use crate::shapes;

type Answer<T> = Result<Json<T>, Problem>;
type Asked<T> = Result<Query<T>, QueryRejection>;

pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/api/v1/traces/histogram", get(trace_histogram))
        .route("/api/v1/traces/facets", get(trace_facets))
        .route("/api/v1/logs/histogram", get(log_histogram))
        .route("/api/v1/metrics/series", get(metric_series))
}

async fn trace_histogram(State(api): State<Api>, query: Asked<TraceQuery>) -> Answer<shapes::TraceHistogram> {
    let query = parameters(query)?;
    let (window, buckets) = query.bars();
    Ok(Json(api.query().await?.trace_histogram(&query.filter()?, window, buckets).await?.into()))
}

async fn trace_facets(State(api): State<Api>, query: Asked<TraceQuery>) -> Answer<shapes::TraceFacets> {
    Ok(Json(api.query().await?.trace_facets(&parameters(query)?.filter()?).await?.into()))
}

async fn log_histogram(State(api): State<Api>, query: Asked<LogQuery>) -> Answer<shapes::LogHistogram> {
    let query = parameters(query)?;
    let (window, buckets) = query.bars();
    Ok(Json(api.query().await?.log_histogram(&query.filter()?, window, buckets).await?.into()))
}

async fn metric_series(State(api): State<Api>, query: Asked<SeriesQuery>) -> Answer<shapes::MetricSeries> {
    Ok(Json(api.query().await?.metric_series(&parameters(query)?.filter()?).await?.into()))
}
