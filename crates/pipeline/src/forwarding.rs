//! Gives what came in to one more destination, at its own pace.
//!
//! A [`Forwarder`] puts batches into a bounded spool in memory and never waits; the task behind it reads them and
//! gives them to an exporter with the resilience of its destination. A destination that is away is a cursor that
//! stands still: when the spool is full the oldest batches go, counted, and nobody else notices.

use std::{sync::Arc, time::Duration};

use mahavishnu_spool::{Durability, Entry, Options, Policy, ReadError, Reader, Spool, SpoolError};
use tokio::task::JoinHandle;
use tracing::{error, warn};

use crate::{
    batch::Batch,
    breaker::CircuitBreaker,
    exporter::{ExportError, Exporter},
    resilience::{Resilience, Resilient},
};

/// Batches and bytes given to the exporter at once; it splits what is too large for one request.
const GROUP_BATCHES: usize = 64;
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// The wait after a failure where the destination does not say how long it should be.
const PAUSE: Duration = Duration::from_secs(1);

/// How often somebody who waits for the destination looks where it is.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Where batches are handed over. Clones share one spool.
#[derive(Clone, Debug)]
pub struct Forwarder {
    spool: Spool,
    destination: Arc<str>,
}

/// The task that feeds the destination.
#[derive(Debug)]
pub struct Forwarding {
    forwarder: Forwarder,
    breaker: CircuitBreaker,
    task: JoinHandle<()>,
}

impl Forwarder {
    /// Hands over a batch; never waits. Where there is no room the oldest batches go.
    pub fn forward(&self, batch: &Batch) {
        if let Err(error) = self.spool.try_append(batch.to_record()) {
            warn!(destination = &*self.destination, records = batch.records(), %error, "forward-failed");
        }
    }

    /// Batches that wait for the destination.
    #[must_use]
    pub fn waiting_batches(&self) -> u64 {
        self.spool.reader(&self.destination).map_or(0, |reader| reader.lag_records())
    }

    /// Waits until the destination is done with everything that was handed over before this call.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub fn reached(&self) -> impl Future<Output = ()> + Send + use<> {
        let handed_over = self.spool.next_position().get() - 1;
        let reader = self.spool.reader(&self.destination);
        async move {
            while reader.as_ref().is_some_and(|reader| reader.cursor().get() < handed_over) {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }

    /// Batches that went because there was no room.
    #[must_use]
    pub fn lost_batches(&self) -> u64 {
        self.spool.reader(&self.destination).map_or(0, |reader| reader.lost())
    }
}

impl Forwarding {
    /// Starts to feed `exporter` from a spool of at most `budget_bytes`.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the budget holds nothing.
    pub fn start<E: Exporter>(
        exporter: Arc<E>,
        resilience: &Resilience,
        budget_bytes: u64,
    ) -> Result<Self, SpoolError> {
        let destination: Arc<str> = resilience.breaker.destination().into();
        let options = Options {
            directory: std::path::PathBuf::new(),
            durability: Durability::Memory,
            budget_bytes,
            policy: Policy::DropOldest,
            segment_bytes: budget_bytes,
        };
        let (spool, _nothing_to_recover) = Spool::open(options, &[&destination])?;
        let reader = spool.reader(&destination);
        let forwarder = Forwarder { spool, destination };
        let exporter = Resilient::new(exporter, resilience);
        let task = tokio::spawn(async move {
            if let Some(reader) = reader {
                feed(reader, exporter).await;
            }
        });
        Ok(Self { forwarder, breaker: resilience.breaker.clone(), task })
    }

    /// Where batches are handed over.
    #[must_use]
    pub fn forwarder(&self) -> &Forwarder {
        &self.forwarder
    }

    /// The circuit breaker of the destination.
    #[must_use]
    pub fn breaker(&self) -> &CircuitBreaker {
        &self.breaker
    }

    /// Takes nothing more, waits until the destination has what was handed over, and says how many batches it does
    /// not have after the deadline.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped the task goes on until the destination has everything.
    pub async fn shutdown(mut self, deadline: Duration) -> u64 {
        self.forwarder.spool.seal();
        if tokio::time::timeout(deadline, &mut self.task).await.is_err() {
            self.task.abort();
        }
        self.forwarder.waiting_batches()
    }
}

async fn feed<E: Exporter>(mut reader: Reader, mut exporter: Resilient<E>) {
    loop {
        match reader.read(GROUP_BATCHES, GROUP_BYTES).await {
            Ok(entries) => {
                let batches: Vec<Batch> =
                    entries.iter().filter_map(|entry| Batch::from_record(entry.record.clone())).collect();
                deliver(&mut exporter, &batches).await;
                advance(&reader, &entries);
            }
            Err(ReadError::Closed) => return,
            Err(ReadError::Failed(reason)) => {
                warn!(destination = exporter.destination(), reason, "spool-read-failed");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn advance(reader: &Reader, entries: &[Entry]) {
    if let Some(last) = entries.last() {
        reader.advance(last.position);
    }
}

/// Gives the batches to the destination until it has them; what it refuses for what it holds is dropped, alone.
async fn deliver<E: Exporter>(exporter: &mut Resilient<E>, batches: &[Batch]) {
    let Err(refusal) = persist(exporter, batches).await else { return };
    if batches.len() == 1 {
        return drop_batches(exporter, batches, &refusal);
    }
    for batch in batches {
        let alone = std::slice::from_ref(batch);
        if let Err(refusal) = persist(exporter, alone).await {
            drop_batches(exporter, alone, &refusal);
        }
    }
}

/// Tries until the destination takes the batches or refuses them for what they hold.
async fn persist<E: Exporter>(exporter: &mut Resilient<E>, batches: &[Batch]) -> Result<(), ExportError> {
    loop {
        match exporter.export(batches).await {
            Err(error @ (ExportError::Unavailable { .. } | ExportError::Unusable { .. })) => {
                tokio::time::sleep(error.retry_after().unwrap_or(PAUSE).max(PAUSE)).await;
            }
            result => return result,
        }
    }
}

fn drop_batches<E: Exporter>(exporter: &Resilient<E>, batches: &[Batch], refusal: &ExportError) {
    let records: usize = batches.iter().map(Batch::records).sum();
    error!(destination = exporter.destination(), records, error = %refusal, "forward-refused");
}

#[cfg(test)]
mod tests;
