//! Does the process live, and can it take and answer?

use axum::extract::State;

use super::{Api, problem::Problem};

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Ready means that the database answers: without it nothing can be stored.
pub(super) async fn ready(State(api): State<Api>) -> Result<&'static str, Problem> {
    api.query.ping().await?;
    Ok("ready\n")
}
