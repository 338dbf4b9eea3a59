//! What recording costs whoever records: 8 threads, with destinations that are dead and that hang.
//!
//! `cargo bench -p mahavishnu-observability --bench hot_path`. Every call is timed on its own; the time of an empty call,
//! which is that of the clock, stands beside, and so does `tracing` with a subscriber that does nothing.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::{
    hint::black_box,
    net::TcpListener,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use mahavishnu_observability::{Durability, Flag, MahavishnuSettings, ObservabilityManager, Sources};

const THREADS: usize = 8;

/// Calls of one thread: a few seconds for the slowest.
const CALLS: usize = 40_000;

/// How many calls a thread makes before it pauses for a millisecond: so many that nothing is dropped, and so many that
/// the queue is mostly full.
const BUSY: usize = 20;
const FLAT_OUT: usize = 1000;

/// What the median and the 99.9th percentile may be.
const MEDIAN_NS: u64 = 300;
const P999_NS: u64 = 20_000;

/// The longest call that is told apart.
const LONGEST_NS: u64 = 10_000_000_000;

fn main() -> ExitCode {
    let _no_op = tracing::subscriber::set_global_default(tracing::subscriber::NoSubscriber::new());
    let hanging = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = hanging.local_addr().expect("bound");
    println!("{THREADS} threads, {CALLS} calls each; limits: median {MEDIAN_NS} ns, 99.9 % {P999_NS} ns");
    println!("busy: a pause of 1 ms after {BUSY} calls; flat out: after {FLAT_OUT}, more than is kept\n");
    println!("{:<44} {:>9} {:>9} {:>9} {:>11} {:>10}", "call", "median", "99 %", "99.9 %", "max", "dropped");
    measure("an empty call", None, BUSY, |_| {});
    measure("tracing::info! with 3 fields, no subscriber", None, BUSY, |number| {
        tracing::info!(order = number, customer = "acme", paid = true, "payment taken");
    });
    let mut fits = true;
    for (name, endpoint, database) in [
        ("dead", "http://127.0.0.1:1".to_owned(), "postgresql://localhost:1/otel".to_owned()),
        ("hanging", format!("http://{address}"), format!("postgresql://{address}/otel")),
    ] {
        let manager = manager(&endpoint, &database);
        let (log, metric) = (manager.clone(), manager.clone());
        let log = move |number: usize| {
            let attributes = vec![
                ("order".into(), (number as i64).into()),
                ("customer".into(), "acme".into()),
                ("paid".into(), true.into()),
            ];
            log.log_info("payment taken", attributes, None);
        };
        let metric = move |_| {
            metric.record_metric("mahavishnu.errors.count", 1.0, vec![("adapter".into(), "prefect".into())]);
        };
        fits &= measure(&format!("log_info, 3 attributes ({name}, busy)"), Some(&manager), BUSY, log.clone());
        fits &= measure(&format!("record_metric, 1 label ({name}, busy)"), Some(&manager), BUSY, metric);
        fits &= measure_spans(name, &manager);
        fits &= measure(&format!("log_info, 3 attributes ({name}, flat out)"), Some(&manager), FLAT_OUT, log);
    }
    if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A manager whose destinations never take anything.
fn manager(endpoint: &str, database: &str) -> ObservabilityManager {
    let flag = |key, value: &str| Flag { key, value: value.to_owned(), flag: "bench" };
    let flags = vec![
        flag("otel_storage_backend", "both"),
        flag("observability.otlp_endpoint", endpoint),
        flag("otel_storage_connection_string", database),
        flag("spool.when_full", "drop_oldest"),
        flag("spool.budget_bytes", "67108864"),
    ];
    let mut settings =
        MahavishnuSettings::load(&Sources { flags, ..Sources::default() }).expect("valid").settings;
    settings.durability = Durability::Memory;
    ObservabilityManager::new(&settings).expect("started")
}

/// Starting and ending, each timed on its own.
fn measure_spans(name: &str, manager: &ObservabilityManager) -> bool {
    let histograms: Vec<_> = (0..THREADS)
        .map(|thread| {
            let manager = manager.clone();
            thread::spawn(move || {
                let (mut starts, mut ends) = (histogram(), histogram());
                for number in 0..CALLS / 2 {
                    let id = format!("workflow-{thread}-{number}");
                    time(&mut starts, || black_box(manager.start_workflow_trace(&id, "prefect", "sweep")));
                    time(&mut ends, || manager.end_workflow_trace(&id, "completed"));
                    // Two calls each.
                    breathe(number, BUSY / 2);
                }
                (starts, ends)
            })
        })
        .collect();
    let (mut starts, mut ends) = (histogram(), histogram());
    for thread in histograms {
        let (start, end) = thread.join().expect("no panic");
        starts.add(start).expect("the same range");
        ends.add(end).expect("the same range");
    }
    let dropped = dropped_since(manager);
    let started = print(&format!("start_workflow_trace ({name})"), &starts, dropped);
    print(&format!("end_workflow_trace ({name})"), &ends, dropped) && started
}

fn measure(
    name: &str,
    manager: Option<&ObservabilityManager>,
    calls: usize,
    call: impl Fn(usize) + Clone + Send + 'static,
) -> bool {
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let call = call.clone();
            thread::spawn(move || {
                let mut histogram = histogram();
                for number in 0..CALLS {
                    time(&mut histogram, || call(black_box(number)));
                    breathe(number, calls);
                }
                histogram
            })
        })
        .collect();
    let mut all = histogram();
    for thread in threads {
        all.add(thread.join().expect("no panic")).expect("the same range");
    }
    let dropped = manager.map_or(0, dropped_since);
    print(name, &all, dropped)
}

/// Whoever records does something else too.
fn breathe(number: usize, calls: usize) {
    if number % calls == calls - 1 {
        thread::sleep(Duration::from_millis(1));
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("a range")
}

fn time<T>(histogram: &mut Histogram<u64>, call: impl FnOnce() -> T) {
    let begun = Instant::now();
    let result = call();
    let elapsed = begun.elapsed();
    drop(result);
    histogram.saturating_record(u64::try_from(elapsed.as_nanos()).unwrap_or(LONGEST_NS));
}

/// What was dropped so far, once the queue is empty again for the next call.
fn dropped_since(manager: &ObservabilityManager) -> u64 {
    while manager.get_performance_metrics().queued > 0 {
        thread::sleep(Duration::from_millis(10));
    }
    manager.get_performance_metrics().dropped
}

/// Prints a line; says whether both limits hold.
fn print(name: &str, histogram: &Histogram<u64>, dropped: u64) -> bool {
    let [median, p99, p999] = [0.5, 0.99, 0.999].map(|quantile| histogram.value_at_quantile(quantile));
    let max = histogram.max();
    println!("{name:<44} {median:>6} ns {p99:>6} ns {p999:>6} ns {max:>8} ns {dropped:>10}");
    median < MEDIAN_NS && p999 < P999_NS
}
