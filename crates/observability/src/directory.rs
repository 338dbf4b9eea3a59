//! Where the embedded database is when nobody says otherwise.

use std::path::PathBuf;

use etcetera::{BaseStrategy, choose_base_strategy};

/// Its directory in the user's data home.
const NAME: &str = "mahavishnu-otel";

/// The directory of the embedded database: `mahavishnu-otel` in the user's data home (`$XDG_DATA_HOME` or
/// `~/.local/share`; on Windows `%APPDATA%`). `None` when this user has no home.
#[must_use]
pub fn default_embedded_directory() -> Option<PathBuf> {
    choose_base_strategy().ok().map(|strategy| strategy.data_dir().join(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_directory_of_its_own_in_the_data_home() {
        if let Some(directory) = default_embedded_directory() {
            assert!(directory.is_absolute() && directory.ends_with(NAME), "{}", directory.display());
        }
    }
}
