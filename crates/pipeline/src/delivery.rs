//! Joins what waits and gives it to an exporter, with the resilience of its destination.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::{
    batch::Batch,
    exporter::{ExportError, Exporter},
    intake::{Outlet, Submission},
    resilience::{Resilience, Resilient},
};

/// Batches given to the exporter at once: one commit carries what gathered during the commit before.
const GROUP_BATCHES: usize = 256;

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
        let mut exporter = Resilient::new(Arc::clone(exporter), resilience);
        for _ in 0..workers {
            set.spawn(Worker { outlet: outlet.clone(), exporter: exporter.fork() }.run());
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
    exporter: Resilient<E>,
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
        match self.exporter.export(&batches).await {
            Err(ExportError::Refused { .. }) if group.len() > 1 => {
                for submission in group {
                    let result = self.exporter.export(std::slice::from_ref(&submission.batch)).await;
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
}

#[cfg(test)]
mod tests;
