//! Dead letters: what a destination refused for good, from the database and from the spool.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use mahavishnu_pipeline::{Batch, dead_letters};
use mahavishnu_store::{StoreError, dead_letter::DeadLetters};

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Api, ListQuery, problem::Problem, questions::parameters};
use crate::shapes;

/// Handled at a time: their requests are in memory.
const AT_A_TIME: usize = 100;

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(replay)).routes(routes!(purge))
}

/// What destinations refused for good, the oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/dead-letters",
    tag = "pipeline",
    params(ListQuery),
    responses((status = 200, description = "Found", body = Vec<shapes::DeadLetter>)),
)]
async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Vec<shapes::DeadLetter>>, Problem> {
    let limit = parameters(query)?.limit;
    let mut letters = Vec::new();
    if let Some(table) = api.table().await? {
        letters.extend(table.list(0, limit).await?.iter().map(shapes::DeadLetter::of_database));
    }
    let kept = dead_letters::list(&api.dead_letters, limit.saturating_sub(letters.len())).await;
    letters.extend(kept.map_err(unreadable)?.iter().map(shapes::DeadLetter::of_spool));
    Ok(Json(letters))
}

/// Sends all dead letters again, each to the destination that refused it.
///
/// Sends all of them again, each to the destination that refused it. One that is refused again comes back.
#[utoipa::path(
    post,
    path = "/api/v1/dead-letters/replay",
    tag = "pipeline",
    responses((status = 200, description = "Found", body = shapes::DeadLetterCount)),
)]
async fn replay(State(api): State<Api>) -> Result<Json<shapes::DeadLetterCount>, Problem> {
    let mut done = shapes::DeadLetterCount::default();
    if let Some(table) = api.table().await? {
        let database = api.destinations.first().map(|it| it.name().to_owned()).unwrap_or_default();
        // What is refused again meanwhile has a higher number and is left alone.
        let (mut after, last) = (0, table.last().await?);
        while after < last {
            let mut handled = Vec::new();
            for letter in table.list(after, AT_A_TIME).await?.iter().filter(|letter| letter.id <= last) {
                after = letter.id;
                match letter.batch() {
                    Some(batch) => {
                        api.again(batch, &database).await?;
                        handled.push(letter.id);
                    }
                    None => done.unreadable += 1,
                }
            }
            if handled.is_empty() {
                break;
            }
            done.letters += table.remove(&handled).await?;
        }
    }
    let mut left = dead_letters::count(&api.dead_letters);
    while left > 0 {
        let kept = dead_letters::list(&api.dead_letters, AT_A_TIME).await.map_err(unreadable)?;
        for letter in kept.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            api.again(letter.batch.clone(), &letter.destination).await?;
            dead_letters::forget(&api.dead_letters, letter.mark);
            done.letters += 1;
        }
        if kept.is_empty() {
            break;
        }
        left = left.saturating_sub(kept.len() as u64);
    }
    Ok(Json(done))
}

/// Throws all dead letters away.
///
/// Throws all of them away.
#[utoipa::path(
    post,
    path = "/api/v1/dead-letters/purge",
    tag = "pipeline",
    responses((status = 200, description = "Found", body = shapes::DeadLetterCount)),
)]
async fn purge(State(api): State<Api>) -> Result<Json<shapes::DeadLetterCount>, Problem> {
    let mut letters = 0;
    if let Some(table) = api.table().await? {
        letters += table.purge().await?;
    }
    loop {
        let kept = dead_letters::list(&api.dead_letters, AT_A_TIME).await.map_err(unreadable)?;
        let Some(last) = kept.last() else { break };
        letters += kept.len() as u64;
        dead_letters::forget(&api.dead_letters, last.mark);
    }
    Ok(Json(shapes::DeadLetterCount { letters, unreadable: 0 }))
}

impl Api {
    async fn table(&self) -> Result<Option<DeadLetters>, StoreError> {
        let Some(adapter) = &self.adapter else { return Ok(None) };
        Ok(Some(DeadLetters::new(adapter.store().await?.clone())))
    }

    async fn again(&self, batch: Batch, destination: &str) -> Result<(), StoreError> {
        let again = self.intake.replay(batch.only_for(destination)).await;
        again.map_err(|refusal| StoreError::Unavailable(refusal.to_string()))
    }
}

fn unreadable(error: impl std::error::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
