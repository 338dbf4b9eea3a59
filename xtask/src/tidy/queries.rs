//! SQL stands in files, and every such file is used.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::source::{Source, collect};

/// Where the store keeps SQL.
const PLACES: [&str; 2] = ["crates/store/queries", "crates/store/migrations"];

/// Query files that no Rust file names. That a named one exists, rustc checks.
///
/// # Errors
///
/// When a directory can not be read.
pub fn check(root: &Path, sources: &[Source]) -> Result<Vec<String>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for place in PLACES {
        collect(&root.join(place), "sql", &mut files)?;
    }
    files.sort();
    let relative = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    Ok(files.iter().map(relative).filter(|path| !is_named(path, sources)).map(unused).collect())
}

fn unused(path: String) -> String {
    format!("{path}: no Rust file names it")
}

/// By its directory and name: `span/copy.sql`.
fn is_named(path: &str, sources: &[Source]) -> bool {
    let start = path.rmatch_indices('/').nth(1).map_or(0, |(index, _)| index + 1);
    let name = &path[start..];
    sources.iter().any(|source| source.lines.iter().any(|line| line.contains(name)))
}

#[cfg(test)]
mod tests {
    use super::{Source, is_named};

    #[test]
    fn a_query_is_found_by_directory_and_name() {
        let sources = [Source::new("crates/store/src/a.rs", "include_str!(\"../queries/span/copy.sql\")")];
        assert!(is_named("crates/store/queries/span/copy.sql", &sources));
        assert!(!is_named("crates/store/queries/log/copy.sql", &sources));
    }
}
