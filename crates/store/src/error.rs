//! What can go wrong with a store, in words for people.

/// Why a store can not be used, or a question can not be answered.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database can not be reached or refuses us; trying later may help.
    #[error("{0}")]
    Unavailable(String),
    /// What was asked for can not be: the sentence says what is allowed.
    #[error("{0}")]
    InvalidArgument(String),
    /// The statement is not one that reads.
    #[error("{0}")]
    InvalidSql(String),
    /// No span, log record or exemplar has this trace id.
    #[error("no trace {0} in the store")]
    TraceNotFound(String),
    /// The database can not serve us as it is: too old, without pgvector, of a newer version of ours.
    #[error("{0}")]
    Unsuitable(String),
    /// PostgreSQL refused a statement of ours.
    #[error("the database refused a statement: {0}")]
    Database(#[source] tokio_postgres::Error),
}
