//! The spools of a pipeline: the log, what was taken lately, and what an upstream refused.

use std::path::{Path, PathBuf};

use mahavishnu_pipeline::{Intake, dead_letters, repeats};
use mahavishnu_spool::{Durability, Options, Policy, Spool, SpoolError, Weight};
use mahavishnu_store::StoreError;
use tokio::task::spawn_blocking;

use super::place::{Place, directories};
use crate::settings::{MahavishnuSettings, WhenFull};

/// Segments are what is deleted as a whole.
const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

/// What was taken lately: some millions of digests.
const REPEATS_BYTES: u64 = 64 * 1024 * 1024;

/// What an upstream refused: enough to see what is wrong.
const DEAD_LETTER_BYTES: u64 = 64 * 1024 * 1024;

/// Opened spools.
#[derive(Debug)]
pub(super) struct Spools {
    pub(super) log: Spool,
    pub(super) repeats: Spool,
    pub(super) dead_letters: Spool,
    pub(super) directory: Option<PathBuf>,
    pub(super) durability: Durability,
}

impl Spools {
    /// Opens them in the first place that is free; the log has these readers.
    pub(super) async fn open(
        settings: &MahavishnuSettings,
        place: Place,
        readers: &[&str],
    ) -> Result<Self, StoreError> {
        let settings = settings.clone();
        let readers: Vec<String> = readers.iter().map(|&name| name.to_owned()).collect();
        let opening = spawn_blocking(move || open_first_free(&settings, place, &readers));
        match opening.await {
            Ok(opened) => opened.map_err(|error| StoreError::Unavailable(error.to_string())),
            Err(_) => Err(StoreError::Unavailable("the runtime is ending: start again".to_owned())),
        }
    }

    /// Closes them.
    pub(super) async fn close(self) {
        for spool in [self.log, self.repeats, self.dead_letters] {
            if let Err(error) = spool.close().await {
                tracing::warn!(%error, "spool-close-failed");
            }
        }
    }
}

fn open_first_free(
    settings: &MahavishnuSettings,
    place: Place,
    readers: &[String],
) -> Result<Spools, SpoolError> {
    if settings.durability == Durability::Memory {
        return open(settings, None, readers);
    }
    let mut taken = None;
    for directory in directories(settings, place) {
        match open(settings, Some(directory), readers) {
            Err(error @ SpoolError::Locked { .. }) => taken = Some(error),
            opened => return opened,
        }
    }
    Err(taken.unwrap_or_else(|| {
        SpoolError::Options(
            "this user has no data directory: set spool.directory, or durability to memory".to_owned(),
        )
    }))
}

fn open(
    settings: &MahavishnuSettings,
    directory: Option<PathBuf>,
    readers: &[String],
) -> Result<Spools, SpoolError> {
    let durability = settings.durability;
    let base = directory.as_deref().unwrap_or(Path::new(""));
    let readers: Vec<&str> = readers.iter().map(String::as_str).collect();
    let (log, _recovery) = Spool::open(
        Options {
            directory: base.join("log"),
            durability,
            budget_bytes: settings.spool.budget_bytes,
            policy: match settings.spool.when_full {
                WhenFull::Refuse => Policy::Refuse,
                WhenFull::DropOldest => Policy::DropOldest,
            },
            segment_bytes: SEGMENT_BYTES,
            weigh: Intake::weigh,
        },
        &readers,
    )?;
    let small = |name: &str, budget_bytes, reader| {
        let options = Options {
            directory: base.join(name),
            durability,
            budget_bytes,
            policy: Policy::DropOldest,
            segment_bytes: budget_bytes / 8,
            weigh: |_| Weight::default(),
        };
        Spool::open(options, &[reader]).map(|(spool, _recovery)| spool)
    };
    Ok(Spools {
        log,
        repeats: small("repeats", REPEATS_BYTES, repeats::WINDOW)?,
        dead_letters: small("dead-letters", DEAD_LETTER_BYTES, dead_letters::READER)?,
        directory,
        durability,
    })
}
