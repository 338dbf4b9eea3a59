//! What the binary promises, as a process of its own.

mod away;
mod bad_input;
mod configuration;
mod conformance;
mod dead_letters;
mod dual_export;
mod faces;
mod meaning;
mod real_input;
mod rest;
mod stopping;
mod tail;
