//! Under load everything is broken that can be, several things at once; afterwards every acknowledged record is in
//! PostgreSQL exactly once and at the OTLP upstream at least once, and no record is invented.
//!
//! `FAULT_RUNS` says how many runs (2 where it is not set), `FAULT_SEED` the seed of the first: a run that fails says its
//! own, and `FAULT_RUNS=1 FAULT_SEED=...` plays the same faults again. `FAULT_RUNS=200` is the whole.

mod clients;
mod disk;
mod injector;
mod postgres;
mod upstream;

use std::{
    collections::HashMap,
    env,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use mahavishnu_store::{Location, Store};
use mahavishnu_test_util::process::Server;

use clients::Clients;
use disk::SmallDisk;
use injector::{Faults, inject};
use postgres::Postgres;
use upstream::Upstream;

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");

/// How long a run is broken.
const BROKEN: Duration = Duration::from_secs(6);

/// How long everything may take to be where it belongs once nothing is broken: some trials of a breaker.
const HEALED: Duration = Duration::from_secs(120);

/// Our server, or none while it is killed. It comes back on other ports, as behind a load balancer.
type Running = Arc<Mutex<Option<Addresses>>>;

/// Where to send.
#[derive(Clone, Debug)]
struct Addresses {
    http: String,
}

/// What a run is made of.
struct World {
    postgres: Postgres,
    database: String,
    upstream: Upstream,
    running: Running,
    server: Option<Server>,
    environment: Vec<(String, String)>,
}

impl World {
    /// Starts our server with the same settings and the same spool.
    async fn start(&mut self) -> Result<()> {
        let environment: Vec<(&str, &str)> =
            self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let server = Server::start_with(BINARY, &self.database, &environment).await?;
        let addresses = Addresses { http: server.http().to_owned() };
        *self.running.lock().expect("not poisoned") = Some(addresses);
        self.server = Some(server);
        Ok(())
    }

    /// Kills it, in the middle of whatever it does.
    async fn kill(&mut self) -> Result<()> {
        *self.running.lock().expect("not poisoned") = None;
        match self.server.take() {
            Some(server) => server.kill().await,
            None => Ok(()),
        }
    }
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_record_is_stored_once_whatever_breaks() -> Result<()> {
    let Some(postgres) = Postgres::start()? else { return Ok(()) };
    let first = number("FAULT_SEED", 20_261_124);
    let mut postgres = Some(postgres);
    for seed in first..first + number("FAULT_RUNS", 2) {
        let server = postgres.take().context("one server for all runs")?;
        postgres = Some(run(seed, server).await.with_context(|| format!("FAULT_SEED={seed}"))?);
    }
    Ok(())
}

async fn run(seed: u64, postgres: Postgres) -> Result<Postgres> {
    let began = Instant::now();
    let mut random = fastrand::Rng::with_seed(seed);
    let directory = tempfile::tempdir()?;
    let disk = SmallDisk::mount(directory.path(), random.u8(..4) == 0)?;
    let upstream = Upstream::start(seed).await?;
    let database = postgres.database(&format!("faults_{seed}"))?;
    let environment = environment(&mut random, directory.path(), &upstream);
    let mut world =
        World { postgres, database, upstream, running: Running::default(), server: None, environment };
    world.start().await?;
    let clients = Clients::start(&mut random, &world.running, "ours");
    // A second process of ours that writes to the same database, and that nobody kills.
    let bystander = Server::start_with(BINARY, &world.database, &[("RUST_LOG", "off")]).await?;
    let beside = Running::default();
    *beside.lock().expect("not poisoned") = Some(Addresses { http: bystander.http().to_owned() });
    let others = Clients::start(&mut random, &beside, "beside");
    let mut faults = inject(&mut world, &mut random, BROKEN).await?;
    if disk.is_some() {
        faults.count("small disk");
    }
    clients.stop();
    others.stop();
    world.upstream.heal().await?;
    if world.server.is_none() {
        world.start().await?;
    }
    let sent = tokio::time::timeout(HEALED, clients.finish()).await.context("a client was never answered")?;
    let beside =
        tokio::time::timeout(HEALED, others.finish()).await.context("a client was never answered")?;
    settle(&world).await?;
    tokio::time::timeout(HEALED, bystander.settled())
        .await
        .context("the second process never delivers")??;
    bystander.stop().await?;
    let report = check(&world, &sent, &beside).await?;
    let server = world.server.take().context("it runs")?;
    server.stop().await?;
    drop(disk);
    report_line(seed, began.elapsed(), &faults, &report);
    Ok(world.postgres)
}

/// The settings of a run: small budgets and short waits where chance wants them.
fn environment(random: &mut fastrand::Rng, directory: &Path, upstream: &Upstream) -> Vec<(String, String)> {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        set("MAHAVISHNU_OTEL_STORAGE_BACKEND", "both"),
        set("MAHAVISHNU_OBSERVABILITY__OTLP_ENDPOINT", &upstream.url()),
        set("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        set("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
        set("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        set("MAHAVISHNU_SPOOL__DIRECTORY", &directory.join("spool").display().to_string()),
        set("MAHAVISHNU_SPOOL__BUDGET_BYTES", if random.u8(..4) == 0 { "1048576" } else { "67108864" }),
        set("MAHAVISHNU_DURABILITY", if random.bool() { "disk" } else { "process" }),
        set("MAHAVISHNU_OTEL_STORAGE_CIRCUIT_BREAKER_TIMEOUT", "10"),
        set(
            "MAHAVISHNU_OTEL_STORAGE_CIRCUIT_BREAKER_FAILURES",
            if random.u8(..4) == 0 { "3" } else { "100" },
        ),
        set("RUST_LOG", "off"),
    ]
}

/// Waits until every destination has everything.
async fn settle(world: &World) -> Result<()> {
    let server = world.server.as_ref().context("it runs")?;
    tokio::time::timeout(HEALED, server.settled()).await.context("something is never delivered")?
}

/// What was found.
struct Report {
    acknowledged: usize,
    resent: usize,
    upstream_extra: usize,
}

async fn check(world: &World, sent: &clients::Sent, beside: &clients::Sent) -> Result<Report> {
    let store = Store::open(&Location::parse(&world.database)?).await?;
    let client = store.connection().await?;
    let rows = client.query("SELECT message, count(*) FROM otel.otel_logs GROUP BY 1", &[]).await?;
    let stored: HashMap<String, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let letters: i64 = client.query_one("SELECT count(*) FROM otel.dead_letter", &[]).await?.get(0);
    drop(client);
    store.close().await;
    ensure!(letters == 0, "{letters} dead letters though nothing was poisonous");
    let twice = stored.iter().filter(|(_, count)| **count > 1).count();
    ensure!(twice == 0, "{twice} of {} records are there more than once", stored.len());
    let received = world.upstream.received();
    for record in &sent.acknowledged {
        ensure!(stored.contains_key(record), "{record} was acknowledged and is not in PostgreSQL");
        ensure!(received.contains_key(record), "{record} was acknowledged and did not reach the upstream");
    }
    for record in &beside.acknowledged {
        ensure!(stored.contains_key(record), "{record} of the second process is not in PostgreSQL");
    }
    let known =
        |record: &&String| sent.acknowledged.contains(*record) || beside.acknowledged.contains(*record);
    let invented = stored.keys().chain(received.keys()).filter(|record| !known(record)).count();
    ensure!(invented == 0, "{invented} records were never sent");
    let ledger = world.server.as_ref().context("it runs")?.get("/api/v1/status").await?;
    for destination in ledger["destinations"].as_array().context("destinations")? {
        for entry in destination["ledger"].as_array().context("a ledger")? {
            let of = |key: &str| entry[key].as_u64().unwrap_or(u64::MAX);
            let sum = of("stored") + of("waiting") + of("dead_lettered") + of("dropped") + of("skipped");
            ensure!(sum == of("given") && of("dropped") == 0, "the counts do not add up: {entry}");
        }
    }
    let upstream_extra = received.values().map(|count| count - 1).sum();
    let acknowledged = sent.acknowledged.len() + beside.acknowledged.len();
    Ok(Report { acknowledged, resent: sent.resent, upstream_extra })
}

#[expect(clippy::print_stdout, reason = "whoever runs 200 of them looks at the table")]
fn report_line(seed: u64, elapsed: Duration, faults: &Faults, report: &Report) {
    println!(
        "{seed}: {} records once each, {} requests sent again, upstream {} twice; {faults}; {:.1} s",
        report.acknowledged,
        report.resent,
        report.upstream_extra,
        elapsed.as_secs_f64()
    );
}
