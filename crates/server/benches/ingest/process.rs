//! The binary as a process of its own, so that its CPU time is its own.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::time::{sleep, timeout};

/// A first start on the embedded engine unpacks a database.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// Clock ticks per second in /proc; Linux has fixed it for programs.
const TICKS_PER_SECOND: f64 = 100.0;

pub struct Server {
    child: Child,
    http: String,
}

impl Server {
    pub async fn start(storage: &str) -> Result<Self> {
        let port = || std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let (grpc, http, api) = (port()?, port()?, port()?);
        let child = Command::new(env!("CARGO_BIN_EXE_mahavishnu-otel"))
            .args(["serve", "--storage", storage])
            .args(["--grpc", &grpc.to_string(), "--http", &http.to_string(), "--api", &api.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .context("the binary does not start")?;
        let ready = format!("http://{api}/readyz");
        let waiting = async {
            while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(START_DEADLINE, waiting).await.context("the server was not ready in time")?;
        Ok(Self { child, http: format!("http://{http}") })
    }

    pub fn http(&self) -> &str {
        &self.http
    }

    /// User and system time so far (proc(5), fields 14 and 15 of `stat`).
    pub fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(Duration::from_secs_f64(ticks / TICKS_PER_SECOND))
    }

    pub async fn stop(mut self) -> Result<()> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        let status = tokio::task::spawn_blocking(move || self.child.wait()).await??;
        if !status.success() {
            bail!("the server ended with {status}");
        }
        Ok(())
    }
}
