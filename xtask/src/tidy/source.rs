//! The Rust files of the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Where Rust is, relative to the repository.
const ROOTS: [&str; 3] = ["crates", "xtask", "interop"];

/// One Rust file.
pub struct Source {
    /// Relative to the repository, with `/`.
    pub path: String,
    /// Its lines.
    pub lines: Vec<String>,
}

impl Source {
    /// Every Rust file, in the order of their paths.
    ///
    /// # Errors
    ///
    /// When one can not be read.
    pub fn all(root: &Path) -> Result<Vec<Self>> {
        let mut paths = Vec::new();
        for directory in ROOTS {
            collect(&root.join(directory), "rs", &mut paths)?;
        }
        paths.sort();
        paths.iter().map(|path| Self::read(root, path)).collect()
    }

    fn read(root: &Path, path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("{} can not be read", path.display()))?;
        let relative = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        Ok(Self::new(relative, &text))
    }

    /// A file of this text.
    pub fn new(path: impl Into<String>, text: &str) -> Self {
        Self { path: path.into(), lines: text.lines().map(str::to_owned).collect() }
    }

    /// Whether the whole file is a test.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.contains("/benches/")
            || self.path.contains("/fuzz/")
            || self.path.starts_with("crates/test-util/")
    }

    /// The lines before its tests.
    pub fn code(&self) -> &[String] {
        let starts_tests =
            |pair: &[String]| pair[0].trim() == "#[cfg(test)]" && pair[1].trim_end().ends_with('{');
        let end = self.lines.windows(2).position(starts_tests).unwrap_or(self.lines.len());
        &self.lines[..end]
    }
}

/// Adds every file under `directory` with this extension; a directory that is not there holds none.
///
/// # Errors
///
/// When a directory can not be read.
pub fn collect(directory: &Path, extension: &str, into: &mut Vec<PathBuf>) -> Result<()> {
    if !directory.is_dir() {
        return Ok(());
    }
    for entry in
        fs::read_dir(directory).with_context(|| format!("{} can not be read", directory.display()))?
    {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && name != "node_modules" {
            collect(&path, extension, into)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            into.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn tests_begin_at_their_module_not_at_its_declaration() {
        let text = "//! a\n#[cfg(test)]\nmod tests;\nfn f() {}\n#[cfg(test)]\nmod more {\n}\n";
        assert_eq!(Source::new("crates/x/src/lib.rs", text).code().len(), 4);
    }
}
