//! A PostgreSQL server shared by all test processes, and a database of its own for each test.

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use anyhow::{Context, Result, bail};
use tokio_postgres::NoTls;
use url::Url;

/// Names the server: a `postgresql://` URL of a role that may create databases.
pub const SERVER_VARIABLE: &str = "TEST_POSTGRES_URL";

/// Set to anything, a missing server fails tests instead of skipping them. `CI` does the same.
pub const REQUIRE_VARIABLE: &str = "TEST_POSTGRES_REQUIRED";

/// The URL of the server for tests: from [`SERVER_VARIABLE`], otherwise the one that `scripts/postgres start` left
/// running. `None` where there is neither.
#[must_use]
pub fn server_url() -> Option<String> {
    if let Some(url) = env::var(SERVER_VARIABLE).ok().filter(|url| !url.is_empty()) {
        return Some(url);
    }
    // Written by scripts/postgres: the URL is its first line.
    let state = cache_dir()?.join("mahavishnu-otel/postgres/server");
    let url = fs::read_to_string(state).ok()?.lines().next()?.to_owned();
    Some(url)
}

fn cache_dir() -> Option<PathBuf> {
    let from = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")))
}

/// A fresh, empty database. It is dropped with this value, connections to it or not.
#[derive(Debug)]
pub struct TestDatabase {
    server: String,
    name: String,
    url: String,
}

impl TestDatabase {
    /// Creates a database on the server for tests; `Ok(None)` where there is no server and that is allowed.
    ///
    /// # Errors
    ///
    /// When the server refuses, or there is none and `CI` or [`REQUIRE_VARIABLE`] is set.
    pub async fn create() -> Result<Option<Self>> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Some(server) = server_url() else { return no_server("no PostgreSQL server is running") };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{count}", process::id());
        let mut url = Url::parse(&server).with_context(|| format!("{SERVER_VARIABLE} is not a URL"))?;
        url.set_path(&name);
        // Left by a killed process that had the same id.
        let drop_old = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        match execute(&server, &[&drop_old, &format!("CREATE DATABASE {name}")]).await {
            Ok(()) => Ok(Some(Self { server, name, url: url.into() })),
            // The file of scripts/postgres outlives a server that was killed, for example by a reboot.
            Err(error) if env::var_os(SERVER_VARIABLE).is_none() && error.as_db_error().is_none() => {
                no_server(&format!("the PostgreSQL server for tests does not answer ({error})"))
            }
            Err(error) => Err(error).context("the PostgreSQL server for tests refused a database"),
        }
    }

    /// The `postgresql://` URL of this database, for its superuser.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Throws everybody out and lets nobody in, as a database that is away; or lets everybody in again.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn accept_connections(&self, accept: bool) -> Result<()> {
        let alter = format!("ALTER DATABASE {} ALLOW_CONNECTIONS {accept}", self.name);
        let throw_out =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        execute(&self.server, &[&alter, &throw_out]).await.context("the PostgreSQL server for tests refused")
    }
}

impl Drop for TestDatabase {
    /// Drops the database, as well as it can: the server goes away with all of them.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A thread, because this may run inside a runtime, which must not block on another.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            runtime.map(|runtime| runtime.block_on(execute(&server, &[&statement])))
        });
        if !matches!(dropping.join(), Ok(Ok(Ok(())))) {
            say(&format!("database {} was not dropped", self.name));
        }
    }
}

fn no_server(what: &str) -> Result<Option<TestDatabase>> {
    if env::var_os("CI").is_some() || env::var_os(REQUIRE_VARIABLE).is_some() {
        bail!("{what}: run scripts/postgres start, or set {SERVER_VARIABLE}");
    }
    say(&format!("skipped: {what}: run scripts/postgres start first"));
    Ok(None)
}

#[expect(clippy::print_stderr, reason = "the test harness shows it beside the test's name")]
fn say(what: &str) {
    eprintln!("{what}");
}

/// Runs these statements, one after the other.
///
/// # Errors
///
/// When the server can not be reached or refuses one.
pub async fn execute(url: &str, statements: &[&str]) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    for statement in statements {
        client.batch_execute(statement).await?;
    }
    drop(client);
    drop(driver.await);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_of_its_own_is_there_and_then_gone() -> Result<()> {
        let (Some(first), Some(second)) = (TestDatabase::create().await?, TestDatabase::create().await?)
        else {
            return Ok(());
        };
        execute(first.url(), &["CREATE TABLE only_here (x int)"]).await?;
        assert!(execute(second.url(), &["SELECT * FROM only_here"]).await.is_err());
        let url = first.url().to_owned();
        let open = tokio_postgres::connect(&url, NoTls).await?;
        drop(first);
        assert!(execute(&url, &["SELECT 1"]).await.is_err(), "dropped, connections or not");
        drop(open);
        Ok(())
    }
}
