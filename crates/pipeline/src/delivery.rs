//! Joins what waits and gives it to an exporter.

use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::warn;

use crate::{
    batch::Batch,
    exporter::{ExportError, Exporter},
    intake::{Outlet, Submission},
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
    pub fn start<E: Exporter>(outlet: &Outlet, exporter: &Arc<E>, workers: usize) -> Self {
        let mut set = JoinSet::new();
        for _ in 0..workers {
            set.spawn(work(outlet.clone(), Arc::clone(exporter)));
        }
        Self { workers: set }
    }

    /// Waits until every [`crate::Intake`] is gone and all that waited was delivered or refused.
    pub async fn drain(mut self) {
        while self.workers.join_next().await.is_some() {}
    }
}

async fn work<E: Exporter>(outlet: Outlet, exporter: Arc<E>) {
    let mut group = Vec::with_capacity(GROUP_BATCHES);
    loop {
        // The lock is held while waiting on purpose: the next worker waits behind it for its turn.
        if outlet.queue.lock().await.recv_many(&mut group, GROUP_BATCHES).await == 0 {
            return;
        }
        deliver(&*exporter, std::mem::take(&mut group)).await;
    }
}

/// Gives a group to the exporter; when it is refused for what it contains, each batch alone.
async fn deliver<E: Exporter>(exporter: &E, group: Vec<Submission>) {
    let batches: Vec<Batch> = group.iter().map(|submission| submission.batch.clone()).collect();
    match exporter.export(&batches).await {
        Err(ExportError::Refused { .. }) if group.len() > 1 => {
            for submission in group {
                let result = exporter.export(std::slice::from_ref(&submission.batch)).await;
                answer(submission, result);
            }
        }
        result => {
            for submission in group {
                answer(submission, result.clone());
            }
        }
    }
}

fn answer(submission: Submission, result: Result<(), ExportError>) {
    if let Err(error) = &result {
        warn!(signal = %submission.batch.signal(), records = submission.batch.records(), %error, "export failed");
    }
    submission.answer(result);
}
