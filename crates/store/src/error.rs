//! What can go wrong with a store, in words for people.

use std::error::Error;

use tokio_postgres::error::SqlState;

/// Why a store can not be used, or a question can not be answered.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database can not be reached or can not serve now; trying later may help.
    #[error("{0}")]
    Unavailable(String),
    /// What was asked for can not be: the sentence says what is allowed.
    #[error("{0}")]
    InvalidArgument(String),
    /// A vector that can not be compared with those here.
    #[error("{0}")]
    InvalidEmbedding(String),
    /// The statement is not one that reads.
    #[error("{0}")]
    InvalidSql(String),
    /// The answer took too long: less must be asked for.
    #[error("{0}")]
    DeadlineExceeded(String),
    /// No span, log record or exemplar has this trace id.
    #[error("no trace {0} in the store")]
    TraceNotFound(String),
    /// No pattern or group of errors has this number.
    #[error("no pattern {0} in the store")]
    PatternNotFound(String),
    /// The database can not serve us as it is: too old, without pgvector, of a newer version of ours.
    #[error("{0}")]
    Unsuitable(String),
    /// PostgreSQL refused rows for what they hold.
    #[error("the database refused a record: {0}")]
    Unstorable(String),
    /// PostgreSQL refused a statement of ours: it, our rights or our schema are not as they should be.
    #[error("the database refused a statement: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether the same thing can succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let text = describe(&error);
        match meaning(&error) {
            Meaning::Passing => Self::Unavailable(text),
            Meaning::BadData => Self::Unstorable(text),
            Meaning::Final => Self::Database(text),
        }
    }
}

/// What an error of PostgreSQL means for the statement that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// The same statement may succeed later.
    Passing,
    /// What it holds can not be stored.
    BadData,
    /// Somebody must change something first.
    Final,
}

/// SQLSTATE classes that pass by themselves: connection exceptions, invalid transaction states left by them,
/// rolled back transactions (deadlock, serialization), insufficient resources, operator intervention, system errors.
const PASSING_CLASSES: [&str; 6] = ["08", "25", "40", "53", "57", "58"];

/// SQLSTATE classes that speak of the data: data exceptions, broken constraints, limits of a row.
const DATA_CLASSES: [&str; 3] = ["22", "23", "54"];

fn meaning(error: &tokio_postgres::Error) -> Meaning {
    let Some(code) = error.code() else {
        // Without a SQLSTATE the server never answered: the connection broke.
        return Meaning::Passing;
    };
    let passes = PASSING_CLASSES.iter().any(|class| code.code().starts_with(class))
        || *code == SqlState::LOCK_NOT_AVAILABLE
        || *code == SqlState::CANNOT_CONNECT_NOW;
    match code.code().get(..2) {
        _ if passes => Meaning::Passing,
        Some(class) if DATA_CLASSES.contains(&class) => Meaning::BadData,
        _ => Meaning::Final,
    }
}

/// One sentence without the statement: PostgreSQL's own message with its hint, or why the connection broke.
pub(crate) fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(database) = error.as_db_error() {
        let hint = database.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
        return format!("{} [{}]{hint}", database.message(), database.code().code());
    }
    match error.source() {
        Some(source) => source.to_string(),
        None => error.to_string(),
    }
}
