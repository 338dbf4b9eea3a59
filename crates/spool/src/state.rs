//! What is in the log and where each cursor stands: one value behind one lock.
//!
//! In memory the tail is the whole log and there are no segments. On disk the segments say what the files hold, and
//! the tail keeps the newest records, so that a reader that keeps up never touches a file.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::{
    entry::{Entry, Mark},
    weight::Weight,
};

mod cursor;
mod segment;
mod tail;

pub(crate) use cursor::Cursor;
pub(crate) use segment::Segment;
pub(crate) use tail::Tail;

/// The state, and a bell that rings whenever readers may find something new.
#[derive(Debug)]
pub(crate) struct Log {
    state: Mutex<State>,
    progress: watch::Sender<()>,
}

/// Everything that is known without reading a file.
#[derive(Debug)]
pub(crate) struct State {
    /// The position that the next record gets.
    pub(crate) next: u64,
    /// The last position that may be read.
    pub(crate) last: u64,
    /// Positions up to this one are gone.
    pub(crate) floor: u64,
    /// Bytes that count against the budget.
    pub(crate) used_bytes: u64,
    /// What all records count for, from the first that the opening found.
    pub(crate) total: Weight,
    /// Oldest first; positions rise. Empty in memory.
    pub(crate) segments: VecDeque<Segment>,
    /// The newest records.
    pub(crate) tail: Tail,
    /// One per reader, in the order of their names at the opening.
    pub(crate) cursors: Vec<Cursor>,
    /// Cursors moved since they were last written.
    pub(crate) moved: bool,
    /// Nothing will be appended any more.
    pub(crate) sealed: bool,
    /// The writer is gone; with the reason why the cursors are not kept, if they are not.
    pub(crate) ended: Option<Result<(), std::io::ErrorKind>>,
}

/// What there is for a reader.
#[derive(Debug)]
pub(crate) enum Look {
    /// These.
    Entries(Vec<Entry>),
    /// In this segment, from this position.
    OnDisk(Segment, u64),
    /// Nothing yet.
    Nothing,
    /// Nothing any more.
    Closed,
}

impl Log {
    /// A log in this state.
    pub(crate) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), progress: watch::Sender::new(()) }
    }

    /// The state. Whoever panicked while holding it left counts that still add up: they change together at the end.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the readers.
    pub(crate) fn ring(&self) {
        self.progress.send_replace(());
    }

    /// Is told of every ring from now on.
    pub(crate) fn listen(&self) -> watch::Receiver<()> {
        self.progress.subscribe()
    }
}

impl State {
    /// An empty log with these cursors, whose tail keeps at most `tail_bytes`.
    pub(crate) fn new(cursors: Vec<Cursor>, tail_bytes: u64) -> Self {
        Self {
            next: 1,
            last: 0,
            floor: 0,
            used_bytes: 0,
            total: Weight::default(),
            segments: VecDeque::new(),
            tail: Tail::new(tail_bytes),
            cursors,
            moved: false,
            sealed: false,
            ended: None,
        }
    }

    /// Up to here every cursor has passed.
    pub(crate) fn passed(&self) -> u64 {
        self.cursors.iter().map(|cursor| cursor.position).min().unwrap_or(self.last)
    }

    /// What there is at `from` or after it.
    pub(crate) fn look(&self, from: u64, max_records: usize, max_bytes: usize) -> Look {
        let nothing = if self.sealed { Look::Closed } else { Look::Nothing };
        if self.segments.is_empty() {
            let entries = self.tail.read(from, max_records, max_bytes);
            return if entries.is_empty() { nothing } else { Look::Entries(entries) };
        }
        let Some((segment, from)) = self.locate(from) else { return nothing };
        if self.tail.reaches_back_to(from) {
            return Look::Entries(self.tail.read(from, max_records, max_bytes));
        }
        Look::OnDisk(segment.clone(), from)
    }

    /// The first record at `from` or after it that a file holds, and the segment it is in.
    fn locate(&self, from: u64) -> Option<(&Segment, u64)> {
        let index = self.segments.partition_point(|segment| segment.last < from);
        self.segments.iter().skip(index).find_map(|segment| {
            let at = from.max(segment.first);
            (at <= segment.readable_last()).then_some((segment, at))
        })
    }

    /// Records after `position` that can be read.
    pub(crate) fn records_after(&self, position: u64) -> u64 {
        if self.segments.is_empty() {
            return self.tail.records_after(position);
        }
        self.segments.iter().map(|segment| segment.readable_within(position, self.last)).sum()
    }

    /// The reader is done with everything up to this mark.
    pub(crate) fn advance(&mut self, index: usize, mark: Mark) {
        let upto = mark.position.get().min(self.last);
        let position = self.cursors[index].position;
        if upto <= position {
            return;
        }
        let lost = self.segments.iter().map(|segment| segment.damaged_within(position, upto)).sum();
        self.cursors[index].move_to(upto, lost, mark.upto);
        self.settle(index);
        self.moved = true;
    }

    /// Moves a cursor over damage that lies directly before it: nobody will ever advance past that.
    fn settle(&mut self, index: usize) {
        loop {
            let position = self.cursors[index].position;
            let Some(segment) = self.segments.iter().find(|segment| segment.last > position) else { return };
            let at = segment.first.max(position + 1);
            if at <= segment.readable_last() {
                return;
            }
            let (last, lost) = (segment.last, segment.damaged_within(position, segment.last));
            let upto = segment.upto();
            self.cursors[index].miss(last, lost, upto);
            self.moved = true;
        }
    }

    /// Moves every cursor over damage that lies directly before it.
    pub(crate) fn settle_all(&mut self) {
        for index in 0..self.cursors.len() {
            self.settle(index);
        }
    }

    /// From `position` on this segment can not be read.
    pub(crate) fn mark_damaged(&mut self, first: u64, position: u64) {
        if let Some(segment) = self.segments.iter_mut().find(|segment| segment.first == first) {
            segment.damaged_from = Some(segment.damaged_from.map_or(position, |from| from.min(position)));
        }
        self.settle_all();
    }

    /// Takes the oldest segment out of the log and moves on the cursors that had not passed it. Its bytes count
    /// until its file is gone.
    pub(crate) fn remove_oldest_segment(&mut self) -> Option<Segment> {
        let segment = self.segments.pop_front()?;
        for cursor in &mut self.cursors {
            if cursor.position < segment.last {
                let lost = segment.records_within(cursor.position, segment.last);
                cursor.miss(segment.last, lost, segment.upto());
                self.moved = true;
            }
        }
        self.floor = self.floor.max(segment.last);
        self.tail.forget(self.floor);
        self.settle_all();
        Some(segment)
    }

    /// Gives the oldest record in memory away, counted for those who had not passed it.
    pub(crate) fn drop_oldest_record(&mut self) -> bool {
        let Some(entry) = self.tail.pop_oldest() else { return false };
        self.used_bytes -= entry.frame_bytes();
        self.floor = entry.position.get();
        for cursor in &mut self.cursors {
            if cursor.position < self.floor {
                cursor.miss(self.floor, 1, entry.upto);
            }
        }
        true
    }

    /// Frees what every cursor has passed: all of it in memory, the tail on disk.
    pub(crate) fn free_passed(&mut self) {
        let passed = self.passed();
        let freed = self.tail.forget(passed);
        if self.tail.holds_everything() {
            self.used_bytes -= freed;
            self.floor = self.floor.max(passed);
        }
    }
}
