//! OTLP records as rows of COPY BINARY.
//!
//! | module | answers |
//! |---|---|
//! | [`copy`] | PostgreSQL's binary format, value by value |
//! | `shared` | resources and scopes, which many records share |
//! | `view` | spans and log records in the bytes of a request, without objects |
//! | `span`, `log`, `metric` | one row of each table |
//! | `error` | what a record says of its error |
//! | `extra` | fields that are rarely set, and originals of texts that hold NUL |
//! | `summary` | what a batch says of each trace |

pub mod copy;
pub(crate) mod error;
pub(crate) mod extra;
pub(crate) mod log;
pub(crate) mod metric;
#[cfg(test)]
mod oracle;
pub(crate) mod shared;
pub(crate) mod span;
pub(crate) mod summary;
#[cfg(test)]
mod tests;
pub(crate) mod view;
