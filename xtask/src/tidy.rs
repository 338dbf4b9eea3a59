//! The shape of the code, checked: what ARCHITECTURE.md promises and neither rustc nor clippy looks at.
//!
//! | module | checks |
//! |---|---|
//! | [`lengths`] | no long files; prints the distribution |
//! | [`layers`] | which crate may depend on which |
//! | [`text`] | SQL, files and environment, ASCII, headings, `mod.rs` |
//! | [`queries`] | every query file is used |
//!
//! Every check returns all its findings, so that one run shows everything.

mod layers;
mod lengths;
mod queries;
mod source;
mod text;

use std::path::Path;

use anyhow::{Result, bail};

use source::Source;

/// Runs every check, prints what it found.
///
/// # Errors
///
/// When something was found, or the repository can not be read.
#[expect(clippy::print_stdout, reason = "the findings are what this program is for")]
pub fn run(root: &Path) -> Result<()> {
    let sources = Source::all(root)?;
    println!("{}", lengths::distribution(&sources));
    let mut findings = lengths::check(&sources);
    findings.extend(text::check(&sources));
    findings.extend(layers::check(root)?);
    findings.extend(queries::check(root, &sources)?);
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => bail!("tidy: 1 finding"),
        count => bail!("tidy: {count} findings"),
    }
}
