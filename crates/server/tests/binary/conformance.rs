//! Ours receives OTLP as the specification says, and the checks find one that does not.

use anyhow::{Context, Result};
use mahavishnu_test_util::process::{Server, run};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");

#[tokio::test(flavor = "multi_thread")]
async fn every_check_passes_on_ours() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let storage = format!("embedded:{}", directory.path().join("db").display());
    let server = Server::start(BINARY, &storage).await?;
    let arguments = ["conformance", "--target", server.http(), "--grpc", server.grpc(), "--json"];
    let output = run(BINARY, &arguments)?;
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).context("JSON")?;
    let failed: Vec<&Value> = findings.iter().filter(|finding| finding["passed"] != true).collect();
    assert!(failed.is_empty() && output.status.success(), "{failed:#?}");
    assert!(findings.len() > 30, "{}", findings.len());
    server.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_yes_to_everything_fails() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 65536];
                let _read = socket.read(&mut request).await;
                let _sent = socket
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\n\x1b[2")
                    .await;
            });
        }
    });
    let output = tokio::task::spawn_blocking(move || {
        run(BINARY, &["conformance", "--target", &format!("http://{address}")])
    });
    let output = output.await??;
    let table = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{table}");
    assert!(table.contains("gRPC was not checked") && !table.contains('\x1b'), "{table}");
    Ok(())
}
