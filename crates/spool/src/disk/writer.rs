//! Group commit: what waits is written and synced together, by one thread.
//!
//! After any failure the segment is left as it is and a new one begins: what of a failed write or sync reached the
//! disk is not known, and the new segment's header says that it is void.

use std::{io, sync::Arc};

use super::{
    Identity,
    frame::{self, Frame},
    segment::{self, Header, SEGMENT_HEADER},
};
use crate::{
    entry::{Entry, frame_bytes},
    error::AppendError,
    options::{Durability, Options, Policy},
    position::Position,
    queue::Request,
    spool::Clock,
    state::{Log, Segment},
    storage::{Disk, File},
    weight::Weight,
};

/// Written together at most, unless one record is larger: some milliseconds of a disk, so that nobody waits long.
const BATCH_BYTES: u64 = 8 * 1024 * 1024;

/// A larger buffer is not kept after the record that needed it.
const KEPT_BUFFER_BYTES: usize = 2 * BATCH_BYTES as usize;

/// Where the spool is not synced, this many positions are announced at a time in the cursor file, which is: those
/// that a power cut makes forgotten are not given out again.
const ANNOUNCED_POSITIONS: u64 = 1_000_000;

/// Writes segments and cursors.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) log: Arc<Log>,
    pub(super) settings: Settings,
    pub(super) active: Option<Active>,
    /// Files that could not be removed, with their share of the budget.
    pub(super) leftovers: Vec<(String, u64)>,
    /// Below this position no record will be numbered after a restart, says the cursor file.
    pub(super) announced: u64,
    /// Up to here every cursor has passed, says the cursor file.
    pub(super) passed: u64,
    /// There is a file that can be given up when the disk is full.
    pub(super) reserve: bool,
    failing: bool,
    buffer: Vec<u8>,
}

/// What does not change.
pub(super) struct Settings {
    pub(super) durability: Durability,
    pub(super) policy: Policy,
    pub(super) budget_bytes: u64,
    pub(super) segment_bytes: u64,
    pub(super) identity: Identity,
    pub(super) clock: Clock,
    weigh: fn(&[u8]) -> Weight,
}

/// The segment that is written to.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) first: u64,
    file: Box<dyn File>,
    /// Where its good part ends.
    end: u64,
    /// The position that it can take.
    next: u64,
}

impl Writer {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        log: Arc<Log>,
        options: &Options,
        identity: Identity,
        clock: Clock,
    ) -> Self {
        let settings = Settings {
            durability: options.durability,
            policy: options.policy,
            budget_bytes: options.budget_bytes,
            segment_bytes: options.effective_segment_bytes(),
            identity,
            clock,
            weigh: options.weigh,
        };
        Self {
            disk,
            log,
            settings,
            active: None,
            leftovers: Vec::new(),
            announced: 0,
            passed: 0,
            reserve: false,
            failing: false,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn log(&self) -> &Arc<Log> {
        &self.log
    }

    pub(crate) fn identity(&self) -> Identity {
        self.settings.identity
    }

    /// Records that may be written together take this much.
    pub(crate) fn batch_bytes(&self) -> u64 {
        BATCH_BYTES.min(self.settings.segment_bytes)
    }

    /// Writes these records together and answers each.
    pub(crate) fn commit(&mut self, batch: Vec<Request>) {
        let batch = self.admit(batch);
        if batch.is_empty() {
            return;
        }
        let now = (self.settings.clock)();
        let first = {
            let mut state = self.log.lock();
            let first = state.next;
            state.next += batch.len() as u64;
            first
        };
        let entry = |(request, position): (&Request, u64)| Entry {
            position: Position::from(position),
            appended_at_ms: now,
            record: request.record.clone(),
            upto: Weight::default(),
        };
        let entries: Vec<Entry> = batch.iter().zip(first..).map(entry).collect();
        match self.write(first, &entries) {
            Ok(()) => {
                self.publish(first, entries);
                for (request, position) in batch.into_iter().zip(first..) {
                    request.answer(Ok(position.into()));
                }
            }
            Err(error) => self.refuse(batch, &error),
        }
    }

    /// Answers those for which there is no room, and returns the others.
    fn admit(&mut self, batch: Vec<Request>) -> Vec<Request> {
        let (mut admitted, mut bytes) = (Vec::with_capacity(batch.len()), 0);
        for request in batch {
            let needed = bytes + frame_bytes(&request.record);
            if self.make_room(needed) {
                bytes = needed;
                admitted.push(request);
            } else {
                request.answer(Err(AppendError::Full));
            }
        }
        admitted
    }

    fn fits(&self, needed: u64) -> bool {
        self.log.lock().used_bytes + needed <= self.settings.budget_bytes
    }

    /// Sees to it that so many bytes are free, if policy lets it.
    fn make_room(&mut self, needed: u64) -> bool {
        if self.fits(needed) {
            return true;
        }
        self.reclaim();
        if self.settings.policy == Policy::DropOldest {
            while !self.fits(needed) && self.drop_oldest() {}
        }
        self.fits(needed)
    }

    fn write(&mut self, first: u64, entries: &[Entry]) -> io::Result<()> {
        let bytes: u64 = entries.iter().map(Entry::frame_bytes).sum();
        self.announce(first + entries.len() as u64)?;
        self.seal_unfit(first, bytes);
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_BUFFER_BYTES);
        let new = self.active.is_none();
        if new {
            let follows = self.log.lock().last;
            Header { first, follows, identity: self.settings.identity }.encode(&mut self.buffer);
        }
        for entry in entries {
            let frame = Frame {
                position: entry.position.get(),
                appended_at_ms: entry.appended_at_ms,
                record: &entry.record,
            };
            frame::encode(&mut self.buffer, &frame);
        }
        let written = self.write_buffer(first, new);
        if written.is_err() {
            self.abandon(first, new);
        }
        written
    }

    fn write_buffer(&mut self, first: u64, new: bool) -> io::Result<()> {
        let active = match &mut self.active {
            Some(active) => active,
            None => self.active.insert(Active {
                first,
                file: self.disk.create(&segment::name(first))?,
                end: 0,
                next: first,
            }),
        };
        active.file.append(&self.buffer)?;
        if self.settings.durability == Durability::Disk {
            active.file.sync()?;
            if new {
                self.disk.sync_directory()?;
            }
        }
        active.end += self.buffer.len() as u64;
        Ok(())
    }

    /// Begins a new segment where this one is full, does not go on with this position, or is known to be damaged.
    fn seal_unfit(&mut self, first: u64, bytes: u64) {
        let Some(active) = &self.active else { return };
        let full = active.end + bytes > self.settings.segment_bytes + SEGMENT_HEADER as u64;
        let damaged = self.log.lock().segments.back().is_some_and(|last| last.damaged_from.is_some());
        if full || damaged || active.next != first {
            self.active = None;
        }
    }

    /// Leaves a segment whose last write or sync failed. Cutting or removing it is a courtesy: what it holds beyond
    /// its good part is void.
    fn abandon(&mut self, first: u64, new: bool) {
        let active = self.active.take();
        if new {
            drop(active);
            self.remove_file(segment::name(first), 0);
        } else if let Some(mut active) = active
            && let Err(error) = active.file.truncate(active.end)
        {
            tracing::debug!(%error, "a failed write in the spool can not be cut off");
        }
    }

    /// Makes the records readable.
    fn publish(&mut self, first: u64, mut entries: Vec<Entry>) {
        let last = first + entries.len() as u64 - 1;
        let bytes: u64 = entries.iter().map(Entry::frame_bytes).sum();
        let mut state = self.log.lock();
        let (before, mut weight) = (state.total, Weight::default());
        for entry in &mut entries {
            weight += (self.settings.weigh)(&entry.record);
            entry.upto = before + weight;
        }
        state.total += weight;
        if let Some(active) = &mut self.active {
            active.next = last + 1;
            if active.first == first {
                let (end, frames_bytes, damaged_from) = (active.end, bytes, None);
                let segment = Segment { first, last, damaged_from, end, frames_bytes, before, weight };
                state.segments.push_back(segment);
            } else if let Some(segment) = state.segments.back_mut() {
                segment.last = last;
                segment.end = active.end;
                segment.frames_bytes += bytes;
                segment.weight += weight;
            }
        }
        state.used_bytes += bytes;
        state.last = last;
        for entry in entries {
            state.tail.push(entry);
        }
        state.free_passed();
        // Without readers everything is passed at once.
        state.moved |= state.cursors.is_empty();
        drop(state);
        self.log.ring();
        if std::mem::take(&mut self.failing) {
            tracing::info!("the spool can write again");
        }
    }

    fn refuse(&mut self, batch: Vec<Request>, error: &io::Error) {
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(%error, "the spool can not write: records are refused until it can");
        }
        let reason = format!(
            "the spool could not write to its disk ({error}): make room there or give it another directory"
        );
        for request in batch {
            request.answer(Err(AppendError::Failed(reason.clone())));
        }
    }

    /// Where records are not synced, the cursor file is, and says which positions may have been given out.
    fn announce(&mut self, next: u64) -> io::Result<()> {
        if self.settings.durability == Durability::Process && next > self.announced {
            self.write_cursors(next + ANNOUNCED_POSITIONS)?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Settings").field("durability", &self.durability).finish_non_exhaustive()
    }
}
