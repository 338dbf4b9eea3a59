//! From telemetry to meaning.
//!
//! | module | answers |
//! |---|---|
//! | [`mining`] | which pattern does this text follow? |
//! | [`mod@prepare`] | which words of it carry meaning? |
//! | [`lexical`] | how well do words match? |
//! | [`stack`] | where in the program did it happen? |
//! | [`embed`], [`model`], `endpoint` | which vector stands for it? |

pub mod embed;
#[cfg(feature = "endpoint")]
pub mod endpoint;
pub mod lexical;
pub mod mining;
pub mod model;
pub mod prepare;
pub mod stack;

pub use embed::{EmbedError, Embedder};
pub use mining::{Frame, Mined, Miner, Pattern, PatternId};
pub use model::{Model, ModelFiles};
pub use prepare::prepare;
