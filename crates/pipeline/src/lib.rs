//! OTLP signals on their way: receivers take requests, an intake holds them, a delivery gives them to an exporter.
//!
//! A request becomes one immutable [`Batch`] (its signal, its protobuf bytes, how many records it holds). The
//! sender is answered when the destination has it: what was acknowledged is stored.
//!
//! | module | answers |
//! |---|---|
//! | [`signal`], [`batch`] | what travels |
//! | [`check`] | is this request well formed, and which of its records can not be kept? |
//! | [`json`] | OTLP/JSON to OTLP protobuf |
//! | [`receiver`] | OTLP over HTTP and gRPC |
//! | [`intake`] | the bounded queue between receivers and deliveries |
//! | [`delivery`] | joins what waits and gives it to an exporter |
//! | [`forwarding`] | gives what was acknowledged to one more destination, at its own pace |
//! | [`breaker`], [`retry`], [`resilience`] | when is a destination left alone, and when is it tried again? |
//! | [`exporter`] | what a destination must be able to do |
//! | [`ledger`] | the counts that must add up |
//!
//! Receivers never call exporters; exporters never retry or queue.

pub mod batch;
pub mod breaker;
pub mod check;
pub mod delivery;
pub mod exporter;
pub mod forwarding;
pub mod intake;
pub mod json;
pub mod ledger;
pub mod receiver;
pub mod resilience;
pub mod retry;
pub mod signal;

pub use batch::Batch;
pub use exporter::{ExportError, Exporter};
pub use intake::{Intake, Refusal};
pub use ledger::Ledger;
pub use resilience::Resilience;
pub use signal::Signal;
