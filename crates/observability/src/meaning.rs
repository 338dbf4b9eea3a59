//! The embedding model that the settings name.

use std::{fs, path::Path, sync::Arc};

use mahavishnu_semantic::{EmbedError, Embedder, Model, ModelFiles};
use mahavishnu_store::{StoreError, embedding::Hnsw};

use crate::settings::{HnswSettings, MahavishnuSettings};

/// The model in this binary.
const BUNDLED: &str = "all-MiniLM-L6-v2";

/// No model: search finds words alone.
const NONE: &str = "none";

/// How texts of these settings become vectors.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// The model.
    pub embedder: Arc<dyn Embedder>,
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
    pub async fn load(settings: &MahavishnuSettings) -> Result<Option<Self>, StoreError> {
        let name = settings.tuning.embedding_model.clone();
        if name == NONE {
            return Ok(None);
        }
        let loading = tokio::task::spawn_blocking(move || embedder(&name));
        let embedder = loading.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let embedder = embedder.map_err(|error| StoreError::Unsuitable(error.to_string()))?;
        let (wanted, found) = (settings.tuning.embedding_dimension, embedder.dimension());
        if wanted != found {
            return Err(StoreError::Unsuitable(format!(
                "the model gives vectors of {found} numbers: set embedding_dimension to {found} instead of {wanted}"
            )));
        }
        let HnswSettings { m, ef_construction, ef_search } = settings.tuning.hnsw;
        let hnsw = Hnsw { m, ef_construction, ef_search };
        Ok(Some(Self { embedder, hnsw, cache_size: settings.tuning.cache_size }))
    }
}

fn embedder(name: &str) -> Result<Arc<dyn Embedder>, EmbedError> {
    if name == BUNDLED {
        return bundled();
    }
    let directory = Path::new(name);
    if directory.is_dir() {
        return Ok(Arc::new(Model::new(files(directory)?)?));
    }
    Err(EmbedError::Unsuitable(format!(
        "embedding_model is `{name}`, which is no directory: write {BUNDLED}, a directory with a sentence-transformers \
         model, or {NONE}"
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
