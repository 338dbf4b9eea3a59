//! For tests only: a PostgreSQL server, a database for each test, generated telemetry.
//!
//! | module | gives |
//! |---|---|
//! | [`database`] | the server that `scripts/postgres start` runs, and a fresh database on it per test |
//! | [`data`] | recorded telemetry, where a checkout has it beside it |
//! | [`process`] | the binary as a process of its own |
//! | [`telemetry`] | proptest strategies for any OTLP request |
//! | [`wire`] | a way to a database that can be cut and joined again |
//!
//! A test that needs a server begins with `let Some(database) = TestDatabase::create().await? else { return Ok(()) };`:
//! without a server it is skipped and says so, in CI it fails.

pub mod data;
pub mod database;
pub mod process;
pub mod telemetry;
pub mod wire;

pub use data::data_dir;
pub use database::{TestDatabase, server_url};
pub use wire::Wire;
