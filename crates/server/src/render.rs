//! Answers for people: tables that fit the terminal, and a trace as a tree.

mod loadgen;
mod meaning;
mod table;
mod tables;
mod text;
mod tree;

pub use loadgen::loadgen;
pub use meaning::{changes, errors, hits, operations, patterns, search, service_map, services, similar};
pub use tables::{
    config, conformance, dead_letter_count, dead_letters, logs, metrics, points, sql, status, traces,
};
pub use text::printable;
pub use tree::trace;
