//! What the store promises, on real databases: the embedded engine and a server.

mod engine;
mod export;
mod lists;
mod meaning;
mod metrics;
mod open;
mod otlp;
mod otlp_metrics;
mod roundtrip;
mod sql;
mod tls;
