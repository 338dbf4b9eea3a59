//! What turns texts into vectors: the model here, or a service elsewhere.

use std::fmt::Debug;

/// Turns texts into vectors of one length.
///
/// Vectors of different identities are never compared.
pub trait Embedder: Debug + Send + Sync {
    /// The model and its version: two embedders of one identity give one text the same vector.
    fn identity(&self) -> &str;

    /// Numbers in a vector.
    fn dimension(&self) -> usize;

    /// The vectors of `texts`, in their order, each of length one.
    ///
    /// It computes or waits on the calling thread: call it where blocking is allowed.
    ///
    /// # Errors
    ///
    /// [`EmbedError::Unavailable`] when it may work later, [`EmbedError::Unsuitable`] when it will not.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// Why there is no vector.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EmbedError {
    /// A service did not answer; the same texts may work later.
    #[error("the embedding service gave no vectors: {0}")]
    Unavailable(String),
    /// The model or service can not be used as it is set.
    #[error("the embedding model can not be used: {0}")]
    Unsuitable(String),
}
