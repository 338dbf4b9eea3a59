//! Statements that are planned for the values they are asked with, and stopped when they take too long.
//!
//! A prepared statement is soon planned once for all values, and then `$1 IS NULL OR service = $1` uses no index. What people
//! filter by differs from question to question, and so must the plan.

use std::time::Duration;

use tokio_postgres::{Row, error::SqlState, types::ToSql};

use super::QueryService;
use crate::error::StoreError;

/// Nobody looks at a page for longer; what is asked is bounded so that it takes a small part of this.
const DEADLINE: Duration = Duration::from_secs(5);

/// The server keeps the deadline. The embedded engine can not stop a statement.
const PREAMBLE: &str = "SET LOCAL statement_timeout = '5s'";

impl QueryService {
    /// The rows of a statement that reads.
    pub(super) async fn planned(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let mut client = self.store.connection().await?;
        let transaction = client.build_transaction().read_only(true).start().await?;
        transaction.batch_execute(PREAMBLE).await?;
        let rows = transaction.query(sql, parameters).await;
        transaction.rollback().await?;
        rows.map_err(|error| match error.code() {
            Some(code) if *code == SqlState::QUERY_CANCELED => StoreError::Unavailable(format!(
                "the question took longer than {} s: ask for a shorter time, or with fewer conditions",
                DEADLINE.as_secs()
            )),
            _ => error.into(),
        })
    }
}
