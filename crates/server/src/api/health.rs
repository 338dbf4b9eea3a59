//! Does the process live, and can it take and answer?

use axum::{extract::State, http::StatusCode};

use super::{Api, problem::Problem};

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Ready means that there is room for what comes; a database that is away is not waited for.
pub(super) async fn ready(State(api): State<Api>) -> Result<&'static str, Problem> {
    let spool = api.intake.spool();
    if spool.used_bytes() >= spool.budget_bytes() {
        let reason = "what waits for the destinations fills the spool: see mahavishnu-otel status";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, reason));
    }
    Ok("ready\n")
}
