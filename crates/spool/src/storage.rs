//! The few things asked of a file system, so that tests can let it fail, tear and forget.

use std::io;

mod real;
#[cfg(test)]
pub(crate) mod simulated;

pub(crate) use real::RealDisk;

/// One directory. Names are plain file names in it.
pub(crate) trait Disk: Send + Sync + std::fmt::Debug {
    /// Takes the lock of the directory until [`Disk::unlock`]; [`io::ErrorKind::WouldBlock`] where another has it.
    fn lock(&self) -> io::Result<()>;

    /// Gives the lock back.
    fn unlock(&self);

    /// The names of all files.
    fn list(&self) -> io::Result<Vec<String>>;

    /// An empty file of this name, in place of any that is there.
    fn create(&self, name: &str) -> io::Result<Box<dyn File>>;

    /// The file of this name, which is there.
    fn open(&self, name: &str) -> io::Result<Box<dyn File>>;

    /// Gives a file another name, in place of any file of that name, all at once.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes files created, renamed and removed before survive a power cut.
    fn sync_directory(&self) -> io::Result<()>;
}

/// One open file.
pub(crate) trait File: Send + Sync + std::fmt::Debug {
    /// Its size.
    fn length(&self) -> io::Result<u64>;

    /// Writes all of it at the end. After an error any part may be there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was written survive a power cut. After an error nothing is known of what was not synced before.
    fn sync(&mut self) -> io::Result<()>;

    /// Reads from `offset` until `into` is full or the file ends; says how much.
    fn read_at(&mut self, into: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Cuts it to this size.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}
