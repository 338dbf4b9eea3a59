//! Gives what was accepted to one destination, at its own pace.
//!
//! A delivery reads the log from its own cursor, joins what gathered into groups, and gives each group to the exporter
//! inside the resilience of the destination. A destination that is away is a cursor that stands still; nobody else
//! notices. Groups go over several lanes at the same time where the exporter wants that; the cursor moves over what is
//! done without a gap.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mahavishnu_spool::{Entry, Mark, ReadError, Reader, Spool, Standing, Weight};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::{Instant, MissedTickBehavior},
};
use tracing::{error, warn};

use crate::{
    batch::Batch,
    breaker::{CircuitBreaker, State},
    exporter::Exporter,
    ledger::Delivered,
    ranges::Ranges,
    resilience::{Resilience, Resilient},
    signal::Signal,
    troubles::Troubles,
};

mod lag;
mod lane;

use lag::{NOTE_EVERY, Notes};
use lane::{Lane, Load};

/// Batches and bytes given to the exporter at once: one commit carries what gathered during the commits before.
const GROUP_BATCHES: usize = 256;
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// Groups that may be done behind one that is not: bounds what a destination must remember of what it has.
const GROUPS_AHEAD: usize = 64;

/// The wait after a failure where nobody says how long it should be.
const PAUSE: Duration = Duration::from_secs(1);

/// How often somebody who waits for a destination looks where it is.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What a destination gets.
#[derive(Clone, Debug)]
pub struct Route {
    /// Records of these signals; others are done with at once.
    pub signals: Vec<Signal>,
    /// Where what the destination refuses for good is put; `None` where the destination does that itself.
    pub dead_letters: Option<Spool>,
}

impl Default for Route {
    /// Everything, and dead letters are the destination's own business.
    fn default() -> Self {
        Self { signals: Signal::ALL.to_vec(), dead_letters: None }
    }
}

/// The tasks that feed one destination.
#[derive(Debug)]
pub struct Delivery {
    destination: Destination,
    task: JoinHandle<()>,
}

/// A destination, as it can be looked at. Clones show the same.
#[derive(Clone, Debug)]
pub struct Destination {
    breaker: CircuitBreaker,
    signals: Arc<[Signal]>,
    progress: Arc<Progress>,
    troubles: Arc<Troubles>,
}

/// How far the destination is.
#[derive(Debug)]
struct Progress {
    reader: Reader,
    /// What was done when the process started.
    found_done: Weight,
    tally: Mutex<Tally>,
    notes: Mutex<Notes>,
}

/// Of what the cursor has passed, what the destination did not get.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    dead: Weight,
    skipped: Weight,
}

impl Destination {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.breaker.destination()
    }

    /// Its circuit breaker.
    #[must_use]
    pub fn breaker(&self) -> &CircuitBreaker {
        &self.breaker
    }

    /// The signals that it gets.
    #[must_use]
    pub fn signals(&self) -> &[Signal] {
        &self.signals
    }

    /// Requests that wait for it.
    #[must_use]
    pub fn waiting_requests(&self) -> u64 {
        self.progress.reader.lag_records()
    }

    /// How long the oldest request that waits for it has been waiting, to the second; zero where none does.
    #[must_use]
    pub fn lag(&self) -> Duration {
        let mut notes = self.progress.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let since = notes.waiting_since(self.progress.reader.cursor().get());
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// What went wrong with it lately.
    #[must_use]
    pub fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// What became of the records of one signal, all counts of one moment.
    #[must_use]
    pub fn ledger(&self, signal: Signal) -> Delivered {
        let (Standing { total, waiting, missed }, tally) = self.progress.snapshot();
        let of = |weight: Weight| weight.0[signal as usize];
        let given = of(total) - of(self.progress.found_done);
        let (dead_lettered, dropped, skipped) = (of(tally.dead), of(missed), of(tally.skipped));
        let waiting = of(waiting);
        let stored = given.saturating_sub(waiting + dead_lettered + dropped + skipped);
        Delivered { given, stored, waiting, dead_lettered, dropped, skipped }
    }

    /// Waits until the destination is done with everything that was accepted before this call.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub fn reached(&self, spool: &Spool) -> impl Future<Output = ()> + Send + use<> {
        let accepted = spool.next_position().get() - 1;
        let progress = Arc::clone(&self.progress);
        async move {
            while progress.reader.lag_records() > 0 && progress.reader.cursor().get() < accepted {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }
}

impl Progress {
    fn snapshot(&self) -> (Standing, Tally) {
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        (self.reader.standing(), *tally)
    }

    /// The cursor moves, and with it what the destination did not get.
    fn advance(&self, mark: Mark, load: &Tally) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.dead += load.dead;
        tally.skipped += load.skipped;
        self.reader.advance(mark);
    }
}

impl Delivery {
    /// Starts to feed `exporter` from the cursor of its destination's name; `None` where the spool has no such
    /// reader.
    ///
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn start<E: Exporter>(
        exporter: &Arc<E>,
        resilience: &Resilience,
        spool: &Spool,
        route: &Route,
    ) -> Option<Self> {
        let name = resilience.breaker.destination();
        let reader = spool.reader(name)?;
        let looking = spool.reader(name)?;
        let standing = looking.standing();
        let progress = Arc::new(Progress {
            reader: looking,
            found_done: standing.total - standing.waiting,
            tally: Mutex::default(),
            notes: Mutex::default(),
        });
        let exporter = Resilient::new(Arc::clone(exporter), resilience);
        let destination = Destination {
            breaker: resilience.breaker.clone(),
            signals: route.signals.clone().into(),
            progress: Arc::clone(&progress),
            troubles: exporter.troubles(),
        };
        let line = Line {
            log: spool.identity(),
            spool: spool.clone(),
            floor: reader.cursor().get(),
            reader,
            destination: destination.clone(),
            has: Ranges::default(),
            idle: Vec::new(),
            running: JoinSet::new(),
            in_flight: VecDeque::new(),
        };
        let task = tokio::spawn(line.run(exporter, route.dead_letters.clone()));
        Some(Self { destination, task })
    }

    /// What it feeds.
    #[must_use]
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Waits, after the spool was sealed, until the destination has everything; says how many requests it does not
    /// have after the deadline. With `patient` false it does not wait for a destination whose breaker is open.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped the tasks go on until the destination has everything.
    pub async fn finish(mut self, deadline: Duration, patient: bool) -> u64 {
        let until = Instant::now() + deadline;
        while !self.task.is_finished() && Instant::now() < until {
            if !patient && self.destination.breaker.snapshot(Instant::now()).state != State::Closed {
                break;
            }
            let _looked = tokio::time::timeout(LOOK_AGAIN, &mut self.task).await;
        }
        self.task.abort();
        self.destination.waiting_requests()
    }
}

/// The reading end of a delivery: who gets what, and what is done.
struct Line<E> {
    log: u64,
    spool: Spool,
    reader: Reader,
    destination: Destination,
    /// What the destination said it has.
    has: Ranges,
    /// Everything up to here was given to a lane or was there before.
    floor: u64,
    idle: Vec<Lane<E>>,
    running: JoinSet<(Lane<E>, Load)>,
    /// In the order of their positions.
    in_flight: VecDeque<InFlight>,
}

/// A group on its way.
struct InFlight {
    first: u64,
    last: u64,
    mark: Mark,
    /// Once it is done: what of it the destination did not get.
    done: Option<Tally>,
}

impl<E: Exporter> Line<E> {
    async fn run(mut self, mut exporter: Resilient<E>, dead_letters: Option<Spool>) {
        self.has = self.resume(&mut exporter).await;
        // The log may have lost what the destination has: nothing new may be taken for it.
        self.reader.seek(self.has.top().into());
        self.reader.rewind();
        for number in 0..exporter.lanes() {
            // A lane's receipts take the place of its earlier ones: they must say all that those said.
            let has = self.has.clone();
            self.idle.push(Lane::new(number, self.log, exporter.fork(), has, dead_letters.clone()));
        }
        let mut open = true;
        let mut noting = tokio::time::interval(NOTE_EVERY);
        noting.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let room = open && !self.idle.is_empty() && self.in_flight.len() < GROUPS_AHEAD;
            tokio::select! {
                biased;
                Some(finished) = self.running.join_next(), if !self.running.is_empty() => match finished {
                    Ok((lane, load)) => self.finished(lane, load),
                    Err(error) => {
                        let destination = self.destination.name();
                        error!(destination, %error, "delivery-stopped: restart the process");
                        return;
                    }
                },
                read = self.reader.read(GROUP_BATCHES, GROUP_BYTES), if room => match read {
                    Ok(entries) => self.dispatch(&entries),
                    Err(ReadError::Closed) => open = false,
                    Err(ReadError::Failed(reason)) => {
                        warn!(destination = self.destination.name(), reason, "spool-read-failed");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
                _ = noting.tick(), if open || !self.running.is_empty() => self.note(),
                else => return,
            }
        }
    }

    /// Notes where the log ends now, by which it is known since when something waits.
    fn note(&self) {
        let progress = &self.destination.progress;
        let end = self.spool.next_position().get().saturating_sub(1);
        let mut notes = progress.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.note(end, progress.reader.cursor().get(), Instant::now());
    }

    /// Asks the destination what it has, until it answers.
    async fn resume(&self, exporter: &mut Resilient<E>) -> Ranges {
        loop {
            match exporter.resume(self.log).await {
                Ok(has) => return has,
                Err(error) => tokio::time::sleep(error.retry_after().unwrap_or(PAUSE).max(PAUSE)).await,
            }
        }
    }

    /// Gives what was read to a lane.
    fn dispatch(&mut self, entries: &[Entry]) {
        let (Some(newest), Some(mut lane)) = (entries.last(), self.idle.pop()) else { return };
        let mut load = Load { first: self.floor + 1, last: newest.position.get(), ..Load::default() };
        for entry in entries {
            let position = entry.position.get();
            if self.has.contains(position) {
                continue;
            }
            match Batch::from_record(entry.record.clone()) {
                Some(batch) if self.wants(&batch) => load.batches.push((position, batch)),
                Some(batch) => load.tally.skipped += batch.weight(),
                // The checksum of the spool was right: another version of ours wrote it.
                None => error!(destination = self.destination.name(), position, "batch-unknown"),
            }
        }
        self.floor = load.last;
        let (first, last, mark) = (load.first, load.last, newest.mark());
        self.in_flight.push_back(InFlight { first, last, mark, done: None });
        if load.batches.is_empty() {
            return self.finished(lane, load);
        }
        if let Some(oldest) = self.in_flight.front() {
            lane.knows_up_to(oldest.first - 1);
        }
        self.running.spawn(async move {
            lane.deliver(&mut load).await;
            (lane, load)
        });
    }

    fn wants(&self, batch: &Batch) -> bool {
        self.destination.signals.contains(&batch.signal()) && batch.is_for(self.destination.name())
    }

    /// The cursor moves over all groups that are done without a gap.
    fn finished(&mut self, lane: Lane<E>, load: Load) {
        self.idle.push(lane);
        if let Some(group) = self.in_flight.iter_mut().find(|group| group.last == load.last) {
            group.done = Some(load.tally);
        }
        while let Some(InFlight { mark, done: Some(tally), .. }) = self.in_flight.front() {
            self.destination.progress.advance(*mark, tally);
            self.in_flight.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
