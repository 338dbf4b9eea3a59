//! What keeps a statement from holding the embedded engine: it has one session, and does not stop a statement by itself.
//!
//! A server stops a statement after a time. Here a statement is refused before it runs when the planner expects too
//! much work, or when it has a part whose work the planner can not foresee. This stops mistakes, not malice: who may
//! ask the API can still find a statement that runs long.

use tokio_postgres::{Transaction, types::ToSql};

use super::refused;
use crate::error::StoreError;

/// The planner's cost, in pages read: some seconds of this engine.
const MOST_COST: f64 = 200_000.0;

/// Parts whose work does not follow from the sizes of tables.
const UNFORESEEABLE: [&str; 4] = ["recursive", "pg_sleep", "pg_sleep_for", "pg_sleep_until"];

/// Refuses a statement that may run too long.
pub(super) async fn check(
    transaction: &Transaction<'_>,
    statement: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<(), StoreError> {
    let words = words(statement);
    if let Some(word) = words.iter().find(|word| UNFORESEEABLE.contains(&word.as_str())) {
        return Err(StoreError::InvalidSql(format!(
            "the embedded database can not stop a statement, so {word} is refused there: leave it out, or store in a server"
        )));
    }
    match words.first().map(String::as_str) {
        Some("show") => return Ok(()),
        Some("explain") if words.iter().any(|word| word == "analyze" || word == "analyse") => {
            return Err(StoreError::InvalidSql(
                "the embedded database can not stop a statement, so EXPLAIN ANALYZE is refused there: use EXPLAIN".to_owned(),
            ));
        }
        Some("explain") => return Ok(()),
        _ => {}
    }
    let explain = format!("EXPLAIN (FORMAT JSON) {statement}");
    let explain = transaction.prepare(&explain).await.map_err(|error| refused(&error))?;
    let plan: serde_json::Value =
        transaction.query_one(&explain, parameters).await.map_err(|error| refused(&error))?.try_get(0)?;
    match plan.pointer("/0/Plan/Total Cost").and_then(serde_json::Value::as_f64) {
        Some(cost) if cost > MOST_COST => Err(StoreError::InvalidSql(format!(
            "the statement is too much for the embedded database (expected cost {cost:.0}, at most {MOST_COST:.0}): ask for less, \
             or store in a server"
        ))),
        _ => Ok(()),
    }
}

/// The words of a statement in small letters, those of its strings and comments included.
fn words(statement: &str) -> Vec<String> {
    statement
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}
