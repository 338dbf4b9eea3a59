//! Joins what waits and gives it to an exporter, with retry inside the circuit breaker of its destination.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{task::JoinSet, time::Instant};
use tracing::{error, warn};

use crate::{
    batch::Batch,
    breaker::{CircuitBreaker, CircuitBreakerOpenError},
    exporter::{ExportError, Exporter},
    intake::{Outlet, Submission},
    retry::{Backoff, RetrySettings, with_retry},
};

/// Batches given to the exporter at once: one commit carries what gathered during the commit before.
const GROUP_BATCHES: usize = 256;

/// When a destination is tried again, and when it is left alone.
#[derive(Clone, Debug)]
pub struct Resilience {
    /// Its breaker: an operation with all its retries is one success or one failure.
    pub breaker: CircuitBreaker,
    /// The attempts of one operation.
    pub retry: RetrySettings,
    /// Decides the jitter of the waits.
    pub seed: u64,
}

/// The tasks that feed one destination.
#[derive(Debug)]
pub struct Delivery {
    workers: JoinSet<()>,
}

impl Delivery {
    /// Starts `workers` tasks that each take what waits and give it to `exporter`.
    ///
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn start<E: Exporter>(
        outlet: &Outlet,
        exporter: &Arc<E>,
        workers: usize,
        resilience: &Resilience,
    ) -> Self {
        let mut set = JoinSet::new();
        let mut seeds = fastrand::Rng::with_seed(resilience.seed);
        let pauses_said = Arc::new(AtomicU64::new(0));
        for _ in 0..workers {
            let worker = Worker {
                outlet: outlet.clone(),
                exporter: Arc::clone(exporter),
                breaker: resilience.breaker.clone(),
                retry: resilience.retry,
                random: seeds.fork(),
                pauses_said: Arc::clone(&pauses_said),
            };
            set.spawn(worker.run());
        }
        Self { workers: set }
    }

    /// Waits until every [`crate::Intake`] is gone and all that waited was delivered or refused.
    pub async fn drain(mut self) {
        while self.workers.join_next().await.is_some() {}
    }
}

struct Worker<E> {
    outlet: Outlet,
    exporter: Arc<E>,
    breaker: CircuitBreaker,
    retry: RetrySettings,
    random: fastrand::Rng,
    /// Of how many openings of the breaker it was said that nothing is sent.
    pauses_said: Arc<AtomicU64>,
}

impl<E: Exporter> Worker<E> {
    async fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP_BATCHES);
        loop {
            // The lock is held while waiting on purpose: the next worker waits behind it for its turn.
            if self.outlet.queue.lock().await.recv_many(&mut group, GROUP_BATCHES).await == 0 {
                return;
            }
            self.deliver(std::mem::take(&mut group)).await;
        }
    }

    /// Gives a group to the destination; when it is refused for what it contains, each batch alone.
    async fn deliver(&mut self, group: Vec<Submission>) {
        let batches: Vec<Batch> = group.iter().map(|submission| submission.batch.clone()).collect();
        match self.export(&batches).await {
            Err(ExportError::Refused { .. }) if group.len() > 1 => {
                for submission in group {
                    let result = self.export(std::slice::from_ref(&submission.batch)).await;
                    submission.answer(result);
                }
            }
            result => {
                for submission in group {
                    submission.answer(result.clone());
                }
            }
        }
    }

    /// One operation of the breaker, with its retries.
    async fn export(&mut self, batches: &[Batch]) -> Result<(), ExportError> {
        let permit = match self.breaker.admit(Instant::now()) {
            Ok(permit) => permit,
            Err(open) => return Err(self.paused(&open)),
        };
        let backoff = Backoff::new(self.retry, self.random.u64(..));
        let destination = self.breaker.destination();
        let result = with_retry(destination, backoff, || self.exporter.export(batches)).await;
        match &result {
            Ok(()) => permit.success(),
            Err(error) => {
                let records: usize = batches.iter().map(Batch::records).sum();
                warn!(destination, records, %error, "export-failed");
                match error {
                    // Who refuses data for what it holds is there and well.
                    ExportError::Refused { .. } => permit.success(),
                    ExportError::Unavailable { .. } | ExportError::Unusable { .. } => {
                        permit.failure(Instant::now());
                    }
                }
            }
        }
        result
    }

    /// Said once for each time the breaker opened, however much comes meanwhile.
    fn paused(&self, open: &CircuitBreakerOpenError) -> ExportError {
        let opened = self.breaker.snapshot(Instant::now()).opened;
        if self.pauses_said.swap(opened, Ordering::Relaxed) != opened {
            let destination = self.breaker.destination();
            error!(destination, retry_in_s = open.retry_in.as_secs(), "otel-storage-paused");
        }
        ExportError::Unavailable { reason: open.to_string(), retry_after: Some(open.retry_in) }
    }
}

#[cfg(test)]
mod tests;
