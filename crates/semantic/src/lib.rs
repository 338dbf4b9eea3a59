//! From telemetry to meaning.
//!
//! | module | answers |
//! |---|---|
//! | [`mining`] | which pattern does this text follow? |

pub mod mining;

pub use mining::{Mined, Miner, Pattern, PatternId};
