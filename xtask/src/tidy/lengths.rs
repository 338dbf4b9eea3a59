//! Files stay short: lines are counted without tests.

use super::source::Source;

/// A file longer than this is two files.
const LONGEST: usize = 500;

/// The longest allowed is exceeded.
pub fn check(sources: &[Source]) -> Vec<String> {
    let long = |source: &&Source| !source.is_test() && source.code().len() > LONGEST;
    let finding = |source: &Source| {
        format!(
            "{}: {} lines before its tests, at most {LONGEST}: split it",
            source.path,
            source.code().len()
        )
    };
    sources.iter().filter(long).map(finding).collect()
}

/// How long the files are, in one line.
pub fn distribution(sources: &[Source]) -> String {
    let mut lengths: Vec<usize> =
        sources.iter().filter(|source| !source.is_test()).map(|source| source.code().len()).collect();
    lengths.sort_unstable();
    let Some(last) = lengths.len().checked_sub(1) else { return "no files".to_owned() };
    let over = lengths.iter().filter(|length| **length > LONGEST).count();
    format!(
        "{} files without tests: median {} lines, 90th percentile {}, longest {}, over {LONGEST} lines {} %",
        lengths.len(),
        lengths[last / 2],
        lengths[last * 9 / 10],
        lengths[last],
        over * 100 / lengths.len(),
    )
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Source, check, distribution};

    #[test]
    fn only_what_is_before_the_tests_counts() {
        let long = "x\n".repeat(LONGEST);
        let fits =
            Source::new("crates/a/src/fits.rs", &format!("{long}#[cfg(test)]\nmod tests {{\n{long}}}\n"));
        let over = Source::new("crates/a/src/over.rs", &format!("{long}x\n"));
        let test = Source::new("crates/a/tests/long.rs", &format!("{long}x\n"));
        let findings = check(&[fits, over, test]);
        assert_eq!(findings, ["crates/a/src/over.rs: 501 lines before its tests, at most 500: split it"]);
    }

    #[test]
    fn the_distribution_is_of_all_files() {
        let sources: Vec<_> =
            (1..=10).map(|n| Source::new(format!("crates/{n}.rs"), &"x\n".repeat(n * 10))).collect();
        let line = distribution(&sources);
        assert!(
            line.contains("median 50 lines, 90th percentile 90, longest 100, over 500 lines 0 %"),
            "{line}"
        );
    }
}
