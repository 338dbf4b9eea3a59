//! Each line of the table.

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{
    Bench, Line,
    postgres::Database,
    process::{Run, Server},
    rounds::Rounds,
    sink,
};

/// A case: what it is called, and how it is measured.
type Case = (&'static str, fn(&Bench) -> Result<Vec<Line>>);

/// In the order of the table.
pub const ALL: [Case; 10] = [
    ("OTLP/HTTP to OTLP/HTTP", http_to_otlp),
    ("OTLP/gRPC to OTLP/HTTP", grpc_to_otlp),
    ("spans to PostgreSQL", spans),
    ("log lines to PostgreSQL", logs),
    ("synced to disk", disk),
    ("embedded engine", embedded),
    ("memory", memory),
    ("connections", connections),
    ("growth", growth),
    ("retention", retention),
];

const MANY_CONNECTIONS: usize = 1000;

const MILLION: u64 = 1_000_000;

const TAKES_MINUTES: &str = "takes some minutes, only without --quick";

const PROCESS: (&str, &str) = ("MAHAVISHNU_DURABILITY", "process");
const DISK: (&str, &str) = ("MAHAVISHNU_DURABILITY", "disk");

fn stores(url: &str) -> [(&str, &str); 2] {
    [("MAHAVISHNU_OTEL_STORAGE_BACKEND", "postgresql"), ("MAHAVISHNU_OTEL_STORAGE_CONNECTION_STRING", url)]
}

fn count(bench: &Bench) -> String {
    bench.size.records.to_string()
}

/// Forwarding, as spans per second of CPU time.
fn forward(bench: &Bench, protocol: &str) -> Result<(Run, f64)> {
    let sink = sink::start()?;
    let variables = [
        ("MAHAVISHNU_OTEL_STORAGE_BACKEND", "otlp"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", sink.as_str()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        PROCESS,
    ];
    let server = Server::start(bench, &variables)?;
    let run = server.load(bench, &["--protocol", protocol, "--count", &count(bench)])?;
    Ok((run, server.peak_mib()?))
}

fn http_to_otlp(bench: &Bench) -> Result<Vec<Line>> {
    let (run, peak) = forward(bench, "http")?;
    let per_second = run.records / run.cpu;
    Ok(vec![Line::new(
        "OTLP/HTTP in, OTLP/HTTP out with gzip",
        forwarded(&run, peak),
        "400,000 spans per CPU-second",
        per_second >= 400_000.0,
    )])
}

fn grpc_to_otlp(bench: &Bench) -> Result<Vec<Line>> {
    let (run, peak) = forward(bench, "grpc")?;
    let per_second = run.records / run.cpu;
    Ok(vec![Line::new(
        "the same over gRPC in",
        forwarded(&run, peak),
        "350,000 spans per CPU-second",
        per_second >= 350_000.0,
    )])
}

fn forwarded(run: &Run, peak: f64) -> String {
    format!(
        "{:.0} spans per CPU-second ({:.2} us each), {:.0} spans/s, peak {peak:.0} MiB",
        run.records / run.cpu,
        run.micros_per_record(),
        run.rate()
    )
}

/// What storing came to: the run, the peak of memory, bytes per record, and COPY of the same rows.
struct Stored {
    run: Run,
    peak: f64,
    bytes: f64,
    copy: f64,
}

/// The binary, and an empty database of this name on the server, in which it stores.
fn storing<'a>(bench: &'a Bench, name: &str, durability: (&str, &str)) -> Result<(Database<'a>, Server)> {
    let database = Database::create(bench, name)?;
    let [backend, url] = stores(&database.url);
    let server = Server::start(bench, &[backend, url, durability])?;
    Ok((database, server))
}

/// Storing, each round in an empty database, as a share of COPY.
fn store(bench: &Bench, name: &str, signal: &str, tables: &[&str]) -> Result<Rounds<Stored>> {
    Rounds::measure(bench.size.rounds, || {
        let (database, server) = storing(bench, name, PROCESS)?;
        let run = server.load(bench, &["--signal", signal, "--count", &count(bench)])?;
        let peak = server.peak_mib()?;
        drop(server);
        let bytes = database.bytes()? / run.records;
        let copy = database.copy_rate(tables, run.records)?;
        Ok((run.rate() / copy, Stored { run, peak, bytes, copy }))
    })
}

fn share(rounds: &Rounds<Stored>) -> String {
    let Stored { run, peak, copy, .. } = &rounds.known;
    format!("{:.0} records/s of {copy:.0} by COPY: {rounds}; peak {peak:.0} MiB", run.rate())
}

fn spans(bench: &Bench) -> Result<Vec<Line>> {
    let rounds = store(bench, "bench_spans", "traces", &["otel.span", "otel.trace", "otel.pattern_count"])?;
    let stored = &rounds.known;
    let micros = stored.run.micros_per_record();
    Ok(vec![
        Line::new("OTLP/HTTP in, PostgreSQL server", share(&rounds), "0.70 of COPY", rounds.ratio >= 0.7),
        Line::new(
            "our process's share of that",
            format!("{micros:.2} us of CPU per span"),
            "4 us",
            micros <= 4.0,
        ),
        Line::new(
            "database size",
            format!("{:.0} bytes per span", stored.bytes),
            "300 bytes",
            stored.bytes <= 300.0,
        ),
    ])
}

fn logs(bench: &Bench) -> Result<Vec<Line>> {
    let rounds = store(bench, "bench_logs", "logs", &["otel.log_record", "otel.pattern_count"])?;
    let stored = &rounds.known;
    let micros = stored.run.micros_per_record();
    Ok(vec![
        Line::new(
            "logs with pattern mining, PostgreSQL server",
            format!("{}; {micros:.2} us of CPU per line", share(&rounds)),
            "0.65 of COPY",
            rounds.ratio >= 0.65,
        ),
        Line::new(
            "size of a log line",
            format!("{:.0} bytes", stored.bytes),
            "200 bytes",
            stored.bytes <= 200.0,
        ),
    ])
}

/// Two rates, of which each round gives the first as a share of the second.
type Rates = (f64, f64);

fn against(rounds: &Rounds<Rates>) -> String {
    let (one, other) = rounds.known;
    format!("{one:.0} against {other:.0} spans/s: {rounds}")
}

fn disk(bench: &Bench) -> Result<Vec<Line>> {
    let rounds = Rounds::measure(bench.size.rounds, || {
        let rate = |durability| {
            let (_database, server) = storing(bench, "bench_disk", durability)?;
            Ok::<_, anyhow::Error>(server.load(bench, &["--count", &count(bench)])?.rate())
        };
        let (process, disk) = (rate(PROCESS)?, rate(DISK)?);
        Ok((disk / process, (disk, process)))
    })?;
    Ok(vec![Line::new("durability disk against process", against(&rounds), "0.85", rounds.ratio >= 0.85)])
}

/// A load and a start on what it left.
fn load_and_start(bench: &Bench, url: &str) -> Result<(f64, Duration)> {
    let [backend, url] = stores(url);
    let variables = [backend, url, PROCESS];
    let server = Server::start(bench, &variables)?;
    let rate = server.load(bench, &["--count", &count(bench)])?.rate();
    Ok((rate, server.restarted(bench, &variables)?.ready))
}

fn embedded(bench: &Bench) -> Result<Vec<Line>> {
    let (mut embedded_starts, mut server_starts) = (Vec::new(), Vec::new());
    let rounds = Rounds::measure(bench.size.rounds, || {
        let directory = tempfile::tempdir()?;
        let engine = format!("embedded:{}", directory.path().join("db").display());
        let (ours, start) = load_and_start(bench, &engine)?;
        embedded_starts.push(start);
        let (theirs, start) = load_and_start(bench, &Database::create(bench, "bench_embedded")?.url)?;
        server_starts.push(start);
        Ok((ours / theirs, (ours, theirs)))
    })?;
    let slowest = |starts: Vec<Duration>| starts.into_iter().max().unwrap_or_default().as_secs_f64();
    let (ready, server_ready) = (slowest(embedded_starts), slowest(server_starts));
    Ok(vec![
        Line::new("embedded engine against a server", against(&rounds), "0.6", rounds.ratio >= 0.6),
        Line::new(
            "start on an existing database, server",
            format!("{server_ready:.2} s"),
            "0.3 s",
            server_ready <= 0.3,
        ),
        Line::new("start on an existing database, embedded", format!("{ready:.2} s"), "1 s", ready <= 1.0),
    ])
}

fn memory(bench: &Bench) -> Result<Vec<Line>> {
    let (_database, server) = storing(bench, "bench_memory", DISK)?;
    let seconds = bench.size.seconds;
    let run = server.load(bench, &["--duration", &seconds.to_string()])?;
    let peak = server.peak_mib()?;
    let measured = format!("{peak:.0} MiB at {:.0} spans/s for {seconds} s", run.rate());
    Ok(vec![Line::new("memory at full load, server storage", measured, "200 MiB", peak <= 200.0)])
}

fn connections(bench: &Bench) -> Result<Vec<Line>> {
    let (_database, server) = storing(bench, "bench_connections", DISK)?;
    let address = server.http.trim_start_matches("http://").to_owned();
    let idle: Vec<TcpStream> =
        (0..MANY_CONNECTIONS).map(|_| TcpStream::connect(&address)).collect::<Result<_, _>>()?;
    let waiting = server.peak_mib()?;
    drop(idle);
    let count = (MANY_CONNECTIONS * 100).to_string();
    let many = MANY_CONNECTIONS.to_string();
    let run = server.load(bench, &["--connections", &many, "--batch", "50", "--count", &count])?;
    let peak = server.peak_mib()?;
    let served = run.report["acknowledged"].as_u64().context("a count")?;
    let measured = format!("{served} of {count} records served, {waiting:.0} MiB idle, {peak:.0} MiB busy");
    let holds = served.to_string() == count && peak <= 400.0;
    Ok(vec![Line::new("1,000 idle connections, then 1,000 busy ones", measured, "all, 400 MiB", holds)])
}

/// A million into an empty database, then one into a database that has grown.
fn growth(bench: &Bench) -> Result<Vec<Line>> {
    const CASE: &str = "ingest rate at 20 million spans against the first million";
    let Some(spans) = bench.size.growth else { return Ok(vec![Line::not_run(CASE, TAKES_MINUTES, "0.9")]) };
    let (_database, grown) = storing(bench, "bench_growth", PROCESS)?;
    // So that the round in the middle of them ends there.
    let before = spans - bench.size.rounds.div_ceil(2) as u64 * MILLION;
    grown.load(bench, &["--count", &before.to_string()])?;
    let million = MILLION.to_string();
    let mut number = 0;
    let rounds = Rounds::measure(bench.size.rounds, || {
        // Another name each time: to drop a database writes out all buffers.
        number += 1;
        let (_database, empty) = storing(bench, &format!("bench_growth_{number}"), PROCESS)?;
        let first = empty.load(bench, &["--count", &million])?.rate();
        drop(empty);
        let last = grown.load(bench, &["--count", &million])?.rate();
        Ok((last / first, (last, first)))
    })?;
    Ok(vec![Line::new(CASE, against(&rounds), "0.9", rounds.ratio >= 0.9)])
}

/// What retention does with the spans of a day that is too old.
fn retention(bench: &Bench) -> Result<Vec<Line>> {
    const CASE: &str = "dropping a day of 5 million spans";
    let Some(spans) = bench.size.day else { return Ok(vec![Line::not_run(CASE, TAKES_MINUTES, "1 s")]) };
    let (database, server) = storing(bench, "bench_retention", PROCESS)?;
    server.load(bench, &["--count", &spans.to_string()])?;
    drop(server);
    let held = database.sql("SELECT count(*) FROM otel.span")?;
    let day = database.sql("SELECT max(start_time)::date FROM otel.span")?;
    let begun = Instant::now();
    database.sql(&format!("SELECT otel.empty_day('span', '{}')", day.trim()))?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(vec![Line::new(CASE, format!("{seconds:.2} s for {} spans", held.trim()), "1 s", seconds <= 1.0)])
}
