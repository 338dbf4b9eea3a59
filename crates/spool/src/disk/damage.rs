//! Torn or damaged? What is done with the rest of a segment that is no whole record.

use std::io;

use super::{
    frame::{self, FRAME_HEADER},
    segment,
};
use crate::{
    recovery::{Recovery, SetAside},
    storage::{Disk, File},
};

/// The end of the name of what is set aside.
const EXTENSION: &str = ".damaged";

/// Looked through at most, for whole records after damage: more than any segment of ordinary size.
const MAX_SEARCH_BYTES: u64 = 256 * 1024 * 1024;

/// The rest of a segment after its last whole record.
#[derive(Debug)]
pub(crate) struct Rest {
    pub(crate) bytes: Vec<u8>,
    pub(crate) offset: u64,
    /// Its size, also where it could not be read.
    pub(crate) length: u64,
}

impl Rest {
    /// Reads the rest of a file from `offset` on.
    pub(crate) fn read(file: &mut dyn File, offset: u64) -> io::Result<Self> {
        let length = file.length()?.saturating_sub(offset);
        let mut bytes = vec![0; usize::try_from(length.min(MAX_SEARCH_BYTES)).unwrap_or(0)];
        let read = file.read_at(&mut bytes, offset)?;
        bytes.truncate(read);
        Ok(Self { bytes, offset, length })
    }

    /// Records that it may have held, at most.
    pub(crate) fn most_records(&self) -> u64 {
        self.length / FRAME_HEADER as u64
    }

    /// The last position of a whole record in it, if there is one: then something was lost in between, and this is
    /// no write that a crash interrupted. The records after `after` are looked for.
    pub(crate) fn last_position(&self, after: u64) -> Option<u64> {
        let highest = after.saturating_add(self.most_records());
        let (mut at, mut found) = (0, None);
        while at + FRAME_HEADER <= self.bytes.len() {
            let here = &self.bytes[at..];
            let plausible = frame::position_of(here).is_some_and(|it| it > after && it <= highest);
            match plausible.then(|| frame::decode(here)).flatten() {
                Some(frame) => {
                    found = found.max(Some(frame.position));
                    at += frame.length();
                }
                None => at += 1,
            }
        }
        found
    }

    /// Writes it to a file of its own and cuts it off. What fails is only logged: nothing here is needed again, and
    /// the next segment says that the rest is void.
    pub(crate) fn set_aside(
        &self,
        disk: &dyn Disk,
        file: &mut dyn File,
        first: u64,
        recovery: &mut Recovery,
    ) {
        let name = format!("{}{EXTENSION}", segment::name(first));
        let copied = disk.create(&name).and_then(|mut aside| {
            aside.append(&self.bytes)?;
            aside.sync()
        });
        match copied {
            Ok(()) => self.cut(file),
            Err(error) => tracing::warn!(file = name, %error, "damage in the spool can not be set aside"),
        }
        recovery.set_aside.push(SetAside { file: name, bytes: self.length });
    }

    /// Cuts it off.
    pub(crate) fn cut(&self, file: &mut dyn File) {
        if let Err(error) = file.truncate(self.offset) {
            tracing::warn!(%error, "a torn write in the spool can not be cut off: it is passed over");
        }
    }
}

/// Sets a whole file aside.
pub(crate) fn set_file_aside(disk: &dyn Disk, name: &str, bytes: u64, recovery: &mut Recovery) {
    let aside = format!("{name}{EXTENSION}");
    let file = match disk.rename(name, &aside) {
        Ok(()) => aside,
        Err(error) => {
            tracing::warn!(file = name, %error, "a damaged file of the spool can not be renamed: it is passed over");
            name.to_owned()
        }
    };
    recovery.set_aside.push(SetAside { file, bytes });
}
