//! Where the files of the spool are.

use std::path::PathBuf;

use mahavishnu_store::Location;
use xxhash_rust::xxh3::xxh3_64;

use crate::{default_embedded_directory, settings::MahavishnuSettings};

/// Whose spool it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The one server of a database on this machine: a second one is refused.
    Server,
    /// One of any number of applications: each has a place of its own, the lowest that nobody has.
    Application,
}

/// Applications that may run at the same time with the same settings.
const MOST_APPLICATIONS: usize = 100;

/// The directories to try, in this order; none when this user has no home.
pub(super) fn directories(settings: &MahavishnuSettings, place: Place) -> Vec<PathBuf> {
    let Some(base) = settings.spool.directory.clone().or_else(|| beside(settings)) else {
        return Vec::new();
    };
    match place {
        Place::Server => vec![base],
        Place::Application => {
            (1..=MOST_APPLICATIONS).map(|number| base.join(format!("application-{number}"))).collect()
        }
    }
}

/// A place that goes with the database of the settings.
fn beside(settings: &MahavishnuSettings) -> Option<PathBuf> {
    match &settings.otel_storage_connection_string {
        Location::Embedded(directory) if settings.otel_storage_backend.stores() => {
            let mut name = directory.file_name()?.to_owned();
            name.push("-spool");
            Some(directory.with_file_name(name))
        }
        location => {
            // Another database, another spool; without its password.
            let database = xxh3_64(location.to_string().as_bytes());
            let name = format!("{}-spool", default_embedded_directory()?.file_name()?.to_str()?);
            Some(default_embedded_directory()?.with_file_name(name).join(format!("{database:016x}")))
        }
    }
}
