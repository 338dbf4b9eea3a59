//! What is left after a crash, and what was lost.
//!
//! Segments are gone through from the oldest to the newest. Each says in its header which position it follows: what
//! an older one holds beyond that was never acknowledged, and what it lacks up to there is lost.

use std::{collections::VecDeque, io};

use super::{
    Identity, TAIL_BYTES,
    cursors::{self, Kept},
    damage::{self, Rest},
    frame::FRAME_HEADER,
    segment::{self, Header, HeaderError, SEGMENT_HEADER, Scan, Step},
};
use crate::{
    position::Position,
    recovery::{CursorFile, Recovery},
    state::{Cursor, Segment, State},
    storage::{Disk, File},
    weight::Weight,
};

/// What the spool goes on with.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) state: State,
    pub(crate) identity: Identity,
    pub(crate) recovery: Recovery,
}

/// Why the directory can not be gone through. Damage is no reason.
#[derive(Debug)]
pub(crate) enum RecoverError {
    /// A later version wrote this file.
    Newer(String),
    Io(io::Error),
}

impl From<io::Error> for RecoverError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A segment that was found.
struct Candidate {
    first: u64,
    /// `None` where it is damaged.
    header: Option<Header>,
    file: Box<dyn File>,
    length: u64,
}

/// What is known so far.
struct Survey<'a> {
    disk: &'a dyn Disk,
    /// Every reader had passed this.
    passed: u64,
    segments: VecDeque<Segment>,
    floor: u64,
    /// What was found or found missing reaches to here.
    end: u64,
    /// No lower position may be given out.
    next: u64,
    /// What the records found so far count for, and what those up to each cursor do.
    total: Weight,
    weigh: fn(&[u8]) -> Weight,
    cursors: Vec<Cursor>,
    recovery: Recovery,
}

/// Goes through the directory and repairs what can be repaired.
pub(crate) fn recover(
    disk: &dyn Disk,
    readers: &[&str],
    weigh: fn(&[u8]) -> Weight,
) -> Result<Recovered, RecoverError> {
    let names = disk.list()?;
    // What a process that was killed did to the directory must hold before anything is concluded from it.
    disk.sync_directory()?;
    let kept = Kept::read(disk);
    if names.iter().any(|name| name == cursors::NEW_NAME) {
        let _tried = disk.remove(cursors::NEW_NAME);
    }
    let candidates = candidates(disk, &names)?;
    let newest = candidates.iter().rev().find_map(|candidate| candidate.header);
    let known = candidates.len() + usize::from(names.iter().any(|name| name == cursors::NAME));
    let cursor_file = match (&kept, known) {
        (Some(_), _) => CursorFile::Found,
        (None, 0) => CursorFile::New,
        (None, _) => CursorFile::Lost,
    };
    let mut survey = Survey {
        disk,
        passed: passed(kept.as_ref(), readers),
        segments: VecDeque::new(),
        floor: 0,
        end: 0,
        next: 1,
        total: Weight::default(),
        weigh,
        cursors: kept.as_ref().map(|kept| kept.cursors.clone()).unwrap_or_default(),
        recovery: Recovery { cursor_file, ..Recovery::default() },
    };
    survey.go_through(candidates, kept.as_ref())?;
    let identity = kept.as_ref().map(|kept| kept.identity).or(newest.map(|header| header.identity));
    let (state, recovery) = survey.finish(readers);
    Ok(Recovered { state, identity: identity.unwrap_or_else(Identity::random), recovery })
}

/// Up to where nobody needs anything.
fn passed(kept: Option<&Kept>, readers: &[&str]) -> u64 {
    let position = |name: &&str| {
        let cursor = kept?.cursors.iter().find(|cursor| cursor.name == **name)?;
        Some(cursor.position)
    };
    readers.iter().map(|name| position(name).unwrap_or(0)).min().unwrap_or(u64::MAX)
}

fn candidates(disk: &dyn Disk, names: &[String]) -> Result<Vec<Candidate>, RecoverError> {
    // A name with a higher number is not one of ours.
    let ours = |first: &u64| (1..=Position::HIGHEST.get()).contains(first);
    let mut firsts: Vec<u64> =
        names.iter().filter_map(|name| segment::parse_name(name)).filter(ours).collect();
    firsts.sort_unstable();
    let mut candidates = Vec::with_capacity(firsts.len());
    for first in firsts {
        let mut file = disk.open(&segment::name(first))?;
        let header = match Header::read(file.as_mut()) {
            Ok(header) => (header.first == first).then_some(header),
            Err(HeaderError::Newer) => return Err(RecoverError::Newer(segment::name(first))),
            Err(HeaderError::Bad | HeaderError::Io) => None,
        };
        let length = file.length()?;
        candidates.push(Candidate { first, header, file, length });
    }
    Ok(candidates)
}

impl Survey<'_> {
    fn go_through(&mut self, candidates: Vec<Candidate>, kept: Option<&Kept>) -> Result<(), RecoverError> {
        let follows: Vec<Option<u64>> =
            candidates.iter().map(|candidate| candidate.header.map(|header| header.follows)).collect();
        // Before the first segment everything was passed by all, or dropped; what cursors miss is found at the end.
        self.floor = follows.iter().find_map(|follows| *follows).unwrap_or(0);
        self.end = self.floor;
        for (index, candidate) in candidates.into_iter().enumerate() {
            let void_after = follows[index + 1..].iter().find_map(|follows| *follows);
            match candidate.header {
                Some(header) => {
                    self.hole(header.follows);
                    self.segment(candidate, void_after)?;
                }
                None => self.unusable(candidate, void_after),
            }
        }
        if let Some(kept) = kept {
            self.hole(kept.last);
            self.next = self.next.max(kept.next);
        }
        Ok(())
    }

    /// Positions up to `to` were acknowledged; those not found are lost.
    fn hole(&mut self, to: u64) {
        if to <= self.end {
            return;
        }
        match self.segments.back_mut() {
            Some(segment) => {
                segment.damaged_from.get_or_insert(segment.last + 1);
                segment.last = to;
                self.recovery.lost_records += to.saturating_sub(self.end.max(self.passed));
            }
            // Counted when the cursors are looked at.
            None => self.floor = to,
        }
        self.end = to;
    }

    /// A file that holds no record we can use: a segment that was not yet begun, or damage.
    fn unusable(&mut self, mut candidate: Candidate, void_after: Option<u64>) {
        let name = segment::name(candidate.first);
        if void_after.is_some_and(|void| void < candidate.first) {
            self.remove(&name);
            return;
        }
        let newest = void_after.is_none();
        let rest = Rest::read(candidate.file.as_mut(), 0);
        let found = rest.map(|rest| rest.last_position(candidate.first - 1));
        drop(candidate.file);
        if newest {
            self.next = self.next.max(candidate.first + candidate.length / FRAME_HEADER as u64);
        }
        match found {
            Ok(None) if newest => {
                self.recovery.torn_bytes += candidate.length;
                self.remove(&name);
            }
            found => {
                damage::set_file_aside(self.disk, &name, candidate.length, &mut self.recovery);
                if let (true, Ok(Some(position))) = (newest, found) {
                    self.hole(position);
                }
            }
        }
    }

    /// A segment with a header; records after `void_after` were never acknowledged.
    fn segment(&mut self, candidate: Candidate, void_after: Option<u64>) -> Result<(), RecoverError> {
        let (first, name) = (candidate.first, segment::name(candidate.first));
        if let Some(last) = void_after.filter(|last| *last <= self.passed) {
            self.end = self.end.max(last);
            if self.segments.is_empty() {
                self.floor = self.floor.max(last);
            }
            self.remove(&name);
            return Ok(());
        }
        let mut scan = Scan::new(candidate.file, candidate.length);
        let (mut last, mut end, before) = (first - 1, SEGMENT_HEADER as u64, self.total);
        let readable = loop {
            match scan.step() {
                Ok(Step::Record(frame))
                    if frame.position == last + 1 && void_after.is_none_or(|void| last < void) =>
                {
                    last += 1;
                    self.total += (self.weigh)(frame.record);
                    for cursor in self.cursors.iter_mut().filter(|cursor| last <= cursor.position) {
                        cursor.done = self.total;
                    }
                }
                Ok(_) => break true,
                Err(error) => {
                    tracing::error!(file = name, %error, "a segment of the spool can not be read to its end");
                    break false;
                }
            }
            end = scan.offset();
        };
        let file = scan.into_file();
        if last < first {
            self.unusable(Candidate { file, ..candidate }, void_after);
            return Ok(());
        }
        let mut candidate = Candidate { file, ..candidate };
        let lost_to = if end < candidate.length {
            self.rest(&mut candidate, last, end, void_after, readable)
        } else {
            None
        };
        // Whoever wrote this may have been killed before it synced; what is read now may be acknowledged elsewhere.
        candidate.file.sync()?;
        let frames_bytes = end - SEGMENT_HEADER as u64;
        let weight = self.total - before;
        let segment = Segment { first, last, damaged_from: None, end, frames_bytes, before, weight };
        self.segments.push_back(segment);
        self.recovery.records += last + 1 - first;
        self.end = last;
        if let Some(position) = lost_to {
            self.hole(position);
        }
        Ok(())
    }

    /// What comes after the last whole record of a segment; says up to where records are known to be lost by it,
    /// where no newer segment says that.
    fn rest(
        &mut self,
        candidate: &mut Candidate,
        last: u64,
        end: u64,
        void_after: Option<u64>,
        readable: bool,
    ) -> Option<u64> {
        let (first, file) = (candidate.first, candidate.file.as_mut());
        let rest = match Rest::read(file, end) {
            Ok(rest) if readable => rest,
            // It stays where it is, and is passed over.
            _ => Rest { bytes: Vec::new(), offset: end, length: candidate.length - end },
        };
        if void_after.is_some_and(|void| last >= void) {
            rest.cut(file);
            return None;
        }
        self.next = self.next.max(last + 1 + if void_after.is_none() { rest.most_records() } else { 0 });
        let lost = if void_after.is_none() { rest.last_position(last) } else { None };
        if !readable {
            let file = segment::name(first);
            self.recovery.set_aside.push(crate::recovery::SetAside { file, bytes: rest.length });
        } else if void_after.is_some() || lost.is_some() {
            rest.set_aside(self.disk, file, first, &mut self.recovery);
        } else {
            self.recovery.torn_bytes += rest.length;
            rest.cut(file);
        }
        lost
    }

    fn remove(&self, name: &str) {
        if let Err(error) = self.disk.remove(name) {
            tracing::warn!(file = name, %error, "a file of the spool that is not needed can not be removed");
        }
    }

    fn finish(mut self, readers: &[&str]) -> (State, Recovery) {
        let kept_cursors = std::mem::take(&mut self.cursors);
        let mut cursors = Vec::with_capacity(readers.len());
        // A reader that never had a cursor lost nothing.
        let mut at_the_front = 0;
        for name in readers {
            let known = kept_cursors.iter().find(|cursor| cursor.name == *name);
            let mut cursor = known.cloned().unwrap_or_else(|| Cursor::new(name));
            if cursor.position < self.floor {
                let lost = if known.is_some() { self.floor - cursor.position } else { 0 };
                at_the_front = at_the_front.max(lost);
                cursor.move_to(self.floor, lost, Weight::default());
            }
            cursors.push(cursor);
        }
        self.recovery.lost_records += at_the_front;
        let unread = |cursor: &&Cursor| !readers.contains(&cursor.name.as_str());
        self.recovery.removed_cursors =
            kept_cursors.iter().filter(unread).map(|cursor| cursor.name.clone()).collect();
        let mut state = State::new(cursors, TAIL_BYTES);
        let beyond = state.cursors.iter().map(|cursor| cursor.position + 1).max().unwrap_or(1);
        state.next = self.next.max(self.end + 1).max(beyond);
        state.last = self.end;
        state.floor = self.floor;
        state.used_bytes = self.segments.iter().map(|segment| segment.frames_bytes).sum();
        state.total = self.total;
        state.segments = self.segments;
        // The names may have changed.
        state.moved = true;
        state.settle_all();
        (state, self.recovery)
    }
}
