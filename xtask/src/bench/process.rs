//! The binary as it runs: started, loaded, looked at.

use std::{
    cell::Cell,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::Bench;

/// Clock ticks per second in /proc; Linux has fixed it for programs.
const TICKS_PER_SECOND: f64 = 100.0;

const FIRST_SEED: u64 = 7;

/// A running server with a directory of its own, ended with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    directory: tempfile::TempDir,
    /// Loads that it had: each is of other traces, as in life.
    loads: Cell<u64>,
    pub grpc: String,
    pub http: String,
    pub api: String,
    /// From the start to the moment when it said where it listens.
    pub ready: Duration,
}

/// What a load came to.
#[derive(Clone, Debug)]
pub struct Run {
    pub records: f64,
    /// Until every destination had everything, in seconds.
    pub seconds: f64,
    /// CPU time of the server, in seconds.
    pub cpu: f64,
    pub report: Value,
}

impl Run {
    pub fn rate(&self) -> f64 {
        self.records / self.seconds
    }

    pub fn micros_per_record(&self) -> f64 {
        self.cpu * 1e6 / self.records
    }
}

impl Server {
    /// Starts the binary with these variables.
    pub fn start(bench: &Bench, variables: &[(&str, &str)]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        Self::start_in(bench, directory, variables)
    }

    fn start_in(bench: &Bench, directory: tempfile::TempDir, variables: &[(&str, &str)]) -> Result<Self> {
        let begun = Instant::now();
        let mut child = Command::new(&bench.binary)
            .args(["serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--api", "127.0.0.1:0"])
            .current_dir(directory.path())
            .env("MAHAVISHNU_SPOOL__DIRECTORY", directory.path().join("spool"))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the binary does not start")?;
        let mut lines = BufReader::new(child.stdout.take().context("its output is piped")?).lines();
        let mut addresses = Vec::new();
        while addresses.len() < 3 {
            let Some(line) = lines.next() else { bail!("it ended before it served: {}", child.wait()?) };
            addresses
                .extend(line?.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned));
        }
        let ready = begun.elapsed();
        // Whatever it says later must find a reader.
        thread::spawn(move || lines.for_each(drop));
        let [grpc, http, api] = addresses.try_into().map_err(|_| anyhow::anyhow!("three addresses"))?;
        Ok(Self { child, directory, loads: Cell::new(0), grpc, http, api, ready })
    }

    /// Sends a load and waits until it arrived.
    pub fn load(&self, bench: &Bench, arguments: &[&str]) -> Result<Run> {
        let over_grpc = arguments.contains(&"grpc");
        let target = if over_grpc { &self.grpc } else { &self.http };
        let seed = FIRST_SEED + self.loads.replace(self.loads.get() + 1);
        let before = self.cpu()?;
        let output = Command::new(&bench.binary)
            .args(["loadgen", "--json", "--verify", "--target", target, "--api", &self.api])
            .args(["--seed", &seed.to_string()])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .context("loadgen does not start")?;
        let cpu = self.cpu()? - before;
        ensure!(output.status.success(), "loadgen: {}", String::from_utf8_lossy(&output.stderr).trim());
        let report: Value = serde_json::from_slice(&output.stdout).context("loadgen says no JSON")?;
        let records = report["acknowledged"].as_f64().context("loadgen counts nothing")?;
        // Without the rows that it counts afterwards.
        let seconds =
            report["arrived"]["seconds"].as_f64().context("loadgen does not say when all arrived")?;
        Ok(Run { records, seconds, cpu, report })
    }

    /// User and system time so far, in seconds (proc(5), fields 14 and 15 of `stat`).
    fn cpu(&self) -> Result<f64> {
        let stat = fs::read_to_string(Path::new("/proc").join(self.child.id().to_string()).join("stat"))?;
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / TICKS_PER_SECOND)
    }

    /// The most memory that it had at a time, in MiB.
    pub fn peak_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(Path::new("/proc").join(self.child.id().to_string()).join("status"))?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).context("no VmHWM")?;
        let kib: f64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
        Ok(kib / 1024.0)
    }

    /// Ends it as an operator does, and gives back its directory.
    fn stop(mut self) -> Result<tempfile::TempDir> {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status()?;
        self.child.wait()?;
        let directory = std::mem::replace(&mut self.directory, tempfile::tempdir()?);
        Ok(directory)
    }

    /// Ends it and starts it again on the same data.
    pub fn restarted(self, bench: &Bench, variables: &[(&str, &str)]) -> Result<Self> {
        let directory = self.stop()?;
        Self::start_in(bench, directory, variables)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
