//! A service elsewhere that makes the vectors: anything with OpenAI's `/v1/embeddings`.
//!
//! Protocol: <https://platform.openai.com/docs/api-reference/embeddings/create>.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use ureq::{
    Agent,
    http::StatusCode,
    tls::{RootCerts, TlsConfig},
};

use crate::embed::{EmbedError, Embedder};

/// How long a service may take for one request: a model that is loaded first takes its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Texts of one request: services take at least so many.
const AT_ONCE: usize = 64;

/// Bytes of one answer at most: 64 vectors of 2,000 numbers in 25 characters are 3 MB.
const MAX_ANSWER_BYTES: u64 = 16 * 1024 * 1024;

/// A model that a service runs.
pub struct EmbeddingEndpoint {
    agent: Agent,
    url: String,
    token: Option<String>,
    model: String,
    dimension: usize,
    identity: String,
}

impl std::fmt::Debug for EmbeddingEndpoint {
    /// Without the token and whatever else the URL may hold.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddingEndpoint").field("identity", &self.identity).finish_non_exhaustive()
    }
}

#[derive(Debug, Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a [&'a str],
    encoding_format: &'static str,
}

#[derive(Debug, Deserialize)]
struct Answer {
    data: Vec<Embedding>,
}

#[derive(Debug, Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vec<f32>,
}

impl EmbeddingEndpoint {
    /// The model `model` of the service at `base`, as in `http://localhost:11434/v1`, whose vectors have `dimension` numbers.
    ///
    /// `token` is sent as a bearer token. Nothing is asked yet.
    #[must_use]
    pub fn new(base: &str, token: Option<String>, model: &str, dimension: usize) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let agent = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            // A token must not follow to another host.
            .max_redirects(0)
            .tls_config(tls)
            .build()
            .into();
        let url = format!("{}/embeddings", base.trim_end_matches('/'));
        let host = base.split_once("://").map_or(base, |(_, rest)| rest);
        let identity = format!("{model} at {}", host.trim_end_matches('/'));
        Self { agent, url, token, model: model.to_owned(), dimension, identity }
    }

    fn ask(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut request = self.agent.post(&self.url);
        if let Some(token) = &self.token {
            request = request.header("Authorization", &format!("Bearer {token}"));
        }
        let body = Request { model: &self.model, input: texts, encoding_format: "float" };
        let mut answer =
            request.send_json(&body).map_err(|error| EmbedError::Unavailable(error.to_string()))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(refusal(status));
        }
        let answer = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_json::<Answer>();
        let answer = answer.map_err(|_| {
            EmbedError::Unsuitable(
                "its answer is not that of OpenAI's embeddings: check embedding_endpoint".to_owned(),
            )
        })?;
        self.vectors(answer, texts.len())
    }

    /// The vectors in the order of the texts, each of length one.
    fn vectors(&self, answer: Answer, texts: usize) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut vectors = vec![Vec::new(); texts];
        for Embedding { index, embedding } in answer.data {
            if embedding.len() != self.dimension {
                let (found, wanted) = (embedding.len(), self.dimension);
                return Err(EmbedError::Unsuitable(format!(
                    "the model gives vectors of {found} numbers: set embedding_dimension to {found} instead of {wanted}"
                )));
            }
            if let Some(place) = vectors.get_mut(index) {
                *place = unit(embedding)?;
            }
        }
        if vectors.iter().any(Vec::is_empty) {
            return Err(EmbedError::Unavailable("it left texts without a vector".to_owned()));
        }
        Ok(vectors)
    }
}

impl Embedder for EmbeddingEndpoint {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for some in texts.chunks(AT_ONCE) {
            vectors.extend(self.ask(some)?);
        }
        Ok(vectors)
    }
}

/// What the service says of itself, without what it says of the request: that may hold a token.
fn refusal(status: StatusCode) -> EmbedError {
    let passes = status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT;
    if passes {
        return EmbedError::Unavailable(format!("it answered {status}"));
    }
    EmbedError::Unsuitable(format!(
        "the service answered {status}: check embedding_endpoint, the token in it, and the name in embedding_model"
    ))
}

fn unit(mut vector: Vec<f32>) -> Result<Vec<f32>, EmbedError> {
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    if !length.is_finite() || length <= 0.0 {
        return Err(EmbedError::Unavailable("it gave a vector without a direction".to_owned()));
    }
    vector.iter_mut().for_each(|number| *number /= length);
    Ok(vector)
}
