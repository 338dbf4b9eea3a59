//! A server of `scripts/postgres` for the bench alone, databases on it, and what COPY makes of the same rows.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::Bench;

/// Connections with which the binary writes to a server.
const WRITERS: usize = 2;

/// As a server is set up that has work to do: the 128 MB of buffers and 1 GB of log that PostgreSQL comes with are for a start.
const CONFIGURATION: &str = "shared_buffers = '1GB'\nmax_wal_size = '8GB'";

/// The server, ended with this value.
#[derive(Debug)]
pub struct Postgres {
    script: PathBuf,
    directory: TempDir,
}

impl Postgres {
    /// Not started yet.
    pub fn new(root: &Path) -> Result<Self> {
        Ok(Self { script: root.join("scripts/postgres"), directory: tempfile::tempdir()? })
    }

    /// `scripts/postgres`, about this server.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.script);
        command
            .env("TEST_POSTGRES_STATE", self.directory.path().join("server"))
            .env("TEST_POSTGRES_CONF", CONFIGURATION)
            .env_remove("TEST_POSTGRES_URL");
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self
            .command()
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("scripts/postgres does not start")?;
        ensure!(output.status.success(), "scripts/postgres {} failed", arguments.first().unwrap_or(&""));
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _or_not = self.run(&["stop"]);
    }
}

/// A database for one case.
#[derive(Debug)]
pub struct Database<'a> {
    bench: &'a Bench,
    pub url: String,
}

impl<'a> Database<'a> {
    /// An empty database of this name.
    pub fn create(bench: &'a Bench, name: &str) -> Result<Self> {
        bench.postgres.run(&["start"])?;
        let url = bench.postgres.run(&["database", name])?;
        Ok(Self { bench, url: url.trim().to_owned() })
    }

    /// Runs statements and gives back what they say.
    pub fn sql(&self, sql: &str) -> Result<String> {
        self.bench.postgres.run(&[
            "psql",
            "--dbname",
            &self.url,
            "--tuples-only",
            "--no-align",
            "--command",
            sql,
        ])
    }

    /// Bytes of the tables of the schema with their indexes.
    pub fn bytes(&self) -> Result<f64> {
        // What a partitioned table holds is in its partitions; what waits to be summarised or cleaned is done first.
        self.sql("VACUUM")?;
        let sql = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = 'otel'::regnamespace \
                   AND relkind IN ('r', 'm')";
        Ok(self.sql(sql)?.trim().parse()?)
    }

    /// Records per second of COPY BINARY of the rows that `tables` hold, into them, from as many connections as we use.
    pub fn copy_rate(&self, tables: &[&str], records: f64) -> Result<f64> {
        let directory = tempfile::tempdir()?;
        let copy = |what: &str, direction: &str, table: &str, writer: usize| {
            let file = directory.path().join(format!("{table}.{writer}"));
            format!("\\copy {what} {direction} '{}' (FORMAT binary)", file.display())
        };
        for table in tables {
            for writer in 0..WRITERS {
                // Every other row: both writers have rows of all times, as ours have.
                let rows = format!(
                    "(SELECT * FROM {table} WHERE (ctid::text::point)[1]::int % {WRITERS} = {writer})"
                );
                self.sql(&copy(&rows, "TO", table, writer))?;
            }
        }
        self.sql(&format!("TRUNCATE {}", tables.join(", ")))?;
        let begun = Instant::now();
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let mut command = self.bench.postgres.command();
            command.args(["psql", "--dbname", &self.url]);
            for table in tables {
                command.args(["--command", &copy(table, "FROM", table, writer)]);
            }
            writers.push(command.stdout(Stdio::null()).spawn()?);
        }
        for mut writer in writers {
            ensure!(writer.wait()?.success(), "COPY failed");
        }
        Ok(records / begun.elapsed().as_secs_f64())
    }
}
