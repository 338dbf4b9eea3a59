//! One group after the other, each until the destination is done with it.

use std::time::Duration;

use mahavishnu_spool::Spool;
use tokio::time::Instant;
use tracing::error;

use super::{PAUSE, Tally};
use crate::{
    batch::Batch,
    exporter::{DeadLetter, ExportError, Exporter, Receipt},
    ranges::Ranges,
    resilience::Resilient,
};

/// A destination that fails over the same batches for this long is taken to refuse them: what is wrong with a server
/// is repaired by then, or what is wrong is in the batches, and others must not wait behind them for ever.
const FAILING: Duration = Duration::from_secs(3600);

/// What a lane delivers: one group, from `first` to `last`, with what of it is for the destination.
#[derive(Debug, Default)]
pub(super) struct Load {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) batches: Vec<(u64, Batch)>,
    pub(super) tally: Tally,
}

/// Delivers groups one after the other.
#[derive(Debug)]
pub(super) struct Lane<E> {
    number: usize,
    log: u64,
    exporter: Resilient<E>,
    /// What is known to be in the destination.
    has: Ranges,
    dead_letters: Option<Spool>,
}

impl<E: Exporter> Lane<E> {
    pub(super) fn new(
        number: usize,
        log: u64,
        exporter: Resilient<E>,
        has: Ranges,
        dead_letters: Option<Spool>,
    ) -> Self {
        Self { number, log, exporter, has, dead_letters }
    }

    /// Everything up to here is in the destination, whichever lane brought it.
    pub(super) fn knows_up_to(&mut self, last: u64) {
        self.has.insert(0, last);
    }

    /// Returns when the destination has the group, or has refused for good what it does not have.
    ///
    /// What is refused is halved until single batches are left, and those are sorted out record by record.
    pub(super) async fn deliver(&mut self, load: &mut Load) {
        let batches = std::mem::take(&mut load.batches);
        let mut parts = vec![(load.first, load.last, batches)];
        while let Some((first, last, mut batches)) = parts.pop() {
            let receipt = self.receipt(first, last);
            let only: Vec<Batch> = batches.iter().map(|(_, batch)| batch.clone()).collect();
            match self.until_answered(Call::Deliver(&only), &receipt).await {
                Ok(_) => {}
                Err(_) if batches.len() > 1 => {
                    let second = batches.split_off(batches.len() / 2);
                    let end = batches.last().map_or(first, |(position, _)| *position);
                    parts.push((end + 1, last, second));
                    parts.push((first, end, batches));
                    continue;
                }
                Err(reason) => {
                    let Some(batch) = only.first() else { continue };
                    let letters = self.until_answered(Call::Salvage(batch), &receipt).await;
                    let whole = |reason| vec![DeadLetter { batch: batch.clone(), reason }];
                    let letters = letters.unwrap_or_else(|_| whole(reason));
                    self.put_aside(letters, load).await;
                }
            }
            self.has.insert(first, last);
        }
    }

    fn receipt(&self, first: u64, last: u64) -> Receipt {
        let mut has = self.has.clone();
        has.insert(first, last);
        Receipt { log: self.log, lane: self.number, first, last, has }
    }

    /// Tries until the destination is done with it or refuses it for what it holds.
    async fn until_answered(&mut self, call: Call<'_>, receipt: &Receipt) -> Result<Vec<DeadLetter>, String> {
        let begun = Instant::now();
        loop {
            let answer = match call {
                Call::Deliver(batches) => self.exporter.deliver(batches, receipt).await.map(|()| Vec::new()),
                Call::Salvage(batch) => self.exporter.salvage(batch, receipt).await,
            };
            match answer {
                Ok(letters) => return Ok(letters),
                Err(ExportError::Refused { reason }) => return Err(reason),
                Err(ExportError::Failed { reason }) if begun.elapsed() > FAILING => return Err(reason),
                Err(error) => tokio::time::sleep(error.retry_after().unwrap_or(PAUSE).max(PAUSE)).await,
            }
        }
    }

    /// Said once for all letters of a batch: hundreds of its records may have the same fault.
    async fn put_aside(&self, letters: Vec<DeadLetter>, load: &mut Load) {
        let destination = self.exporter.destination();
        if let Some(DeadLetter { batch, reason }) = letters.first() {
            let records: usize = letters.iter().map(|letter| letter.batch.records()).sum();
            error!(destination, signal = batch.signal().name(), records, reason, "record-dead-lettered");
        }
        for DeadLetter { batch, reason } in letters {
            let records = batch.records();
            load.tally.dead += batch.weight();
            let Some(spool) = &self.dead_letters else { continue };
            let record = crate::dead_letters::record(destination, &reason, &batch);
            while let Err(error) = spool.append(record.clone()).await {
                if !error.is_retryable() || spool.is_sealed() {
                    error!(destination, records, %error, "dead-letter-lost");
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// What the destination is asked.
#[derive(Clone, Copy)]
enum Call<'a> {
    Deliver(&'a [Batch]),
    Salvage(&'a Batch),
}
