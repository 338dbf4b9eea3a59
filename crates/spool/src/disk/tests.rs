//! Power cuts, failing disks and damage, on a disk that is simulated.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use bytes::Bytes;

use super::{Found, Place, Writer, open};
use crate::{
    Durability, Options, Policy, Recovery,
    error::AppendError,
    options::Options as Settings,
    queue::Request,
    state::Look,
    storage::{
        Disk,
        simulated::{Random, SimulatedDisk},
    },
    tests::weigh,
};

mod damage;
mod failures;
mod power;

const READERS: [&str; 2] = ["a", "b"];

pub(super) fn options(durability: Durability, budget_bytes: u64, policy: Policy) -> Settings {
    Options { directory: "simulated".into(), durability, budget_bytes, policy, segment_bytes: 600, weigh }
}

/// A spool without its thread: every step is taken here, so that a seed says everything.
pub(super) struct Bench {
    pub(super) disk: SimulatedDisk,
    options: Options,
    pub(super) writer: Option<Writer>,
    pub(super) recovery: Recovery,
    random: Random,
    /// Everything that was ever offered.
    pub(super) offered: BTreeSet<Bytes>,
    pub(super) acknowledged: BTreeMap<u64, Bytes>,
    pub(super) failed: u64,
    /// How far each reader went.
    advanced: [u64; 2],
    /// Positions that someone has seen.
    pub(super) highest_seen: u64,
}

impl Bench {
    pub(super) fn new(seed: u64, options: Options) -> Self {
        Self {
            disk: SimulatedDisk::new(seed),
            options,
            writer: None,
            recovery: Recovery::default(),
            random: Random::new(seed ^ 0x5eed),
            offered: BTreeSet::new(),
            acknowledged: BTreeMap::new(),
            failed: 0,
            advanced: [0; 2],
            highest_seen: 0,
        }
    }

    /// Opens it; `false` where the disk does not let that happen.
    pub(super) fn open(&mut self) -> bool {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let clock: crate::spool::Clock = Arc::new(|| 7);
        match open(&disk, &self.options, &READERS, &clock) {
            Ok((writer, recovery)) => (self.writer, self.recovery) = (Some(writer), recovery),
            Err(_) => self.disk.unlock(),
        }
        self.writer.is_some()
    }

    pub(super) fn writer(&mut self) -> &mut Writer {
        self.writer.as_mut().unwrap()
    }

    /// Appends one batch of this many records of up to 200 bytes; says whether all were acknowledged.
    pub(super) fn append(&mut self, records: u64) -> Result<(), AppendError> {
        let (mut requests, mut answers) = (Vec::new(), Vec::new());
        for _ in 0..records {
            let size = usize::try_from(self.random.below(200)).unwrap();
            let record: Bytes = format!("{}:{}", self.offered.len(), "x".repeat(size)).into();
            self.offered.insert(record.clone());
            let (request, answer) = Request::detached(record.clone());
            requests.push(request);
            answers.push((record, answer));
        }
        self.writer().commit(requests);
        let mut result = Ok(());
        for (record, mut answer) in answers {
            match answer.try_recv().unwrap() {
                Ok(position) => {
                    assert!(position.get() > self.highest_seen, "{position} was given before");
                    self.highest_seen = position.get();
                    assert_eq!(self.acknowledged.insert(position.get(), record), None);
                }
                Err(error) => {
                    self.failed += 1;
                    result = Err(error);
                }
            }
        }
        result
    }

    /// One random step of a running spool.
    pub(super) fn step(&mut self) {
        match self.random.below(10) {
            0..6 => {
                let records = 1 + self.random.below(4);
                let _may_fail = self.append(records);
            }
            6..8 => {
                let reader = usize::from(self.random.coin());
                let last = self.acknowledged.keys().next_back().copied().unwrap_or(0);
                let to =
                    self.advanced[reader] + self.random.below(last + 1 - self.advanced[reader].min(last));
                self.advance(reader, to);
            }
            _ => {
                self.writer().housekeep();
            }
        }
    }

    pub(super) fn advance(&mut self, reader: usize, to: u64) {
        let mut state = self.writer.as_ref().unwrap().log().lock();
        state.advance(reader, to.into());
        state.free_passed();
        self.advanced[reader] = self.advanced[reader].max(to);
    }

    /// Everything that can be read after the first reader's cursor, and what is lost on the way is marked.
    pub(super) fn read(&mut self, reader: usize) -> BTreeMap<u64, Bytes> {
        let log = Arc::clone(self.writer().log());
        let mut next = log.lock().cursors[reader].position + 1;
        let (mut read, mut place) = (BTreeMap::new(), None);
        loop {
            let look = log.lock().look(next, 3, 300);
            let entries = match look {
                Look::Entries(entries) => entries,
                Look::Nothing | Look::Closed => return read,
                Look::OnDisk(segment, from) => {
                    match Place::read(place.take(), &self.disk, weigh, &segment, from, 3, 300) {
                        Found::Entries(entries, at) => {
                            place = Some(at);
                            entries
                        }
                        Found::Damage(at) => {
                            log.lock().mark_damaged(segment.first, at);
                            continue;
                        }
                        Found::Failed(error) => panic!("{error}"),
                    }
                }
            };
            for entry in entries {
                let position = entry.position.get();
                assert!(position >= next, "positions rise");
                assert!(self.offered.contains(&entry.record), "{position} was never offered");
                next = position + 1;
                self.highest_seen = self.highest_seen.max(position);
                read.insert(position, entry.record);
            }
        }
    }

    /// Every acknowledged record that a reader is not done with is there, and its cursor is not before its time.
    pub(super) fn check(&mut self, context: &str) {
        for reader in 0..READERS.len() {
            let cursor = self.writer().log().lock().cursors[reader].position;
            let read = self.read(reader);
            for (position, record) in self.acknowledged.range(self.advanced[reader] + 1..) {
                assert_eq!(read.get(position), Some(record), "{context}: {position} is lost to {reader}");
            }
            let skipped = |position: &&u64| (self.advanced[reader] + 1..=cursor).contains(*position);
            let skipped = self.acknowledged.keys().find(skipped);
            assert_eq!(skipped, None, "{context}: the cursor of {reader} went ahead to {cursor}");
        }
        let next = self.writer().log().lock().next;
        assert!(next > self.highest_seen, "{context}: {next} would be given twice");
        let used = self.writer().log().lock().used_bytes;
        assert!(used <= self.options.budget_bytes, "{context}: {used} bytes");
    }
}

/// Files that hold records.
pub(super) fn segments(disk: &SimulatedDisk) -> io::Result<Vec<String>> {
    Ok(disk.list()?.into_iter().filter(|name| name.ends_with(".seg")).collect())
}
