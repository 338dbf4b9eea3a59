//! The user's own statement: it reads, and it can not hold the database.

use anyhow::Result;
use mahavishnu_store::{QueryService, StoreError};
use rstest::rstest;

use crate::engine::Engine;

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn a_statement_that_reads_finds_the_views_and_any_other_is_refused(
    #[case] engine: Engine,
) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let query = QueryService::new(database.store().clone());
    let result = query.custom_query("SELECT 1 AS one, count(*) FROM otel_traces;", 10).await?;
    assert_eq!(result.columns, ["one", "count"]);
    assert_eq!(result.rows, [[1, 0]]);
    for statement in ["SHOW server_version", "EXPLAIN SELECT * FROM otel_logs", "VALUES (1), (2)"] {
        assert!(!query.custom_query(statement, 10).await?.rows.is_empty(), "{statement}");
    }
    for statement in [
        "",
        "DELETE FROM otel.span",
        "SELECT 1; SELECT 2",
        "SELECT $1",
        "COMMIT",
        "WITH gone AS (DELETE FROM otel.span RETURNING 1) SELECT * FROM gone",
        "SELECT nothing FROM otel_traces",
    ] {
        let refused = query.custom_query(statement, 10).await;
        assert!(matches!(refused, Err(StoreError::InvalidSql(_))), "{statement}: {refused:?}");
    }
    assert_eq!(query.custom_query("SELECT 1", 10).await?.rows, [[1]], "the session is as it was");
    database.close().await
}

#[tokio::test]
async fn a_statement_that_would_run_long_does_not_hold_the_embedded_engine() -> Result<()> {
    let Some(database) = Engine::Embedded.open().await? else { return Ok(()) };
    let query = QueryService::new(database.store().clone());
    for statement in [
        "SELECT count(*) FROM generate_series(1, 100000000000)",
        "SELECT count(*) FROM pg_class a, pg_class b, pg_class c",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
        "SELECT pg_sleep(1000)",
        "EXPLAIN (ANALYZE) SELECT count(*) FROM generate_series(1, 100000000000)",
    ] {
        let refused = query.custom_query(statement, 10).await.expect_err(statement).to_string();
        assert!(refused.contains("embedded database"), "{refused}");
    }
    assert_eq!(query.custom_query("SELECT 1", 10).await?.rows, [[1]], "and others are answered");
    database.close().await
}
