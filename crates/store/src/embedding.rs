//! Vectors for the patterns, made in the background: storing never waits for them.
//!
//! The model is asked for patterns without a vector as soon as some are saved. Another model in the settings is another
//! set of vectors: the old ones serve until the new ones are there, and stay for a week.

use std::{error::Error, sync::Arc, time::Duration};

use mahavishnu_semantic::{EmbedError, Embedder};
use tokio::{sync::Notify, task::JoinHandle};
use tokio_postgres::types::{FromSql, Type};
use tracing::{debug, warn};

use crate::{error::StoreError, store::Store};

/// Patterns that go to the model at once: some tenths of a second of one core.
const AT_ONCE: i64 = 64;

/// How often we look for patterns that other processes saved.
const LOOK: Duration = Duration::from_secs(30);

/// How long we wait after a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// An exact search among fewer vectors takes a few milliseconds.
const INDEX_PAYS: i64 = 5000;

/// Parameters of the index on vectors, in the names of pgvector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hnsw {
    /// Connections of a vector on each layer.
    pub m: u32,
    /// Candidates that are kept while the index is built.
    pub ef_construction: u32,
    /// Candidates that are kept while it is searched.
    pub ef_search: u32,
}

impl Default for Hnsw {
    fn default() -> Self {
        Self { m: 16, ef_construction: 64, ef_search: 100 }
    }
}

/// The setting that names the model whose vectors serve until `identity` has one for every pattern; none when it has.
///
/// # Errors
///
/// [`StoreError::Unavailable`] when the database can not answer now.
pub async fn previous(store: &Store, identity: &str) -> Result<Option<String>, StoreError> {
    let client = store.connection().await?;
    let row = client.query_opt(include_str!("../queries/embedding/previous.sql"), &[&identity]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// A model, and what the settings call it.
#[derive(Clone, Debug)]
pub struct NamedModel {
    /// What turns texts into vectors.
    pub embedder: Arc<dyn Embedder>,
    /// The setting that names it.
    pub source: String,
}

/// Gives every pattern of a store its vector. Dropping it stops the work.
#[derive(Debug)]
pub struct Embedding {
    task: JoinHandle<()>,
}

impl Embedding {
    /// Begins; `learned` tells of new patterns.
    #[must_use]
    pub fn start(store: Store, model: NamedModel, hnsw: Hnsw, learned: Arc<Notify>) -> Self {
        let NamedModel { embedder, source } = model;
        let worker = Worker { store, embedder, source, hnsw };
        Self { task: tokio::spawn(worker.run(learned)) }
    }
}

impl Drop for Embedding {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct Worker {
    store: Store,
    embedder: Arc<dyn Embedder>,
    source: String,
    hnsw: Hnsw,
}

impl Worker {
    async fn run(self, learned: Arc<Notify>) {
        loop {
            if let Err(error) = self.catch_up().await {
                warn!(%error, model = self.embedder.identity(), "otel-embedding-failed");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let _told_or_not = tokio::time::timeout(LOOK, learned.notified()).await;
        }
    }

    /// Until every pattern has a vector of our model.
    async fn catch_up(&self) -> Result<(), StoreError> {
        let model = self.model_id().await?;
        while self.some(model).await? > 0 {}
        self.index(model).await?;
        let client = self.store.connection().await?;
        client.execute(include_str!("../queries/embedding/unused.sql"), &[]).await?;
        Ok(())
    }

    /// The number of our model in this database.
    async fn model_id(&self) -> Result<i32, StoreError> {
        let client = self.store.connection().await?;
        let dimension = i32::try_from(self.embedder.dimension()).unwrap_or(i32::MAX);
        let statement = client.prepare_cached(include_str!("../queries/embedding/model.sql")).await?;
        let row =
            client.query_one(&statement, &[&self.embedder.identity(), &dimension, &self.source]).await?;
        Ok(row.try_get(0)?)
    }

    /// The next patterns; says how many there were.
    async fn some(&self, model: i32) -> Result<usize, StoreError> {
        let rows = {
            let client = self.store.connection().await?;
            let statement = client.prepare_cached(include_str!("../queries/embedding/missing.sql")).await?;
            client.query(&statement, &[&model, &AT_ONCE]).await?
        };
        let (mut ids, mut words) = (Vec::new(), Vec::new());
        for row in &rows {
            ids.push(row.try_get::<_, i64>(0)?);
            words.push(row.try_get::<_, String>(1)?);
        }
        if ids.is_empty() {
            return Ok(0);
        }
        let vectors = embed(&self.embedder, words.clone()).await?;
        let vectors: Vec<String> = vectors.iter().map(|vector| literal(vector)).collect();
        let client = self.store.connection().await?;
        let statement = client.prepare_cached(include_str!("../queries/embedding/store.sql")).await?;
        client.execute(&statement, &[&model, &ids, &words, &vectors]).await?;
        debug!(patterns = ids.len(), "patterns have vectors");
        Ok(ids.len())
    }

    /// Builds the index once there are enough vectors, without holding up writers.
    async fn index(&self, model: i32) -> Result<(), StoreError> {
        let client = self.store.connection().await?;
        let name = format!("embedding_hnsw_{model}");
        let row =
            client.query_one(include_str!("../queries/embedding/indexed.sql"), &[&model, &name]).await?;
        let (vectors, valid, there): (i64, bool, bool) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if valid || vectors < INDEX_PAYS {
            return Ok(());
        }
        if there {
            // A build that was broken off leaves an index that nobody uses.
            client.batch_execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS otel.{name}")).await?;
        }
        let dimension = self.embedder.dimension();
        let Hnsw { m, ef_construction, .. } = self.hnsw;
        let statement = include_str!("../queries/embedding/index.sql")
            .replace("$name", &name)
            .replace("$dimension", &dimension.to_string())
            .replace("$model", &model.to_string())
            .replace("$ef_construction", &ef_construction.to_string())
            .replace("$m", &m.to_string());
        client.batch_execute(&statement).await?;
        Ok(())
    }
}

/// Asks the model on a thread that may block.
pub(crate) async fn embed(
    embedder: &Arc<dyn Embedder>,
    texts: Vec<String>,
) -> Result<Vec<Vec<f32>>, StoreError> {
    let embedder = Arc::clone(embedder);
    let embedding = tokio::task::spawn_blocking(move || {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        embedder.embed(&texts)
    });
    let embedded = embedding.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    embedded.map_err(|error| match error {
        EmbedError::Unavailable(_) => StoreError::Unavailable(error.to_string()),
        EmbedError::Unsuitable(_) => StoreError::Unsuitable(error.to_string()),
    })
}

/// A vector as pgvector reads it.
pub(crate) fn literal(vector: &[f32]) -> String {
    let numbers: Vec<String> = vector.iter().map(ToString::to_string).collect();
    format!("[{}]", numbers.join(","))
}

/// The numbers of a vector, as pgvector sends them: how many, two bytes of nothing, and each in four bytes.
#[derive(Debug)]
pub(crate) struct Numbers(pub(crate) Vec<f32>);

impl<'a> FromSql<'a> for Numbers {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let numbers = raw.get(4..).ok_or("a vector begins with its length")?.chunks_exact(4);
        Ok(Self(numbers.map(|bytes| f32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect()))
    }

    fn accepts(of: &Type) -> bool {
        of.name() == "vector"
    }
}
