//! OpenTelemetry in PostgreSQL: the schema, the writer and the queries.
//!
//! | module | answers |
//! |---|---|
//! | [`location`] | which database is meant: a directory of our own, or a server |
//! | [`store`] | connecting, checking what is there, migrating |
//! | [`migrate`] | the schema, brought up to date under a lock |
//! | [`encode`] | OTLP records as rows of COPY BINARY |
//! | [`export`] | the exporter: batches in, one committed transaction out |
//! | [`dead_letter`] | records that the database refused for what they hold |
//! | [`embedding`] | vectors for the patterns, made in the background |
//! | [`retention`] | what is old goes, and days to come are prepared |
//! | [`rollup`] | how often patterns came, summed up by the minute and the hour |
//! | [`query`] | everything that can be asked |
//! | [`live`] | what was just accepted, before it is stored |
//! | [`attributes`] | OTLP values as JSON and back, without loss |
//! | [`error`] | what can go wrong, in words for people |
//!
//! Only this crate contains SQL. Whatever is acknowledged is committed; text that PostgreSQL refuses is kept all
//! the same, in another form.

pub mod attributes;
pub mod dead_letter;
#[cfg(engine)]
mod embedded;
pub mod embedding;
pub mod encode;
pub mod error;
pub mod export;
pub mod live;
pub mod location;
pub mod migrate;
pub mod query;
pub mod retention;
pub mod rollup;
pub mod store;
pub mod time;
pub mod tls;

pub use error::StoreError;
pub use export::PostgresExporter;

pub use location::Location;
pub use query::QueryService;
pub use store::Store;
pub use time::UnixNanos;
