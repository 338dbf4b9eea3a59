//! Answers for people: tables that fit the terminal, and a trace as a tree.

mod table;
mod tables;
mod text;
mod tree;

pub use tables::{
    config, conformance, dead_letter_count, dead_letters, logs, metrics, points, sql, status, traces,
};
pub use text::printable;
pub use tree::trace;
