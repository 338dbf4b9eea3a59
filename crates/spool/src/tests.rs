//! The spool as its users see it: one suite for memory, process and disk.

use std::{fs::File, path::Path};

use crate::{Durability, Options, Policy, Spool, Weight};

mod behaviour;
mod files;
mod model;

pub(super) const ALL: [Durability; 3] = [Durability::Memory, Durability::Process, Durability::Disk];

/// Long enough for any record here.
pub(super) const ANY: usize = usize::MAX;

/// One record, its bytes, and nothing of the third kind.
pub(crate) fn weigh(record: &[u8]) -> Weight {
    Weight([1, record.len() as u64, 0])
}

pub(super) fn options(directory: &Path, durability: Durability) -> Options {
    Options {
        directory: directory.join("spool"),
        durability,
        budget_bytes: 64 << 20,
        policy: Policy::Refuse,
        segment_bytes: 1000,
        weigh,
    }
}

/// A directory for spools that are dropped before it; removed when their threads are done with it.
pub(super) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A test that fails must not wait for what it left open.
        if let (Ok(lock), false) = (File::open(self.path().join("spool/lock")), std::thread::panicking()) {
            lock.lock().unwrap();
        }
    }
}

/// A spool of this kind, and its directory.
pub(super) fn spool(durability: Durability, readers: &[&str]) -> (Scratch, Spool) {
    let directory = Scratch::new();
    let (spool, recovery) = Spool::open(options(directory.path(), durability), readers).unwrap();
    assert!(recovery.is_clean());
    (directory, spool)
}
