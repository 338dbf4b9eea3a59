//! PostgreSQL as one destination: opened when it is first needed, and tried again until it is there.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use mahavishnu_pipeline::{Batch, DeadLetter, ExportError, Exporter, Receipt, ranges::Ranges};
use mahavishnu_store::{
    Location, PostgresExporter, QueryService, Store, StoreError, embedding::Embedding, retention::Retention,
    rollup::Rollup,
};
use tokio::sync::OnceCell;
use tracing::error;

use crate::{
    manager::request::Requests,
    meaning::Meaning,
    settings::MahavishnuSettings,
    transformation::{LogEntry, OtelMetric},
    wiring::now,
};

/// The database can not be reached or set up.
#[derive(Debug, thiserror::Error)]
#[error("the database can not be used: {source}")]
pub struct OtelStorageInitializationError {
    /// What stands in the way.
    #[from]
    pub source: StoreError,
}

/// Puts telemetry into PostgreSQL. Clones share its connections.
#[derive(Clone, Debug)]
pub struct OtelStorageAdapter {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    location: Location,
    requests: Requests,
    settings: MahavishnuSettings,
    opened: OnceCell<Opened>,
    /// An outage at the start is said once, not at every attempt.
    failure_said: AtomicBool,
}

#[derive(Debug)]
struct Opened {
    store: Store,
    exporter: PostgresExporter,
    /// Its clones share what they keep in memory.
    query: QueryService,
    /// Until the connections are closed.
    embedding: Mutex<Option<Embedding>>,
    retention: Mutex<Option<Retention>>,
    rollup: Mutex<Option<Rollup>>,
}

impl OtelStorageAdapter {
    /// An adapter to the database of the settings; nothing is opened yet.
    #[must_use]
    pub fn new(settings: &MahavishnuSettings) -> Self {
        let location = settings.otel_storage_connection_string.clone();
        Self {
            inner: Arc::new(Inner {
                location,
                requests: Requests::new(&settings.observability),
                settings: settings.clone(),
                opened: OnceCell::new(),
                failure_said: AtomicBool::new(false),
            }),
        }
    }

    /// Reaches the database and brings its schema up to date, unless that was done before.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the adapter as it was.
    ///
    /// # Errors
    ///
    /// When it can not be used now; the event `otel-storage-init-failed` says so once.
    pub async fn init(&self) -> Result<(), OtelStorageInitializationError> {
        self.opened_or_said().await.map(|_| ()).map_err(Into::into)
    }

    /// Asks the database something.
    ///
    /// # Errors
    ///
    /// When it does not answer as it should.
    pub async fn health(&self) -> Result<(), OtelStorageInitializationError> {
        let store = self.opened().await?.store.clone();
        QueryService::new(store).status().await?;
        Ok(())
    }

    /// Stores a log entry at once; the manager's way through a queue is the one that never waits.
    ///
    /// # Errors
    ///
    /// When the database did not take it.
    pub async fn store_log(&self, entry: &LogEntry) -> Result<(), ExportError> {
        self.export(&self.inner.requests.logs(vec![entry.to_log_record()])).await
    }

    /// Stores metrics at once.
    ///
    /// # Errors
    ///
    /// When the database did not take them.
    pub async fn store_metrics(&self, metrics: &[OtelMetric]) -> Result<(), ExportError> {
        self.export(&self.inner.requests.metrics(metrics.iter().map(OtelMetric::to_metric).collect())).await
    }

    /// Stores the spans of a trace at once.
    ///
    /// # Errors
    ///
    /// When the database did not take them.
    pub async fn store_trace(
        &self,
        spans: Vec<opentelemetry_proto::tonic::trace::v1::Span>,
    ) -> Result<(), ExportError> {
        self.export(&self.inner.requests.traces(spans)).await
    }

    /// Closes the connections, and stops the embedded engine.
    pub async fn cleanup(&self) {
        if let Some(opened) = self.inner.opened.get() {
            drop(opened.embedding.lock().expect("no holder of this lock panics").take());
            drop(opened.retention.lock().expect("no holder of this lock panics").take());
            drop(opened.rollup.lock().expect("no holder of this lock panics").take());
            opened.store.clone().close().await;
        }
    }

    /// The database, opened if that was not done yet.
    ///
    /// # Errors
    ///
    /// When it can not be used now.
    pub async fn store(&self) -> Result<&Store, StoreError> {
        self.opened().await.map(|opened| &opened.store)
    }

    /// What can be asked of it.
    ///
    /// # Errors
    ///
    /// When it can not be used now.
    pub async fn query(&self) -> Result<QueryService, StoreError> {
        Ok(self.opened().await?.query.clone())
    }

    /// Where it is, without secrets.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    async fn exporter(&self) -> Result<&PostgresExporter, ExportError> {
        let opened = self.opened_or_said().await.map_err(|error| match error {
            StoreError::Unavailable(reason) => ExportError::Unavailable { reason, retry_after: None },
            other => ExportError::Unusable { reason: other.to_string() },
        })?;
        Ok(&opened.exporter)
    }

    async fn opened(&self) -> Result<&Opened, StoreError> {
        let opening = self.inner.opened.get_or_try_init(|| async {
            let store = Store::open(&self.inner.location).await?;
            let exporter = PostgresExporter::new(store.clone(), now);
            let meaning = Meaning::load(&self.inner.settings, &store).await.unwrap_or_else(|error| {
                // Telemetry is stored all the same, and found by its words.
                error!(%error, "otel-embedding-unavailable");
                None
            });
            let embedding = meaning.clone().map(|Meaning { model, hnsw, .. }| {
                Embedding::start(store.clone(), model, hnsw, exporter.learned())
            });
            let query = QueryService::new(store.clone());
            let query = match meaning {
                Some(meaning) => meaning.teach(query),
                None => query,
            };
            let retention = Retention::start(store.clone(), self.inner.settings.retention, now);
            let rollup = Rollup::start(store.clone(), now);
            Ok(Opened {
                store,
                exporter,
                query,
                embedding: Mutex::new(embedding),
                retention: Mutex::new(Some(retention)),
                rollup: Mutex::new(Some(rollup)),
            })
        });
        opening.await
    }

    async fn opened_or_said(&self) -> Result<&Opened, StoreError> {
        let opened = self.opened().await;
        if let Err(error) = &opened
            && !self.inner.failure_said.swap(true, Ordering::Relaxed)
        {
            error!(database = %self.inner.location, %error, "otel-storage-init-failed");
        }
        opened
    }
}

impl Exporter for OtelStorageAdapter {
    async fn export(&self, batches: &[Batch]) -> Result<(), ExportError> {
        self.exporter().await?.export(batches).await
    }

    fn lanes(&self) -> usize {
        PostgresExporter::LANES
    }

    async fn resume(&self, log: u64) -> Result<Ranges, ExportError> {
        self.exporter().await?.resume(log).await
    }

    async fn deliver(&self, batches: &[Batch], receipt: &Receipt) -> Result<(), ExportError> {
        self.exporter().await?.deliver(batches, receipt).await
    }

    async fn salvage(&self, batch: &Batch, receipt: &Receipt) -> Result<Vec<DeadLetter>, ExportError> {
        self.exporter().await?.salvage(batch, receipt).await
    }
}
