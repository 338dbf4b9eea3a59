//! The binary as a process of its own.

use std::{
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::timeout,
};

/// A first start on the embedded engine unpacks a database; machines for tests are slow and busy.
const START_DEADLINE: Duration = Duration::from_secs(120);

/// How often somebody who waits looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Clock ticks per second in /proc; Linux has fixed it for programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running `serve`, ended with this value.
#[derive(Debug)]
pub struct Server {
    child: tokio::process::Child,
    addresses: [String; 3],
    /// Removed with it, unless the environment names another.
    _spool: tempfile::TempDir,
}

/// Runs a command of the binary to its end, away from the settings of whoever runs the tests.
///
/// # Errors
///
/// When it can not be started.
pub fn run(binary: &str, arguments: &[&str]) -> Result<Output> {
    let child = Command::new(binary)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    child.and_then(Child::wait_with_output).context("the binary does not start")
}

/// An HTTP client. It speaks no TLS, but does not exist without somebody to do the cryptography.
#[must_use]
pub fn client() -> reqwest::Client {
    // Refused where a test has chosen already, which is as good.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

impl Server {
    /// Starts `serve` on free ports and waits until it says where it listens.
    ///
    /// # Errors
    ///
    /// When it ends, or is not ready in time.
    pub async fn start(binary: &str, storage: &str) -> Result<Self> {
        Self::start_with(binary, storage, &[]).await
    }

    /// The same with these environment variables.
    ///
    /// # Errors
    ///
    /// When it ends, or is not ready in time.
    pub async fn start_with(binary: &str, storage: &str, environment: &[(&str, &str)]) -> Result<Self> {
        let spool = tempfile::tempdir()?;
        let mut child = tokio::process::Command::new(binary)
            .env("MAHAVISHNU_SPOOL__DIRECTORY", spool.path())
            .args(["serve", "--storage", storage])
            .args(["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--api", "127.0.0.1:0"])
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("the binary does not start")?;
        let stdout = child.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let mut addresses = Vec::new();
        while addresses.len() < 3 {
            let line = timeout(START_DEADLINE, lines.next_line()).await.context("not ready in time")??;
            let Some(line) = line else { bail!("it ended before it served: {}", child.wait().await?) };
            addresses
                .extend(line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned));
        }
        // Whatever it says later must find a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let addresses = addresses.try_into().map_err(|_| anyhow::anyhow!("three addresses"))?;
        Ok(Self { child, addresses, _spool: spool })
    }

    /// Where it takes OTLP/gRPC.
    #[must_use]
    pub fn grpc(&self) -> &str {
        &self.addresses[0]
    }

    /// Where it takes OTLP/HTTP.
    #[must_use]
    pub fn http(&self) -> &str {
        &self.addresses[1]
    }

    /// Where it answers.
    #[must_use]
    pub fn api(&self) -> &str {
        &self.addresses[2]
    }

    /// What the API answers to a GET of `path`.
    ///
    /// # Errors
    ///
    /// When it does not answer with JSON.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let url = format!("{}{path}", self.api());
        let body = client().get(&url).send().await?.bytes().await?;
        serde_json::from_slice(&body).with_context(|| format!("{url} answered no JSON"))
    }

    /// Waits until every destination has everything that was accepted.
    ///
    /// # Errors
    ///
    /// When that takes too long.
    pub async fn settled(&self) -> Result<()> {
        let settling = async {
            loop {
                let status = self.get("/api/v1/status").await?;
                let destinations = status["destinations"].as_array().context("destinations")?;
                if destinations.iter().all(|destination| destination["waiting_requests"] == 0) {
                    return Ok(());
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        timeout(START_DEADLINE, settling).await.context("something still waits")?
    }

    /// User and system time so far (proc(5), fields 14 and 15 of `stat`).
    ///
    /// # Errors
    ///
    /// When the process is gone.
    pub fn cpu(&self) -> Result<Duration> {
        let id = self.child.id().context("it has ended")?;
        let stat = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat"))?;
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(Duration::from_secs_f64(ticks / TICKS_PER_SECOND))
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    ///
    /// When it does not end in time.
    pub async fn ended(mut self) -> Result<std::process::ExitStatus> {
        Ok(timeout(START_DEADLINE, self.child.wait()).await.context("it does not end")??)
    }

    /// Kills it as the kernel would.
    ///
    /// # Errors
    ///
    /// When it can not be killed.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("it can not be killed")
    }

    /// Ends it as an operator does, and waits.
    ///
    /// # Errors
    ///
    /// When it does not end, or not with success.
    pub async fn stop(mut self) -> Result<()> {
        let id = self.child.id().context("it has ended")?;
        Command::new("kill").arg(id.to_string()).status()?;
        let status = timeout(START_DEADLINE, self.child.wait()).await.context("it does not stop")??;
        if !status.success() {
            bail!("it ended with {status}");
        }
        Ok(())
    }
}
