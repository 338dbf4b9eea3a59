//! A directory of this host.

use std::{
    fs,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{Disk, File};

/// Locked by whoever has the directory open; never removed, so that all lock the same file.
const LOCK: &str = "lock";

/// A directory of this host.
#[derive(Debug)]
pub(crate) struct RealDisk {
    directory: PathBuf,
    lock: Mutex<Option<fs::File>>,
}

#[derive(Debug)]
struct RealFile(fs::File);

impl RealDisk {
    /// This directory; made where it is missing, for this user only, because telemetry holds what people typed.
    pub(crate) fn new(directory: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        Ok(Self { directory: directory.to_owned(), lock: Mutex::new(None) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Disk for RealDisk {
    fn lock(&self) -> io::Result<()> {
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(self.path(LOCK))?;
        file.try_lock()?;
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }

    fn unlock(&self) {
        // Closing the file gives the lock back.
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.directory)?.map(|entry| entry.map(|entry| entry.file_name()));
        // Ours are all ASCII; others are of no interest.
        names.filter_map(|name| name.map(|name| name.into_string().ok()).transpose()).collect()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let mut options = fs::OpenOptions::new();
        options.create(true).truncate(true).read(true).write(true);
        Ok(Box::new(RealFile(options.open(self.path(name))?)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        Ok(Box::new(RealFile(fs::OpenOptions::new().read(true).write(true).open(self.path(name))?)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    #[cfg(unix)]
    fn sync_directory(&self) -> io::Result<()> {
        fs::File::open(&self.directory)?.sync_all()
    }

    #[cfg(not(unix))]
    fn sync_directory(&self) -> io::Result<()> {
        // A directory can not be opened there; the file system keeps its own journal of names.
        Ok(())
    }
}

impl File for RealFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.seek(SeekFrom::End(0))?;
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn read_at(&mut self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(offset))?;
        let mut filled = 0;
        while filled < into.len() {
            match self.0.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}

#[cfg(test)]
mod tests {
    use super::{Disk, RealDisk};

    #[test]
    fn a_second_lock_waits_for_the_first_to_be_given_back() {
        let directory = tempfile::tempdir().unwrap();
        let (first, second) =
            (RealDisk::new(directory.path()).unwrap(), RealDisk::new(directory.path()).unwrap());
        first.lock().unwrap();
        assert_eq!(second.lock().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        first.unlock();
        second.lock().unwrap();
    }

    #[test]
    fn a_file_is_appended_to_read_cut_and_renamed() {
        let directory = tempfile::tempdir().unwrap();
        let disk = RealDisk::new(&directory.path().join("made/on/the/way")).unwrap();
        let mut file = disk.create("a").unwrap();
        file.append(b"hello ").unwrap();
        file.append(b"world").unwrap();
        file.sync().unwrap();
        let mut into = [0; 8];
        assert_eq!(file.read_at(&mut into, 6).unwrap(), 5);
        assert_eq!(&into[..5], b"world");
        file.truncate(5).unwrap();
        disk.rename("a", "b").unwrap();
        disk.sync_directory().unwrap();
        assert_eq!(disk.list().unwrap(), ["b"]);
        assert_eq!(disk.open("b").unwrap().length().unwrap(), 5);
        disk.remove("b").unwrap();
        assert!(disk.open("b").is_err());
    }
}
