//! PostgreSQL in this process: `pglite-oxide`, one connection, its files in one directory.

use std::{path::Path, time::Duration};

use pglite_oxide::{PgliteServer, extensions};
use tokio_postgres::Config;

use crate::error::{StoreError, describe};

/// How long the engine may take to write what it holds when it is stopped.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// A running engine. It listens on a socket that only this user can reach.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Until it is stopped.
    server: Option<PgliteServer>,
    // Holds the socket; removed when the engine is gone.
    _socket_directory: tempfile::TempDir,
}

impl Engine {
    /// Opens the database in `directory`, and makes it where there is none.
    pub(crate) async fn start(directory: &Path) -> Result<Self, StoreError> {
        let directory = directory.to_owned();
        tokio::task::spawn_blocking(move || Self::start_blocking(&directory)).await.map_err(|_| {
            StoreError::Unavailable("the embedded database stopped while it started".to_owned())
        })?
    }

    fn start_blocking(directory: &Path) -> Result<Self, StoreError> {
        let shown = directory.display();
        std::fs::create_dir_all(directory).map_err(|error| {
            StoreError::Unsuitable(format!(
                "the directory {shown} of the embedded database can not be made: {error}; name another with \
                 --storage embedded:DIR"
            ))
        })?;
        tempfile::tempfile_in(directory).map_err(|error| {
            StoreError::Unsuitable(format!(
                "the directory {shown} of the embedded database can not be written: {error}; name another with \
                 --storage embedded:DIR"
            ))
        })?;
        let socket_directory = tempfile::tempdir().map_err(|error| {
            StoreError::Unavailable(format!("no temporary directory can be made: {error}"))
        })?;
        let server = PgliteServer::builder()
            .path(directory)
            .unix(socket_directory.path().join(".s.PGSQL.5432"))
            .extension(extensions::VECTOR)
            .start()
            .map_err(|error| refused(directory, &error.to_string(), &format!("{error:#}")))?;
        Ok(Self { server: Some(server), _socket_directory: socket_directory })
    }

    /// How to connect to it.
    pub(crate) fn config(&self) -> Result<Config, StoreError> {
        let url = self.server.as_ref().map(PgliteServer::database_url).unwrap_or_default();
        url.parse().map_err(|error| {
            StoreError::Unavailable(format!("the embedded database has a bad address: {}", describe(&error)))
        })
    }

    /// Stops it and waits until its files are closed. Its connections must be closed before.
    pub(crate) async fn stop(mut self) {
        let Some(server) = self.server.take() else { return };
        let stopping = tokio::task::spawn_blocking(move || {
            if let Err(error) = server.shutdown() {
                tracing::warn!(%error, "embedded database stopped with an error");
            }
        });
        if tokio::time::timeout(STOP_DEADLINE, stopping).await.is_err() {
            tracing::warn!("embedded database did not stop in time");
        }
    }
}

impl Drop for Engine {
    /// It waits for its connection to end, and who drops it here may be who would end that: it stops on a thread of its own.
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            std::thread::spawn(move || drop(server));
        }
    }
}

fn refused(directory: &Path, error: &str, chain: &str) -> StoreError {
    let shown = directory.display();
    if chain.contains("already in use") {
        return StoreError::Unsuitable(format!(
            "another process has the embedded database in {shown} open: ask that one with --url, stop it, or name \
             another directory with --storage embedded:DIR"
        ));
    }
    StoreError::Unsuitable(format!("the embedded database in {shown} can not be opened: {error}"))
}
