//! The bounded queue between receivers and deliveries.
//!
//! A submission waits until a delivery has handed it to the destination, so an answer to a sender is a promise kept.
//! What does not fit is refused at once: memory never grows with a slow destination.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::{batch::Batch, exporter::ExportError, forwarding::Forwarder, ledger::Ledger};

/// How much may wait, in bytes of protobuf: enough for the largest request of four clients.
pub const CAPACITY_BYTES: usize = 256 * 1024 * 1024;

/// How many requests may wait, however small: the exporters of some hundred busy processes.
const CAPACITY_REQUESTS: usize = 4096;

/// How long a refused sender should wait before it comes again: a few commits of a busy database.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a batch was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no room, or the destination is away: the sender should come again.
    #[error("{reason}")]
    Busy {
        /// What is wrong, in a sentence.
        reason: String,
        /// When to come again.
        retry_after: Duration,
    },
    /// The destination will never take this batch.
    #[error("{reason}")]
    Unacceptable {
        /// What is wrong with it, in a sentence.
        reason: String,
    },
}

/// A batch with the place where its sender waits.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) batch: Batch,
    answer: oneshot::Sender<Result<(), ExportError>>,
    ledger: Arc<Ledger>,
    /// Given back when the submission is done with.
    _room: OwnedSemaphorePermit,
}

impl Submission {
    /// Enters the result in the ledger and tells the sender, who may be gone: its batch was handled all the same.
    pub(crate) fn answer(self, result: Result<(), ExportError>) {
        let (signal, records) = (self.batch.signal(), self.batch.records() as u64);
        match &result {
            Ok(()) => self.ledger.stored(signal, records),
            Err(_) => self.ledger.refused(signal, records),
        }
        let _gone = self.answer.send(result);
    }
}

/// Where receivers hand over what they took. Clones share one queue.
#[derive(Clone, Debug)]
pub struct Intake {
    queue: mpsc::Sender<Submission>,
    room: Arc<Semaphore>,
    capacity_bytes: usize,
    ledger: Arc<Ledger>,
    forwarder: Option<Forwarder>,
}

/// The other end of the queue; workers of one delivery share it.
#[derive(Clone, Debug)]
pub struct Outlet {
    pub(crate) queue: Arc<Mutex<mpsc::Receiver<Submission>>>,
}

impl Intake {
    /// A queue that holds at most `capacity_bytes`, and where it comes out.
    #[must_use]
    pub fn new(capacity_bytes: usize, ledger: Arc<Ledger>) -> (Self, Outlet) {
        let (sender, receiver) = mpsc::channel(CAPACITY_REQUESTS);
        let room = Arc::new(Semaphore::new(capacity_bytes.min(Semaphore::MAX_PERMITS)));
        (
            Self { queue: sender, room, capacity_bytes, ledger, forwarder: None },
            Outlet { queue: Arc::new(Mutex::new(receiver)) },
        )
    }

    /// The same queue, and whatever comes is also handed to this forwarder, which nobody waits for.
    #[must_use]
    pub fn forwarding_to(self, forwarder: Forwarder) -> Self {
        Self { forwarder: Some(forwarder), ..self }
    }

    /// The counts of what went through here.
    #[must_use]
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Hands over a batch and waits until the destination has it.
    ///
    /// # Cancel safety
    ///
    /// A batch whose future is dropped may still reach the destination.
    ///
    /// # Errors
    ///
    /// [`Refusal::Busy`] when there is no room or the destination is away, [`Refusal::Unacceptable`] when it will
    /// never take this batch.
    pub async fn submit(&self, batch: Batch) -> Result<(), Refusal> {
        // First, so that a destination that is full or away takes nothing from the other.
        if let Some(forwarder) = &self.forwarder {
            forwarder.forward(&batch);
        }
        // A request larger than the whole queue takes all of it rather than waiting for ever.
        let bytes = batch.request().len().clamp(1, self.capacity_bytes);
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        let (signal, records) = (batch.signal(), batch.records() as u64);
        self.ledger.waiting(signal, records);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(permits) else {
            self.ledger.refused(signal, records);
            return Err(full());
        };
        let (answer, answered) = oneshot::channel();
        let submission = Submission { batch, answer, ledger: Arc::clone(&self.ledger), _room: room };
        if let Err(error) = self.queue.try_send(submission) {
            self.ledger.refused(signal, records);
            return Err(match error {
                mpsc::error::TrySendError::Full(_) => full(),
                mpsc::error::TrySendError::Closed(_) => stopping(),
            });
        }
        match answered.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(ExportError::Unavailable { reason, retry_after })) => {
                let retry_after = retry_after.unwrap_or_default().max(RETRY_AFTER);
                Err(Refusal::Busy { reason, retry_after })
            }
            Ok(Err(ExportError::Unusable { reason })) => {
                Err(Refusal::Busy { reason, retry_after: RETRY_AFTER })
            }
            Ok(Err(ExportError::Refused { reason })) => Err(Refusal::Unacceptable { reason }),
            Err(_) => Err(stopping()),
        }
    }
}

fn full() -> Refusal {
    Refusal::Busy {
        reason: "the queue to the database is full: send again later".to_owned(),
        retry_after: RETRY_AFTER,
    }
}

fn stopping() -> Refusal {
    Refusal::Busy { reason: "the server is stopping: send again later".to_owned(), retry_after: RETRY_AFTER }
}
