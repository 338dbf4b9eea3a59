//! Proptest strategies for any OTLP request: what a decoder lets through, however odd.
//!
//! | module | generates |
//! |---|---|
//! | [`value`] | strings, attributes of every kind, ids, times, resources and scopes |
//! | [`trace`] | [`traces_request`]: spans with events and links |
//! | [`metric`] | [`metrics_request`]: every kind of metric, with exemplars |
//! | [`log`] | [`logs_request`]: log records |
//!
//! Most of a request is ordinary and a little of it is not, so that both paths are walked. A NaN does not equal
//! itself: compare encoded bytes, or what [`std::fmt::Debug`] prints. Two things are left out because they mean the
//! same as what is generated: an attribute without a value message (an empty message is generated) and a NaN with a
//! payload.

pub mod log;
pub mod metric;
pub mod trace;
pub mod value;

#[cfg(test)]
mod tests;

pub use log::logs_request;
pub use metric::metrics_request;
pub use trace::traces_request;
