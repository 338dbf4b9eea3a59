//! The user's own statement: it reads, and it can not hold the database.

use anyhow::Result;
use mahavishnu_store::{QueryService, StoreError};
use rstest::rstest;
use serde_json::json;

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
        "SELECT count(*) FROM generate_series(1, 9999) a, generate_series(1, 9999) b, generate_series(1, 9999) c",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
        "EXPLAIN (ANALYZE) SELECT count(*) FROM generate_series(1, 100000000000)",
    ] {
        let refused = query.custom_query(statement, 10).await.expect_err(statement).to_string();
        assert!(refused.contains("embedded database"), "{refused}");
    }
    assert_eq!(query.custom_query("SELECT 1", 10).await?.rows, [[1]], "and others are answered");
    database.close().await
}

/// Statements that read what they should not, write, wait, reach out or change the session.
const ATTACKS: [&str; 74] = [
    "INSERT INTO otel.scope (digest, name) VALUES (gen_random_uuid(), 'x')",
    "UPDATE otel.trace SET name = 'x'",
    "DELETE FROM otel.span",
    "TRUNCATE otel.span",
    "DROP TABLE otel.span",
    "DROP SCHEMA otel CASCADE",
    "ALTER TABLE otel.span ADD COLUMN x int",
    "CREATE TABLE otel.x (a int)",
    "CREATE TEMP TABLE x (a int)",
    "CREATE TABLE x AS SELECT 1",
    "SELECT 1 INTO otel.x",
    "SELECT 1 INTO TEMP x",
    "CREATE FUNCTION otel.f() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE EXTENSION dblink",
    "CREATE ROLE boss SUPERUSER",
    "GRANT ALL ON otel.span TO public",
    "REVOKE ALL ON otel.span FROM public",
    "MERGE INTO otel.trace t USING otel.trace s ON t.trace_id = s.trace_id WHEN MATCHED THEN DELETE",
    "WITH x AS (INSERT INTO otel.scope (digest, name) VALUES (gen_random_uuid(), 'x') RETURNING 1) SELECT * FROM x",
    "WITH x AS (UPDATE otel.trace SET name = 'x' RETURNING 1) SELECT * FROM x",
    "WITH x AS (DELETE FROM otel.span RETURNING 1) SELECT * FROM x",
    "SELECT * FROM otel.trace FOR UPDATE",
    "SELECT * FROM otel.trace FOR SHARE",
    "LOCK TABLE otel.span",
    "COMMIT",
    "ROLLBACK",
    "BEGIN",
    "END; DELETE FROM otel.span",
    "SELECT 1; DROP TABLE otel.span",
    "SELECT 1; COMMIT; DROP TABLE otel.span",
    "SELECT 1) AS q (c0); DROP TABLE otel.span; --",
    "/* a */ COMMIT; /* b */ SELECT 1",
    "SET statement_timeout = 0",
    "SET ROLE postgres",
    "RESET ALL",
    "SET TRANSACTION READ WRITE",
    "SET SESSION AUTHORIZATION postgres",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT pg_catalog.set_config('role', 'postgres', false)",
    "SELECT * FROM set_config('statement_timeout', '0', false)",
    "SELECT \"set_config\"('statement_timeout', '0', false)",
    "SELECT pg_sleep(100)",
    "SELECT * FROM pg_sleep(100)",
    "SELECT count(*) FROM otel.trace WHERE pg_sleep(1) IS NULL",
    "SELECT (SELECT pg_sleep_for('1 hour'))",
    "VALUES (pg_sleep(100))",
    "SELECT 1 ORDER BY pg_sleep(100)",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT * FROM pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('postgresql.conf')",
    "SELECT * FROM pg_ls_dir('/')",
    "SELECT pg_stat_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/x')",
    "SELECT lo_from_bytea(0, 'x')",
    "COPY otel.span TO '/tmp/x'",
    "COPY (SELECT 1) TO PROGRAM 'sh'",
    "COPY otel.span FROM PROGRAM 'sh'",
    "SELECT * FROM dblink('host=localhost', 'DROP TABLE otel.span') AS t (a int)",
    "SELECT dblink_exec('host=localhost', 'DROP TABLE otel.span')",
    "SELECT query_to_xml('DELETE FROM otel.span', true, true, '')",
    "SELECT database_to_xml(true, true, '')",
    "SELECT * FROM ts_stat('SELECT to_tsvector(usename) FROM pg_user')",
    "SELECT pg_terminate_backend(1)",
    "SELECT pg_reload_conf()",
    "SELECT pg_advisory_lock(1)",
    "SELECT otel.ensure_partition('span', 'start_time', '2030-01-01')",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_catalog.pg_shadow",
    "SELECT * FROM information_schema.tables",
    "DO $$ BEGIN DELETE FROM otel.span; END $$",
    "CALL otel.f()",
    "LISTEN x",
    "EXPLAIN ANALYZE DELETE FROM otel.span",
];

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn attacks_are_refused_in_a_sentence_and_change_nothing(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let query = QueryService::new(database.store().clone());
    let state = "SELECT count(*), (SELECT count(*) FROM otel.trace) FROM otel.scope";
    let before = query.custom_query(state, 10).await?.rows;
    for attack in ATTACKS {
        let refused = query.custom_query(attack, 10).await;
        assert!(matches!(refused, Err(StoreError::InvalidSql(_))), "{attack}: {refused:?}");
    }
    assert_eq!(query.custom_query(state, 10).await?.rows, before);
    let large = query.custom_query("SELECT repeat('x', 20000000) FROM generate_series(1, 2)", 10).await?;
    assert!(large.truncated && large.rows.is_empty(), "a row that is too large is left out");
    database.close().await
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn a_statement_takes_parameters_of_any_type(#[case] engine: Engine) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let query = QueryService::new(database.store().clone());
    let sql = "SELECT $1::integer + 1, $2 || '!', $3::timestamptz > '2026-01-01', $4::jsonb -> 'a', $5::text IS NULL";
    let values =
        [json!(41), json!("it's; DROP TABLE"), json!("2026-11-24T00:00:00Z"), json!({"a": [1]}), json!(null)];
    let result = query.custom_query_with(sql, &values, 10).await?;
    assert_eq!(
        result.rows,
        [vec![json!(42), json!("it's; DROP TABLE!"), json!(true), json!([1]), json!(true)]]
    );
    let too_few = query.custom_query_with(sql, &values[..2], 10).await.expect_err("two of five").to_string();
    assert_eq!(too_few, "the statement has 5 parameters, and 2 are given");
    let wrong = query.custom_query_with("SELECT $1::integer", &[json!("x")], 10).await;
    assert!(matches!(wrong, Err(StoreError::InvalidSql(_))), "{wrong:?}");
    database.close().await
}
