//! The embedding model that the settings name.

use std::{fs, path::Path, sync::Arc};

#[cfg(feature = "embedding-endpoint")]
use mahavishnu_semantic::endpoint::EmbeddingEndpoint;
use mahavishnu_semantic::{EmbedError, Embedder, Model, ModelFiles};
use mahavishnu_store::{
    QueryService, Store, StoreError,
    embedding::{self, Hnsw, NamedModel},
};
#[cfg(feature = "embedding-endpoint")]
use percent_encoding::percent_decode_str;
use tracing::warn;

use crate::settings::{HnswSettings, MahavishnuSettings, TuningSettings};

/// The model in this binary.
const BUNDLED: &str = "all-MiniLM-L6-v2";

/// No model: search finds words alone.
const NONE: &str = "none";

/// A model that a service runs: its name follows.
const ENDPOINT: &str = "endpoint:";

/// How texts of these settings become vectors.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// The model.
    pub model: NamedModel,
    /// The one before it, as long as patterns have no vector of the model yet.
    pub previous: Option<Arc<dyn Embedder>>,
    /// Parameters of the index on its vectors.
    pub hnsw: Hnsw,
    /// Vectors of questions that are kept.
    pub cache_size: usize,
}

impl Meaning {
    /// Loads the model of the settings: some hundredths of a second for the bundled one. `None` where they want none.
    ///
    /// # Errors
    ///
    /// When it can not be read, or its vectors are not as long as the settings say.
    pub async fn load(settings: &MahavishnuSettings, store: &Store) -> Result<Option<Self>, StoreError> {
        if settings.tuning.embedding_model == NONE {
            return Ok(None);
        }
        let embedder = loaded(settings.tuning.clone()).await?;
        let (wanted, found) = (settings.tuning.embedding_dimension, embedder.dimension());
        if wanted != found {
            return Err(StoreError::Unsuitable(format!(
                "the model gives vectors of {found} numbers: set embedding_dimension to {found} instead of {wanted}"
            )));
        }
        let HnswSettings { m, ef_construction, ef_search } = settings.tuning.hnsw;
        let hnsw = Hnsw { m, ef_construction, ef_search };
        let previous = previous(settings, store, embedder.identity()).await?;
        let model = NamedModel { embedder, source: settings.tuning.embedding_model.clone() };
        Ok(Some(Self { model, previous, hnsw, cache_size: settings.tuning.cache_size }))
    }

    /// A query service that understands questions.
    #[must_use]
    pub fn teach(&self, query: QueryService) -> QueryService {
        let query = query.with_embedder(Arc::clone(&self.model.embedder), self.hnsw, self.cache_size);
        match &self.previous {
            Some(previous) => query.until_then(Arc::clone(previous)),
            None => query,
        }
    }
}

/// The model whose vectors serve until there are new ones, where it can still be had.
async fn previous(
    settings: &MahavishnuSettings,
    store: &Store,
    identity: &str,
) -> Result<Option<Arc<dyn Embedder>>, StoreError> {
    let Some(source) = embedding::previous(store, identity).await? else { return Ok(None) };
    let mut tuning = settings.tuning.clone();
    tuning.embedding_model = source;
    let previous = loaded(tuning).await;
    if let Err(error) = &previous {
        // Questions are understood again pattern by pattern, and found by their words meanwhile.
        warn!(%error, "otel-embedding-previous-unavailable");
    }
    Ok(previous.ok())
}

async fn loaded(tuning: TuningSettings) -> Result<Arc<dyn Embedder>, StoreError> {
    let loading = tokio::task::spawn_blocking(move || embedder(&tuning));
    let embedder = loading.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    embedder.map_err(|error| StoreError::Unsuitable(error.to_string()))
}

fn embedder(tuning: &TuningSettings) -> Result<Arc<dyn Embedder>, EmbedError> {
    let name = tuning.embedding_model.as_str();
    if name == BUNDLED {
        return bundled();
    }
    if let Some(model) = name.strip_prefix(ENDPOINT) {
        return endpoint(tuning, model);
    }
    let directory = Path::new(name);
    if directory.is_dir() {
        return Ok(Arc::new(Model::new(files(directory)?)?));
    }
    Err(EmbedError::Unsuitable(format!(
        "embedding_model is `{name}`, which is no directory: write {BUNDLED}, a directory with a sentence-transformers \
         model, {ENDPOINT}NAME for a model that a service runs, or {NONE}"
    )))
}

#[cfg(feature = "bundled-model")]
fn bundled() -> Result<Arc<dyn Embedder>, EmbedError> {
    Ok(Arc::new(Model::bundled()?))
}

#[cfg(not(feature = "bundled-model"))]
fn bundled() -> Result<Arc<dyn Embedder>, EmbedError> {
    Err(EmbedError::Unsuitable(format!(
        "this build has no model: set embedding_model to a directory, or to {NONE}, or build with the feature \
         \"bundled-model\""
    )))
}

#[cfg(feature = "embedding-endpoint")]
fn endpoint(tuning: &TuningSettings, model: &str) -> Result<Arc<dyn Embedder>, EmbedError> {
    let url = tuning.embedding_endpoint.url();
    let token = url.password().map(|token| percent_decode_str(token).decode_utf8_lossy().into_owned());
    let mut base = url.clone();
    // The URL of HTTP always has a host: there is a place for user and password.
    let _had_a_place = (base.set_password(None), base.set_username(""));
    Ok(Arc::new(EmbeddingEndpoint::new(base.as_str(), token, model, tuning.embedding_dimension)))
}

#[cfg(not(feature = "embedding-endpoint"))]
fn endpoint(_: &TuningSettings, _: &str) -> Result<Arc<dyn Embedder>, EmbedError> {
    Err(EmbedError::Unsuitable(
        "this build asks no service: build with the feature \"embedding-endpoint\"".to_owned(),
    ))
}

/// The files of a model as sentence-transformers lays them out.
fn files(directory: &Path) -> Result<ModelFiles, EmbedError> {
    let missing = |name: &str, error: std::io::Error| {
        EmbedError::Unsuitable(format!("{} can not be read: {error}", directory.join(name).display()))
    };
    let text = |name: &str| fs::read_to_string(directory.join(name)).map_err(|error| missing(name, error));
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let weights = fs::read(directory.join("model.safetensors"));
    Ok(ModelFiles {
        name,
        config: text("config.json")?,
        vocabulary: text("vocab.txt")?,
        pooling: text("1_Pooling/config.json").ok(),
        weights: weights.map_err(|error| missing("model.safetensors", error))?.into(),
    })
}
