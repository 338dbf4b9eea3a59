//! What `sslmode` promises, against a server that speaks TLS with a certificate for `localhost`.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use mahavishnu_store::{Location, Store};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// What the server says to whoever came through TLS.
const SAID: &str = "came through TLS";

/// The eight bytes with which a client asks for TLS.
const TLS_REQUEST_BYTES: usize = 8;

/// Starts a server that accepts TLS and then refuses with [`SAID`]; returns its port and where its certificate is.
async fn server(directory: &Path) -> Result<(u16, String)> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let path = directory.join("root.pem");
    std::fs::write(&path, cert.pem())?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                socket.read_exact(&mut [0; TLS_REQUEST_BYTES]).await?;
                socket.write_all(b"S").await?;
                let mut stream = acceptor.accept(socket).await?;
                // Whatever the startup message says.
                let _startup = stream.read(&mut [0; 1024]).await?;
                let fields = format!("SFATAL\0VFATAL\0C28000\0M{SAID}\0\0");
                stream.write_u8(b'E').await?;
                stream.write_i32(i32::try_from(fields.len())? + 4).await?;
                stream.write_all(fields.as_bytes()).await?;
                stream.shutdown().await?;
                anyhow::Ok(())
            });
        }
    });
    Ok((port, path.to_str().context("a path of text")?.to_owned()))
}

async fn answer(url: &str) -> Result<String> {
    Ok(Store::open(&Location::parse(url)?).await.expect_err("the server refuses everybody").to_string())
}

#[tokio::test]
async fn require_encrypts_and_believes_whoever_answers() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (port, _) = server(directory.path()).await?;
    let said = answer(&format!("postgresql://me@127.0.0.1:{port}/db?sslmode=require")).await?;
    assert!(said.contains(SAID), "{said}");
    Ok(())
}

#[tokio::test]
async fn verify_full_wants_a_trusted_certificate_that_names_the_host() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (port, root) = server(directory.path()).await?;
    let trusted =
        answer(&format!("postgresql://me@localhost:{port}/db?sslmode=verify-full&sslrootcert={root}"))
            .await?;
    assert!(trusted.contains(SAID), "{trusted}");
    let other =
        answer(&format!("postgresql://me@127.0.0.1:{port}/db?sslmode=verify-full&sslrootcert={root}"))
            .await?;
    assert!(!other.contains(SAID) && other.contains("certificate"), "another name: {other}");
    let unknown = answer(&format!("postgresql://me@localhost:{port}/db?sslmode=verify-full")).await?;
    assert!(!unknown.contains(SAID) && unknown.contains("certificate"), "nobody we trust: {unknown}");
    Ok(())
}

#[tokio::test]
async fn verify_ca_wants_a_trusted_certificate_of_any_name() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (port, root) = server(directory.path()).await?;
    let said =
        answer(&format!("postgresql://me@127.0.0.1:{port}/db?sslmode=verify-ca&sslrootcert={root}")).await?;
    assert!(said.contains(SAID), "{said}");
    let missing =
        answer(&format!("postgresql://me@127.0.0.1:{port}/db?sslmode=verify-ca&sslrootcert=/nowhere"))
            .await?;
    assert!(missing.contains("/nowhere"), "{missing}");
    Ok(())
}
