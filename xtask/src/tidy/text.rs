//! What stands in the files: who may hold SQL, who may touch files and environment, ASCII, headings, `mod.rs`.

use super::source::Source;

/// Words with which SQL begins.
const SQL: [&str; 6] = ["SELECT ", "INSERT INTO ", "COPY ", "UPDATE ", "DELETE FROM ", "CREATE TABLE "];

/// May hold SQL: the store; the server shows some in its help, but can not send any (see the layer check).
const SQL_HOLDERS: [&str; 5] = ["crates/store/", "crates/server/", "crates/test-util/", "xtask/", "interop/"];

/// How files, environment and arguments are reached.
const OUTSIDE: [&str; 5] = ["std::env", "std::fs", "tokio::fs", "env::var", "fs::read"];

/// May reach outside: the front door, the binary, and tools.
const OUTSIDE_USERS: [&str; 5] =
    ["crates/observability/", "crates/server/", "crates/test-util/", "xtask/", "interop/"];

/// Single files that may reach outside too, and why.
const OUTSIDE_FILES: [(&str, &str); 4] = [
    ("crates/spool/src/storage/real.rs", "the spool's directory is reached in one place"),
    ("crates/store/build.rs", "cargo tells build scripts by the environment what they build for"),
    ("crates/store/src/embedded.rs", "the embedded engine's directory is made and locked where it is opened"),
    ("crates/store/src/tls.rs", "the certificates that a database URL names are read where the URL is"),
];

/// Files whose output is drawn with other characters.
const DRAWN: [&str; 1] = ["crates/server/src/render"];

/// All findings in the text of the sources.
pub fn check(sources: &[Source]) -> Vec<String> {
    sources.iter().flat_map(check_one).collect()
}

fn check_one(source: &Source) -> Vec<String> {
    let path = source.path.as_str();
    let mut findings = Vec::new();
    if path.ends_with("/mod.rs") {
        findings.push(format!("{path}: foo.rs stands beside foo/, there is no mod.rs"));
    }
    // Of a file called tests.rs, its name says it.
    if !path.ends_with("/tests.rs") && !source.lines.first().is_some_and(|line| line.starts_with("//! ")) {
        findings.push(format!("{path}:1: a file begins with a //! sentence that says what it is"));
    }
    for (index, line) in source.lines.iter().enumerate() {
        if !line.is_ascii() && !within(path, &DRAWN) {
            findings.push(format!("{path}:{}: not ASCII: write \\u{{...}}", index + 1));
        }
    }
    if !source.is_test() {
        findings.extend(
            source.code().iter().enumerate().filter_map(|(index, line)| reach(path, index + 1, line)),
        );
    }
    findings
}

/// SQL and the outside world, in one line of code.
fn reach(path: &str, number: usize, line: &str) -> Option<String> {
    if line.trim_start().starts_with("//") {
        return None;
    }
    let named = |words: &[&'static str]| words.iter().copied().find(|word| line.contains(word));
    if let Some(word) = named(&SQL)
        && line.contains('"')
        && !within(path, &SQL_HOLDERS)
    {
        return Some(format!("{path}:{number}: {}: only the store contains SQL", word.trim()));
    }
    let allowed = within(path, &OUTSIDE_USERS) || OUTSIDE_FILES.iter().any(|(file, _)| *file == path);
    if let Some(word) = named(&OUTSIDE)
        && !allowed
    {
        return Some(format!(
            "{path}:{number}: {word}: only observability and server reach files and environment"
        ));
    }
    None
}

fn within(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path.starts_with(place))
}

#[cfg(test)]
mod tests {
    use super::{Source, check};

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(&[Source::new(path, text)])
    }

    #[test]
    fn sql_is_the_stores() {
        let text = "//! x\nconst Q: &str = \"SELECT 1\";\n// \"SELECT 2\"\n";
        assert!(findings("crates/store/src/a.rs", text).is_empty());
        assert_eq!(
            findings("crates/pipeline/src/a.rs", text),
            ["crates/pipeline/src/a.rs:2: SELECT: only the store contains SQL"]
        );
    }

    #[test]
    fn files_and_environment_are_the_front_doors() {
        let text = "//! x\nuse std::fs;\n#[cfg(test)]\nmod tests {\nuse std::env;\n}\n";
        assert!(findings("crates/server/src/a.rs", text).is_empty());
        assert!(findings("crates/store/src/tls.rs", text).is_empty());
        assert_eq!(findings("crates/store/src/a.rs", text).len(), 1);
    }

    #[test]
    fn a_file_begins_with_what_it_is_in_ascii_and_is_not_mod_rs() {
        assert_eq!(findings("crates/store/src/a/mod.rs", "use x;\n// \u{e9}\n").len(), 3);
        assert!(findings("crates/server/src/render/tree.rs", "//! \u{2514}\n").is_empty());
    }
}
