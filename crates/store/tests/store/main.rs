//! What the store promises, on real databases: the embedded engine and a server.

mod asking;
mod density;
mod engine;
mod export;
mod lists;
mod meaning;
mod metrics;
mod models;
mod open;
mod otlp;
mod otlp_metrics;
mod records;
mod rollup;
mod roundtrip;
mod sql;
mod tls;
