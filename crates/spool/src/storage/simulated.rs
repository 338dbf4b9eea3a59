//! A disk in memory that fails, tears, forgets and reorders as disks may, by a seed. For tests.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use super::{Disk, File};

/// What reaches the medium as a whole or not at all.
const SECTOR: usize = 512;

/// A sequence of numbers that depends on nothing but its seed (splitmix64).
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// The disk; clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedDisk(Arc<Mutex<World>>);

#[derive(Debug)]
struct World {
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    /// Changes of names since the directory was synced.
    pending: Vec<Change>,
    contents: Vec<Content>,
    locked: bool,
    off: bool,
    operations: u64,
    power_ends_at: Option<u64>,
    /// Of a thousand operations that change something, so many fail.
    faults_per_mille: u64,
    capacity_bytes: Option<u64>,
    random: Random,
}

#[derive(Clone, Debug)]
enum Change {
    Link(String, usize),
    Unlink(String),
    Rename(String, String),
}

#[derive(Clone, Debug, Default)]
struct Content {
    data: Vec<u8>,
    synced: Vec<u8>,
    /// A sync failed: the system took the pages for clean, and no later sync writes them.
    forgets: bool,
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    content: usize,
}

impl SimulatedDisk {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(World {
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
            pending: Vec::new(),
            contents: Vec::new(),
            locked: false,
            off: false,
            operations: 0,
            power_ends_at: None,
            faults_per_mille: 0,
            capacity_bytes: None,
            random: Random::new(seed),
        })))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().expect("no test panics here")
    }

    /// Operations so far that changed something.
    pub(crate) fn operations(&self) -> u64 {
        self.world().operations
    }

    /// The power ends in the middle of this operation.
    pub(crate) fn end_power_at(&self, operation: u64) {
        self.world().power_ends_at = Some(operation);
    }

    pub(crate) fn is_off(&self) -> bool {
        self.world().off
    }

    /// Of a thousand operations so many fail.
    pub(crate) fn set_faults(&self, per_mille: u64) {
        self.world().faults_per_mille = per_mille;
    }

    /// All files together have at most this size.
    pub(crate) fn set_capacity(&self, bytes: u64) {
        self.world().capacity_bytes = Some(bytes);
    }

    /// Somebody else takes the last byte.
    pub(crate) fn fill(&self) {
        let mut world = self.world();
        world.capacity_bytes = Some(world.used());
    }

    /// It was the process that ended, not the power: the system lives on with all that was written.
    pub(crate) fn kill(&self) {
        let mut world = self.world();
        (world.locked, world.off, world.power_ends_at) = (false, false, None);
    }

    /// The power ends and comes back: what was not synced is there, or not, or in part.
    pub(crate) fn cut_power(&self) {
        let mut world = self.world();
        let world = &mut *world;
        let mut names = std::mem::take(&mut world.synced_names);
        for change in std::mem::take(&mut world.pending) {
            if world.random.coin() {
                change.apply(&mut names);
            }
        }
        for content in &mut world.contents {
            content.lose(&mut world.random);
        }
        world.names.clone_from(&names);
        world.synced_names = names;
        (world.locked, world.off, world.power_ends_at) = (false, false, None);
    }

    /// Changes a file behind everyone's back, for good.
    pub(crate) fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut world = self.world();
        let index = world.names[name];
        let content = &mut world.contents[index];
        change(&mut content.data);
        content.synced.clone_from(&content.data);
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Link(name, content) => {
                names.insert(name.clone(), *content);
            }
            Self::Unlink(name) => {
                names.remove(name);
            }
            Self::Rename(from, to) => {
                if let Some(content) = names.remove(from) {
                    names.insert(to.clone(), content);
                }
            }
        }
    }
}

impl Content {
    /// Of what was not synced each sector may have reached the medium or not, and so may the new size.
    fn lose(&mut self, random: &mut Random) {
        let (low, high) = (self.synced.len().min(self.data.len()), self.synced.len().max(self.data.len()));
        let length = low + usize::try_from(random.below((high - low) as u64 + 1)).expect("a size");
        let mut left = self.synced.clone();
        left.resize(length, 0);
        for start in (0..length).step_by(SECTOR) {
            let end = (start + SECTOR).min(length).min(self.data.len());
            if start < end && !self.forgets && random.coin() {
                left[start..end].copy_from_slice(&self.data[start..end]);
            }
        }
        *self = Self { data: left.clone(), synced: left, forgets: false };
    }
}

impl World {
    /// Counts an operation that changes something; `Err` where it fails, after which it may be done in part.
    fn operate(&mut self) -> io::Result<()> {
        self.alive()?;
        self.operations += 1;
        if self.power_ends_at == Some(self.operations) {
            self.off = true;
            return self.alive();
        }
        if self.random.below(1000) < self.faults_per_mille {
            let full = self.random.coin();
            return Err(if full {
                io::ErrorKind::StorageFull.into()
            } else {
                io::Error::other("medium error")
            });
        }
        Ok(())
    }

    fn alive(&self) -> io::Result<()> {
        if self.off { Err(io::Error::other("the power is off")) } else { Ok(()) }
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        self.alive()?;
        let result = self.operate();
        if result.is_ok() || self.off && self.random.coin() {
            change.apply(&mut self.names);
            self.pending.push(change);
        }
        result
    }

    fn used(&self) -> u64 {
        self.names.values().map(|content| self.contents[*content].data.len() as u64).sum()
    }

    fn room(&self) -> u64 {
        self.capacity_bytes.unwrap_or(u64::MAX).saturating_sub(self.used())
    }
}

impl Disk for SimulatedDisk {
    fn lock(&self) -> io::Result<()> {
        let mut world = self.world();
        if std::mem::replace(&mut world.locked, true) {
            Err(io::ErrorKind::WouldBlock.into())
        } else {
            Ok(())
        }
    }

    fn unlock(&self) {
        self.world().locked = false;
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let world = self.world();
        world.alive()?;
        Ok(world.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let mut world = self.world();
        let content = world.contents.len();
        world.contents.push(Content::default());
        world.change(Change::Link(name.to_owned(), content))?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), content }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let world = self.world();
        world.alive()?;
        let content = *world.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), content }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.world().change(Change::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut world = self.world();
        if !world.names.contains_key(name) {
            world.alive()?;
            return Err(io::ErrorKind::NotFound.into());
        }
        world.change(Change::Unlink(name.to_owned()))
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut world = self.world();
        world.operate()?;
        world.pending.clear();
        world.synced_names = world.names.clone();
        Ok(())
    }
}

impl File for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        let world = self.disk.world();
        world.alive()?;
        Ok(world.contents[self.content].data.len() as u64)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.disk.world();
        world.alive()?;
        let mut result = world.operate();
        let mut written = bytes.len() as u64;
        if result.is_err() {
            written = world.random.below(written + 1);
        }
        if written > world.room() {
            written = world.room();
            result = result.and(Err(io::ErrorKind::StorageFull.into()));
        }
        let written = usize::try_from(written).expect("a size");
        world.contents[self.content].data.extend_from_slice(&bytes[..written]);
        result
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut world = self.disk.world();
        world.alive()?;
        let result = world.operate();
        let off = world.off;
        let content = &mut world.contents[self.content];
        match &result {
            Ok(()) if !content.forgets => content.synced.clone_from(&content.data),
            Err(_) if !off => content.forgets = true,
            _ => {}
        }
        result
    }

    fn read_at(&mut self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let world = self.disk.world();
        world.alive()?;
        let data = &world.contents[self.content].data;
        let from = usize::try_from(offset).expect("a size").min(data.len());
        let count = into.len().min(data.len() - from);
        into[..count].copy_from_slice(&data[from..from + count]);
        Ok(count)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut world = self.disk.world();
        world.operate()?;
        world.contents[self.content].data.truncate(usize::try_from(length).expect("a size"));
        Ok(())
    }
}
