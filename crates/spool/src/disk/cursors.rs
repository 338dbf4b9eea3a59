//! How the cursors are kept: a small text file that is replaced as a whole.

use std::{fmt::Write as _, io};

use super::Identity;
use crate::{state::Cursor, storage::Disk};

/// The file with the cursors.
pub(crate) const NAME: &str = "cursors";

/// The file that will replace it.
pub(crate) const NEW_NAME: &str = "cursors.new";

/// Its first line.
const TITLE: &str = "mahavishnu-spool cursors 1";

/// Longer than any that we write: some hundred readers.
const MAX_BYTES: u64 = 1024 * 1024;

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) identity: Identity,
    /// The last position that was acknowledged by then.
    pub(crate) last: u64,
    /// No position below this one will be given out again.
    pub(crate) next: u64,
    pub(crate) cursors: Vec<Cursor>,
}

impl Kept {
    fn encode(&self) -> String {
        let mut text = format!(
            "{TITLE}\nidentity {:016x}\nlast {}\nnext {}\n",
            self.identity.get(),
            self.last,
            self.next
        );
        for Cursor { name, position, lost, .. } in &self.cursors {
            let _never_fails = writeln!(text, "cursor {position} {lost} {name}");
        }
        let checksum = crc32fast::hash(text.as_bytes());
        let _never_fails = writeln!(text, "crc {checksum:08x}");
        text
    }

    /// Reads what [`Kept::encode`] wrote; `None` where anything is wrong with it.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (body, checksum) = text.strip_suffix('\n')?.rsplit_once("\ncrc ")?;
        let checked = &bytes[..=body.len()];
        (u32::from_str_radix(checksum, 16).ok()? == crc32fast::hash(checked)).then_some(())?;
        let mut lines = body.lines();
        (lines.next()? == TITLE).then_some(())?;
        let identity = u64::from_str_radix(lines.next()?.strip_prefix("identity ")?, 16).ok()?;
        let last = lines.next()?.strip_prefix("last ")?.parse().ok()?;
        let next = lines.next()?.strip_prefix("next ")?.parse().ok()?;
        let cursors = lines.map(cursor).collect::<Option<_>>()?;
        Some(Self { identity: Identity(identity), last, next, cursors })
    }

    /// What the file holds; `None` where it is not there or damaged.
    pub(crate) fn read(disk: &dyn Disk) -> Option<Self> {
        let mut file = disk.open(NAME).ok()?;
        let length = file.length().ok()?.min(MAX_BYTES);
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        let read = file.read_at(&mut bytes, 0).ok()?;
        Self::decode(&bytes[..read])
    }

    /// Replaces the file; when this returns, a power cut does not undo it.
    pub(crate) fn write(&self, disk: &dyn Disk) -> io::Result<()> {
        let mut file = disk.create(NEW_NAME)?;
        file.append(self.encode().as_bytes())?;
        file.sync()?;
        drop(file);
        disk.rename(NEW_NAME, NAME)?;
        disk.sync_directory()
    }
}

/// One line: position, lost, and a name that may hold spaces.
fn cursor(line: &str) -> Option<Cursor> {
    let mut words = line.strip_prefix("cursor ")?.splitn(3, ' ');
    let (position, lost) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Cursor { position, lost, ..Cursor::new(words.next()?) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{Cursor, Identity, Kept};

    fn kept() -> Kept {
        Kept {
            identity: Identity(0x0123_4567_89ab_cdef),
            last: 120,
            next: 121,
            cursors: vec![
                Cursor { position: 118, ..Cursor::new("postgresql") },
                Cursor { position: 90, lost: 4, ..Cursor::new("otlp to the east") },
            ],
        }
    }

    #[test]
    fn the_cursor_file_stays_as_it_is_documented() {
        let golden = "mahavishnu-spool cursors 1\nidentity 0123456789abcdef\nlast 120\nnext 121\n\
            cursor 118 0 postgresql\ncursor 90 4 otlp to the east\ncrc 00384b57\n";
        assert_eq!(kept().encode(), golden);
        assert_eq!(Kept::decode(golden.as_bytes()), Some(kept()));
    }

    proptest! {
        #[test]
        fn a_changed_byte_shows(at: proptest::sample::Index, to: u8) {
            let mut bytes = kept().encode().into_bytes();
            let at = at.index(bytes.len());
            let same = bytes[at] == to;
            bytes[at] = to;
            // The checksum's own digits may be written in capitals.
            let read = Kept::decode(&bytes);
            prop_assert_eq!(read.is_some(), same || read == Some(kept()));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Kept::decode(&bytes), None);
        }
    }
}
