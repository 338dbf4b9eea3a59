//! Where everything comes in: the log that every destination is fed from.
//!
//! What is accepted is in the spool, as durable as it was opened; then its sender is answered. What there is no room
//! for is refused at once: memory and disk never grow with a destination that is away.

use std::{sync::Arc, time::Duration};

use mahavishnu_spool::{AppendError, Spool};

use crate::{
    batch::Batch,
    ledger::Ledger,
    repeats::{Claim, Repeats},
    tail::Tail,
};

/// When a sender should come again to a full spool: some commits of a busy database later.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// When a sender should come again to a server that stops: as soon as another one may be there.
const RETRY_AFTER_STOP: Duration = Duration::from_secs(1);

/// Why a batch was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// What waits for the destinations is all that may wait: the sender should come again.
    #[error("{reason}")]
    Full {
        /// What is wrong, in a sentence.
        reason: String,
        /// When to come again.
        retry_after: Duration,
    },
    /// It can not be taken now: the sender should come again.
    #[error("{reason}")]
    Busy {
        /// What is wrong, in a sentence.
        reason: String,
        /// When to come again.
        retry_after: Duration,
    },
    /// It will never be taken as it is.
    #[error("{reason}")]
    Unacceptable {
        /// What is wrong with it, in a sentence.
        reason: String,
    },
}

/// Where receivers hand over what they took. Clones share one log.
#[derive(Clone, Debug)]
pub struct Intake {
    spool: Spool,
    ledger: Arc<Ledger>,
    repeats: Option<Repeats>,
    tail: Tail,
}

impl Intake {
    /// Takes batches into this spool, which was opened with [`Self::weigh`]. With `repeats`, a batch that comes
    /// again is not taken twice.
    #[must_use]
    pub fn new(spool: Spool, repeats: Option<Repeats>) -> Self {
        Self { spool, ledger: Arc::default(), repeats, tail: Tail::default() }
    }

    /// What a record of the spool counts for: the records of its batch, by signal in the order of
    /// [`crate::Signal::ALL`].
    #[must_use]
    pub fn weigh(record: &[u8]) -> mahavishnu_spool::Weight {
        Batch::weigh(record)
    }

    /// The counts of what senders were told.
    #[must_use]
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Where it can be watched what is taken.
    #[must_use]
    pub fn tail(&self) -> &Tail {
        &self.tail
    }

    /// The log.
    #[must_use]
    pub fn spool(&self) -> &Spool {
        &self.spool
    }

    /// Takes a batch; when this returns, every destination will get it.
    ///
    /// # Cancel safety
    ///
    /// A batch whose future is dropped may have been taken; it is not taken again when it comes again.
    ///
    /// # Errors
    ///
    /// [`Refusal`] says whether the sender should come again.
    pub async fn submit(&self, batch: Batch) -> Result<(), Refusal> {
        if batch.records() == 0 {
            return Ok(());
        }
        // A sender that hangs up must not leave it open whether its batch was taken.
        let intake = self.clone();
        let taking = tokio::spawn(async move { intake.take(batch).await });
        taking.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// Takes a batch that a destination once refused, to be tried again; whether it came before does not matter.
    ///
    /// # Cancel safety
    ///
    /// A batch whose future is dropped may have been taken.
    ///
    /// # Errors
    ///
    /// As [`Self::submit`].
    pub async fn replay(&self, batch: Batch) -> Result<(), Refusal> {
        self.spool.append(batch.to_record()).await.map_err(refusal)?;
        self.ledger.accepted(batch.weight());
        Ok(())
    }

    async fn take(self, batch: Batch) -> Result<(), Refusal> {
        let weight = batch.weight();
        let record = batch.to_record();
        let to_show = self.tail.to_show(&batch);
        drop(batch);
        let claimed = match &self.repeats {
            None => None,
            Some(repeats) => match repeats.claim(&record).await {
                Claim::Repeat => {
                    self.ledger.repeated(weight);
                    return Ok(());
                }
                Claim::New(claimed) => Some(claimed),
            },
        };
        match self.spool.append(record).await {
            Ok(_) => {
                self.ledger.accepted(weight);
                if let Some(claimed) = claimed {
                    claimed.keep();
                }
                if let Some(batch) = to_show {
                    self.tail.show(batch);
                }
                Ok(())
            }
            Err(error) => {
                self.ledger.refused(weight);
                Err(refusal(error))
            }
        }
    }
}

fn refusal(error: AppendError) -> Refusal {
    match error {
        AppendError::Full => Refusal::Full {
            reason: "what waits for the destinations fills the spool: send again later, or raise spool.budget_bytes"
                .to_owned(),
            retry_after: RETRY_AFTER,
        },
        AppendError::TooLarge => Refusal::Unacceptable {
            reason: "the request is larger than the spool takes: send smaller ones, or raise spool.budget_bytes"
                .to_owned(),
        },
        AppendError::Closed => stopping(),
        AppendError::Failed(reason) => Refusal::Busy { reason, retry_after: RETRY_AFTER },
    }
}

fn stopping() -> Refusal {
    Refusal::Busy {
        reason: "the server is stopping: send again later".to_owned(),
        retry_after: RETRY_AFTER_STOP,
    }
}

#[cfg(test)]
mod tests;
