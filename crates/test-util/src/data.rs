//! Recorded telemetry that some checkouts have beside them, in `../shared/data`.

use std::path::{Path, PathBuf};

/// The directory of recorded telemetry, or `None` where this checkout has none: a test that needs it then says so
/// and passes.
#[must_use]
pub fn data_dir() -> Option<PathBuf> {
    let workspace =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/test-util is two deep");
    let directory = workspace.parent()?.join("shared/data");
    directory.is_dir().then_some(directory)
}
