//! OTLP signals on their way: receivers take requests, an intake holds them, a delivery gives them to an exporter.
//!
//! A request becomes one immutable [`Batch`] (its signal, its protobuf bytes, how many records it holds). The
//! sender is answered when it is in the log; every destination is fed from there.
//!
//! | module | answers |
//! |---|---|
//! | [`signal`], [`batch`] | what travels |
//! | [`check`] | is this request well formed, and which of its records can not be kept? |
//! | [`wire`] | the fields of protobuf, without objects |
//! | [`json`] | OTLP/JSON to OTLP protobuf |
//! | [`receiver`] | OTLP over HTTP and gRPC |
//! | [`intake`] | where it is taken into the log |
//! | [`repeats`] | did these bytes come before? |
//! | [`delivery`] | gives what is in the log to one destination, at its own pace |
//! | [`ranges`] | what has the destination already? |
//! | [`dead_letters`] | what a destination refused for good |
//! | [`breaker`], [`retry`], [`resilience`] | when is a destination left alone, and when is it tried again? |
//! | [`troubles`] | what went wrong with a destination lately? |
//! | [`tail`] | what is accepted at this moment, for those who watch |
//! | [`exporter`] | what a destination must be able to do |
//! | [`ledger`] | the counts that must add up |
//!
//! Receivers never call exporters; exporters never retry or queue.

pub mod batch;
pub mod breaker;
pub mod check;
pub mod dead_letters;
pub mod delivery;
pub mod exporter;
pub mod intake;
pub mod json;
pub mod ledger;
pub mod ranges;
pub mod receiver;
pub mod repeats;
pub mod resilience;
pub mod retry;
pub mod signal;
pub mod tail;
pub mod troubles;
pub mod wire;

pub use batch::Batch;
pub use delivery::{Delivery, Destination};
pub use exporter::{DeadLetter, ExportError, Exporter, Receipt};
pub use intake::{Intake, Refusal};
pub use ledger::Ledger;
pub use resilience::Resilience;
pub use signal::Signal;
pub use tail::Tail;
