//! One statement of the user's, which can only read.
//!
//! A parser checks that it is one that reads, from schema `otel` alone, without functions that reach out.
//! It runs in a READ ONLY transaction that is always rolled back, and reaches the server by the extended protocol, which takes one
//! statement. It runs as a role that can read that schema and nothing else; where the connection may not make such a role, names
//! outside the schema are not found.

use std::time::Duration;

use serde_json::Value;
use tokio_postgres::{
    SimpleQueryMessage, Transaction,
    error::SqlState,
    types::{ToSql, Type},
};

use crate::{
    error::{StoreError, describe},
    location::Location,
    query::{MAX_ROWS, SqlResult},
    store::Store,
};

mod embedded;
mod parameter;
mod parse;

use parameter::Parameter;

/// How long a statement may run. The embedded engine can not stop one: there it is
/// refused beforehand where it looks long, and this is when we stop waiting.
const DEADLINE: Duration = Duration::from_secs(15);

/// The server stops a statement a little earlier, so that its own answer is seen.
const PREAMBLE: &str = "SET LOCAL statement_timeout = '14s'";

/// The role that can read schema `otel` and nothing else. Operators of pgvector are found in `public`.
const AS_READER: &str = "SET LOCAL search_path = otel, public; SET LOCAL ROLE mahavishnu_otel_reader";

/// Without that role, `public` may hold tables that are not ours to show.
const AS_WE_ARE: &str = "SET LOCAL search_path = otel";

/// Bytes of all rows at most.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Arguments that one call of a PostgreSQL function takes.
const ARGUMENTS_PER_CALL: usize = 90;

pub(super) async fn run(
    store: &Store,
    sql: &str,
    parameters: &[Value],
    limit: usize,
) -> Result<SqlResult, StoreError> {
    let statement = sql.trim().trim_end_matches(';').trim_end();
    if statement.is_empty() {
        return Err(StoreError::InvalidSql(
            "the statement is empty: give one that reads, as SELECT does".to_owned(),
        ));
    }
    parse::check(statement)?;
    let limit = limit.clamp(1, MAX_ROWS);
    let asked = Asked { statement, parameters, limit };
    let mut client = store.asking().await?;
    let cancel = client.cancel_token();
    let transaction = client.build_transaction().read_only(true).start().await?;
    transaction.batch_execute(PREAMBLE).await?;
    let reader: bool =
        transaction.query_one(include_str!("../../queries/server/reader.sql"), &[]).await?.try_get(0)?;
    transaction.batch_execute(if reader { AS_READER } else { AS_WE_ARE }).await?;
    let embedded = matches!(store.location(), Location::Embedded(_));
    let result = tokio::time::timeout(DEADLINE, read(&transaction, asked, embedded)).await;
    if result.is_err() {
        // Best effort: a server has stopped it by itself a second ago.
        let _sent = cancel.cancel_query(tokio_postgres::NoTls).await;
    }
    let answer = result.unwrap_or_else(|_| {
        Err(StoreError::InvalidSql(format!(
            "the statement took longer than {} s: ask for less",
            DEADLINE.as_secs()
        )))
    });
    if tokio::time::timeout(DEADLINE, transaction.rollback()).await.is_err() {
        // A session that does not come back is closed rather than lent to others.
        drop(deadpool_postgres::Object::take(client));
    }
    answer
}

/// What is asked for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    statement: &'a str,
    parameters: &'a [Value],
    limit: usize,
}

async fn read(
    transaction: &Transaction<'_>,
    Asked { statement, parameters, limit }: Asked<'_>,
    embedded: bool,
) -> Result<SqlResult, StoreError> {
    let prepared = transaction.prepare(statement).await.map_err(|error| refused(&error))?;
    let (wanted, given) = (prepared.params().len(), parameters.len());
    if wanted != given {
        return Err(StoreError::InvalidSql(format!(
            "the statement has {wanted} parameters, and {given} are given"
        )));
    }
    let columns: Vec<String> = prepared.columns().iter().map(|column| column.name().to_owned()).collect();
    if columns.is_empty() {
        return Err(StoreError::InvalidSql(
            "the statement gives no rows: only statements that read are run".to_owned(),
        ));
    }
    let parameters: Vec<Parameter<'_>> = parameters.iter().map(Parameter).collect();
    let parameters: Vec<&(dyn ToSql + Sync)> =
        parameters.iter().map(|it| it as &(dyn ToSql + Sync)).collect();
    if embedded {
        embedded::check(transaction, statement, &parameters).await?;
    }
    if !can_be_wrapped(statement) {
        if given > 0 {
            return Err(StoreError::InvalidSql(
                "EXPLAIN and SHOW take no parameters: write the values".to_owned(),
            ));
        }
        return as_text(transaction, statement, columns, limit).await;
    }
    let wrapped = wrap(statement, columns.len(), limit + 1);
    let types: Vec<Type> = prepared.params().to_vec();
    let wrapped = transaction.prepare_typed(&wrapped, &types).await.map_err(|error| refused(&error))?;
    let rows = transaction.query(&wrapped, &parameters).await.map_err(|error| refused(&error))?;
    let mut result = SqlResult { columns, rows: Vec::new(), truncated: rows.len() > limit };
    let mut bytes = 0;
    for row in rows.iter().take(limit) {
        let text: &str = row.try_get(0)?;
        bytes += text.len();
        if bytes > MAX_BYTES {
            result.truncated = true;
            break;
        }
        result.rows.push(
            serde_json::from_str(text).map_err(|error| {
                StoreError::InvalidSql(format!("a row can not be written as JSON: {error}"))
            })?,
        );
    }
    Ok(result)
}

/// EXPLAIN and SHOW can not stand in FROM; what they give is text.
fn can_be_wrapped(statement: &str) -> bool {
    let first: String = statement.chars().take_while(char::is_ascii_alphabetic).collect();
    !matches!(first.to_ascii_uppercase().as_str(), "EXPLAIN" | "SHOW")
}

/// A statement whose rows are JSON arrays of the statement's values, in order, whatever their names.
fn wrap(statement: &str, columns: usize, limit: usize) -> String {
    let names: Vec<String> = (0..columns).map(|index| format!("c{index}")).collect();
    let arrays: Vec<String> = names
        .chunks(ARGUMENTS_PER_CALL)
        .map(|chunk| {
            format!(
                "jsonb_build_array({})",
                chunk.iter().map(|name| format!("q.{name}")).collect::<Vec<_>>().join(", ")
            )
        })
        .collect();
    // The line break ends a comment at the statement's end.
    format!(
        "SELECT left(({})::text, {}) FROM (\n{statement}\n) AS q ({}) LIMIT {limit}",
        arrays.join(" || "),
        MAX_BYTES + 1,
        names.join(", ")
    )
}

async fn as_text(
    transaction: &Transaction<'_>,
    statement: &str,
    columns: Vec<String>,
    limit: usize,
) -> Result<SqlResult, StoreError> {
    let messages = transaction.simple_query(statement).await.map_err(|error| refused(&error))?;
    let mut rows: Vec<Vec<Value>> = messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..columns.len())
                    .map(|index| row.get(index).map_or(Value::Null, |text| text.into()))
                    .collect(),
            ),
            _ => None,
        })
        .collect();
    let truncated = rows.len() > limit;
    rows.truncate(limit);
    Ok(SqlResult { columns, rows, truncated })
}

fn refused(error: &tokio_postgres::Error) -> StoreError {
    match error.code() {
        Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => {
            StoreError::InvalidSql(format!("only statements that read are run: {}", describe(error)))
        }
        Some(code) if *code == SqlState::QUERY_CANCELED => StoreError::InvalidSql(format!(
            "the statement took longer than {} s: ask for less",
            DEADLINE.as_secs()
        )),
        Some(_) => StoreError::InvalidSql(describe(error)),
        None => StoreError::Unavailable(describe(error)),
    }
}
