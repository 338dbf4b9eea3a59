//! What one is told when something is wrong: one sentence that says what to do, and the right exit code.

use std::process::Output;

use anyhow::Result;
use mahavishnu_test_util::process::{Server, client, run};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");

const ANY_PORTS: [&str; 6] = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--api", "127.0.0.1:0"];

fn embedded(directory: &TempDir) -> String {
    format!("embedded:{}", directory.path().join("db").display())
}

/// The exit code, and what was said on standard error: one line that begins with `error:`.
fn refusal(output: &Output) -> (Option<i32>, String) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("error: ") && said.trim_end().lines().count() == 1, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code(), said)
}

#[tokio::test]
async fn a_second_process_on_the_same_embedded_directory_is_told_whom_to_ask() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = embedded(&directory);
    let running = Server::start(BINARY, &storage).await?;
    let (code, said) = refusal(&run(BINARY, &[&["serve", "--storage", &storage], &ANY_PORTS[..]].concat())?);
    assert!(code == Some(1) && said.contains("another process") && said.contains("--url"), "{code:?} {said}");
    let (code, said) = refusal(&run(BINARY, &["traces", "--storage", &storage])?);
    assert!(code == Some(1) && said.contains("another process"), "{code:?} {said}");
    assert_eq!(running.get("/api/v1/traces").await?, serde_json::json!([]), "the first is not disturbed");
    running.stop().await
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_the_flag_that_chooses_another() -> Result<()> {
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let directory = tempfile::tempdir()?;
    for flag in ["--grpc", "--http", "--api"] {
        let mut arguments = vec!["serve", "--storage"];
        let storage = embedded(&directory);
        arguments.push(&storage);
        for pair in ANY_PORTS.chunks(2) {
            arguments.extend([pair[0], if pair[0] == flag { &address } else { pair[1] }]);
        }
        let (code, said) = refusal(&run(BINARY, &arguments)?);
        assert!(code == Some(1) && said.contains(&address) && said.contains(flag), "{code:?} {said}");
    }
    assert!(!directory.path().join("db").exists(), "no database was touched");
    Ok(())
}

#[test]
fn a_directory_that_can_not_be_written_is_named() -> Result<()> {
    let output = run(BINARY, &[&["serve", "--storage", "embedded:/dev/null/db"], &ANY_PORTS[..]].concat())?;
    let (code, said) = refusal(&output);
    assert!(
        code == Some(1) && said.contains("/dev/null/db") && said.contains("--storage"),
        "{code:?} {said}"
    );
    Ok(())
}

#[test]
fn a_question_makes_no_database() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (code, said) = refusal(&run(BINARY, &["traces", "--storage", &embedded(&directory)])?);
    assert!(code == Some(3) && said.contains("no database in") && said.contains("serve"), "{code:?} {said}");
    assert!(!directory.path().join("db").exists());
    Ok(())
}

#[test]
fn a_database_that_refuses_is_named_without_its_password() -> Result<()> {
    let storage = "postgresql://me:s3cret@127.0.0.1:1/otel";
    let (code, said) = refusal(&run(BINARY, &["traces", "--storage", storage])?);
    assert!(code == Some(1) && said.contains("127.0.0.1:1") && !said.contains("s3cret"), "{code:?} {said}");
    Ok(())
}

#[test]
fn a_storage_that_is_none_is_wrong_usage() -> Result<()> {
    let (code, said) = refusal(&run(BINARY, &["traces", "--storage", "mysql://h/db"])?);
    assert!(code == Some(2) && said.contains("postgresql://"), "{code:?} {said}");
    Ok(())
}

#[tokio::test]
async fn the_exit_code_tells_what_is_not_there_from_what_is_wrong() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = embedded(&directory);
    let running = Server::start(BINARY, &storage).await?;
    let missing = "0123456789abcdef0123456789abcdef";
    let ask = |arguments: &[&str]| run(BINARY, &[arguments, &["--url", running.api()]].concat());
    assert_eq!(refusal(&ask(&["trace", missing])?).0, Some(3));
    assert_eq!(refusal(&ask(&["trace", "the name of another"])?).0, Some(3));
    assert_eq!(ask(&["traces", "--since", "yesterday"])?.status.code(), Some(2));
    assert_eq!(ask(&["traces", "--json"])?.stdout, b"[]\n");
    let (_, said) = refusal(&ask(&["sql", "DELETE FROM otel.span"])?);
    assert!(said.contains("only statements that read"), "{said}");
    running.stop().await?;
    assert_eq!(refusal(&run(BINARY, &["trace", missing, "--storage", &storage])?).0, Some(3));
    Ok(())
}

#[test]
fn a_server_that_is_not_there_is_answered_with_how_to_start_one() -> Result<()> {
    let (code, said) = refusal(&run(BINARY, &["status", "--url", "http://127.0.0.1:1"])?);
    assert!(code == Some(1) && said.contains("serve") && said.contains("--storage"), "{code:?} {said}");
    Ok(())
}

#[tokio::test]
async fn a_page_of_another_site_can_not_ask() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let running = Server::start(BINARY, &embedded(&directory)).await?;
    let client = client();
    for (name, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
        let answer =
            client.get(format!("{}/api/v1/traces", running.api())).header(name, value).send().await?;
        assert_eq!(answer.status(), 403, "{name}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    running.stop().await
}
