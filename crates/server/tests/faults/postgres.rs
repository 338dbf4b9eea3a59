//! A PostgreSQL server that may be killed: one of its own.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use mahavishnu_test_util::database::{REQUIRE_VARIABLE, server_url};

/// The server; stopped with this value.
pub struct Postgres {
    script: PathBuf,
    state: tempfile::TempDir,
    url: String,
}

impl Postgres {
    /// Starts one; `None` where tests do without servers.
    pub fn start() -> Result<Option<Self>> {
        if server_url().is_none() && env::var_os("CI").is_none() && env::var_os(REQUIRE_VARIABLE).is_none() {
            return Ok(None);
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres");
        let mut postgres = Self { script, state: tempfile::tempdir()?, url: String::new() };
        let said = postgres.run(&["start"])?;
        let url = said.trim().split_once('=').context("the line to export")?.1;
        postgres.url = url.to_owned();
        Ok(Some(postgres))
    }

    /// An empty database.
    pub fn database(&self, name: &str) -> Result<String> {
        Ok(self.run(&["database", name])?.trim().to_owned())
    }

    /// Kills it and starts it again.
    pub fn crash(&self) -> Result<()> {
        self.run(&["crash"]).map(drop)
    }

    /// Ends every session of the database.
    pub async fn terminate(&self, database: &str) -> Result<()> {
        let name = database.rsplit('/').next().unwrap_or_default();
        let statement =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        mahavishnu_test_util::database::execute(&self.url, &[&statement]).await.context("terminating")
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.script)
            .args(arguments)
            .env("TEST_POSTGRES_STATE", self.state.path().join("server"))
            .env("TEST_POSTGRES_URL", &self.url)
            .output()
            .context("scripts/postgres does not start")?;
        ensure!(
            output.status.success(),
            "scripts/postgres {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _at_the_end = self.run(&["stop"]);
    }
}
