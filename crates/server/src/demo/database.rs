//! Queries to PostgreSQL: spans of the clients, and what the server writes into its log.

use opentelemetry_proto::tonic::{logs::v1::SeverityNumber, trace::v1::span::SpanKind};

use super::{
    builder::{SpanKey, TraceBuilder},
    failures::{Exception, Failure},
    random::{MILLISECOND, SECOND},
    services::{ORCHESTRATOR_SQL, Origin, PAYMENT_SQL, Service},
    value::attribute,
};

/// How long PostgreSQL waits for a lock before it looks for a deadlock.
const DEADLOCK_TIMEOUT: u64 = SECOND;
/// A query above this is written to the server's log.
const LOG_MIN_DURATION_MILLIS: u64 = 1_000;

/// A statement and what is known of it.
pub struct Statement {
    client: Origin,
    database: &'static str,
    operation: &'static str,
    table: &'static str,
    text: &'static str,
    typical_millis: f64,
}

/// The beginning of a workflow.
pub const INSERT_RUN: Statement = Statement {
    client: ORCHESTRATOR_SQL,
    database: "mahavishnu",
    operation: "INSERT",
    table: "workflow_runs",
    text: "INSERT INTO workflow_runs (id, adapter, task_type, state, started_at) VALUES ($1, $2, $3, 'running', now())",
    typical_millis: 2.4,
};
/// The repositories of a workflow.
pub const SELECT_REPOSITORIES: Statement = Statement {
    client: ORCHESTRATOR_SQL,
    database: "mahavishnu",
    operation: "SELECT",
    table: "repositories",
    text: "SELECT id, path, default_branch, last_commit FROM repositories WHERE tags @> $1 AND NOT archived ORDER BY path",
    typical_millis: 3.8,
};
/// What an earlier workflow found.
pub const SELECT_CACHE: Statement = Statement {
    client: ORCHESTRATOR_SQL,
    database: "mahavishnu",
    operation: "SELECT",
    table: "analysis_cache",
    text: "SELECT result, created_at FROM analysis_cache WHERE repository_id = $1 AND tree_hash = $2 LIMIT 1",
    typical_millis: 1.6,
};
/// The findings so far; without an index on `severity` it is slow when the cache of the server is cold.
pub const SELECT_FINDINGS: Statement = Statement {
    client: ORCHESTRATOR_SQL,
    database: "mahavishnu",
    operation: "SELECT",
    table: "findings",
    text: "SELECT f.rule_id, count(*), max(f.detected_at) FROM findings f JOIN repositories r ON r.id = f.repository_id \
           WHERE r.path = $1 AND f.severity >= $2 GROUP BY f.rule_id ORDER BY count(*) DESC",
    typical_millis: 21.0,
};
/// The result for a repository.
pub const UPSERT_RESULT: Statement = Statement {
    client: ORCHESTRATOR_SQL,
    database: "mahavishnu",
    operation: "UPDATE",
    table: "repositories",
    text: "UPDATE repositories SET last_commit = $2, last_run_id = $3, findings = findings + $4 WHERE id = $1",
    typical_millis: 4.2,
};
/// The end of a workflow.
pub const UPDATE_RUN: Statement = Statement {
    client: ORCHESTRATOR_SQL,
    database: "mahavishnu",
    operation: "UPDATE",
    table: "workflow_runs",
    text: "UPDATE workflow_runs SET state = $2, finished_at = now(), error = $3 WHERE id = $1",
    typical_millis: 2.9,
};
/// The account to charge.
pub const SELECT_ACCOUNT: Statement = Statement {
    client: PAYMENT_SQL,
    database: "payments",
    operation: "SELECT",
    table: "accounts",
    text: "select id, currency, payment_method_id, balance_cents from accounts where id = ? for update",
    typical_millis: 2.1,
};
/// A charge in any state.
pub const INSERT_CHARGE: Statement = Statement {
    client: PAYMENT_SQL,
    database: "payments",
    operation: "INSERT",
    table: "charges",
    text: "insert into charges (id, account_id, amount_cents, currency, state, decline_code) values (?, ?, ?, ?, ?, ?)",
    typical_millis: 3.3,
};

/// Runs a statement that succeeds, and says when it ended.
pub fn query(trace: &mut TraceBuilder, parent: SpanKey, at: u64, statement: &Statement) -> u64 {
    let span = open(trace, parent, at, statement);
    let end = at + trace.random.latency(statement.typical_millis);
    if statement.operation == "SELECT" {
        let rows = trace.random.range(1, 24);
        trace.set(span, "db.response.returned_rows", rows);
    }
    trace.close(span, end);
    end
}

/// Looks at the findings, slowly where the failure says so.
pub fn findings(trace: &mut TraceBuilder, parent: SpanKey, at: u64, repository: &str) -> u64 {
    if !trace.strikes(Failure::SlowQuery) {
        return query(trace, parent, at, &SELECT_FINDINGS);
    }
    let span = open(trace, parent, at, &SELECT_FINDINGS);
    let millis = trace.random.range(6_200, 14_800);
    let end = at + millis * MILLISECOND;
    trace.set(span, "db.response.returned_rows", 41_u64);
    trace.close(span, end);
    let text = format!(
        "Slow query: {millis} ms (threshold {LOG_MIN_DURATION_MILLIS} ms) SELECT findings for repository {repository}"
    );
    let log = trace.log(span, end, SeverityNumber::Warn, text);
    log.attributes = vec![
        attribute("db.system.name", "postgresql"),
        attribute("db.query.text", SELECT_FINDINGS.text),
        attribute("duration_ms", millis),
    ];
    let micros = trace.random.range(100, 999);
    let line = format!("duration: {millis}.{micros} ms  execute <unnamed>: {}", SELECT_FINDINGS.text);
    trace.log_outside(Service::Postgres, end, SeverityNumber::Info, line).attributes =
        vec![attribute("log.file.name", "postgresql.log")];
    end
}

/// Stores the result for a repository; the transaction may be the victim of a deadlock.
pub fn store_result(trace: &mut TraceBuilder, parent: SpanKey, at: u64) -> (u64, Option<Exception>) {
    if !trace.strikes(Failure::DatabaseDeadlock) {
        return (query(trace, parent, at, &UPSERT_RESULT), None);
    }
    let span = open(trace, parent, at, &UPSERT_RESULT);
    let end = at + DEADLOCK_TIMEOUT + trace.random.latency(9.0);
    let process = trace.random.range(2_100, 9_800);
    let other = process + trace.random.range(3, 60);
    let transaction = trace.random.range(8_400_000, 8_900_000);
    let tuple = (trace.random.range(2, 90), trace.random.range(1, 50));
    let exception = Exception::deadlock(process, other, (transaction + 1, transaction), tuple);
    trace.set(span, "db.response.status_code", "40P01");
    trace.throw(span, end, &exception);
    trace.close(span, end);
    let line = format!(
        "deadlock detected\nDETAIL:  Process {process} waits for ShareLock on transaction {}; blocked by process {other}.\n\
         STATEMENT:  {}",
        transaction + 1,
        UPSERT_RESULT.text
    );
    trace.log_outside(Service::Postgres, end, SeverityNumber::Error, line).attributes = vec![
        attribute("log.file.name", "postgresql.log"),
        attribute("db.response.status_code", "40P01"),
        attribute("process.pid", process),
    ];
    (end + 2 * MILLISECOND, Some(exception))
}

fn open(trace: &mut TraceBuilder, parent: SpanKey, at: u64, statement: &Statement) -> SpanKey {
    let name = format!("{} {}", statement.operation, statement.table);
    let span = trace.open(statement.client, Some(parent), SpanKind::Client, name, at);
    trace.set(span, "db.system.name", "postgresql");
    trace.set(span, "db.namespace", statement.database);
    trace.set(span, "db.operation.name", statement.operation);
    trace.set(span, "db.collection.name", statement.table);
    trace.set(span, "db.query.text", statement.text);
    trace.set(span, "server.address", "postgres-primary.internal");
    trace.set(span, "server.port", 5432_i64);
    span
}
