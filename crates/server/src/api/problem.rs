//! Refusals as RFC 9457 problem details.

use axum::{
    Json,
    extract::Request,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use mahavishnu_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::page;

/// When to come again to a database that can not answer now.
const RETRY_AFTER_SECONDS: &str = "2";

/// Why a request was refused.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { r#type: "about:blank", title, status: status.as_u16(), detail: detail.into() }
    }

    pub(super) fn detail(self) -> String {
        self.detail
    }
}

impl From<StoreError> for Problem {
    /// The table from an error of the store to an HTTP status.
    fn from(error: StoreError) -> Self {
        let status = match &error {
            StoreError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            StoreError::InvalidArgument(_) | StoreError::InvalidEmbedding(_) | StoreError::InvalidSql(_) => {
                StatusCode::BAD_REQUEST
            }
            StoreError::DeadlineExceeded(_) => StatusCode::GATEWAY_TIMEOUT,
            StoreError::TraceNotFound(_) | StoreError::PatternNotFound(_) => StatusCode::NOT_FOUND,
            StoreError::Unsuitable(_) | StoreError::Database(_) | StoreError::Unstorable(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        Self::new(status, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        response
    }
}

pub(super) async fn no_such_path(request: Request) -> Response {
    let is_question = request.uri().path().starts_with("/api/");
    if request.method() == Method::GET && !is_question && page::is_wanted(request.headers()) {
        return page::lost(request).await;
    }
    let reason = "there is no such path: questions are under /api/v1, OTLP has ports of its own";
    Problem::new(StatusCode::NOT_FOUND, reason).into_response()
}

pub(super) async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take that method")
}
