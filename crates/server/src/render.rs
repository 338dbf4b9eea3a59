//! Answers for people: tables that fit the terminal, and a trace as a tree.

mod lines;
mod loadgen;
mod meaning;
mod overview;
mod series;
mod table;
mod tables;
mod text;
mod tree;

pub use lines::{log_line, skipped_line, trace_line};
pub use loadgen::loadgen;
pub use meaning::{
    changes, error, errors, hits, operations, pattern, patterns, search, service_map, services, similar,
};
pub use overview::{facets, log_histogram, trace_histogram};
pub use series::metric_series;
pub use tables::{
    config, conformance, dead_letter_count, dead_letters, logs, metrics, points, sql, status, traces,
};
pub use text::printable;
pub use tree::trace;
