//! Metrics that are sampled rather than counted: memory, connections, pauses of the Go runtime.

use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, DataPointFlags, Gauge, NumberDataPoint, Sum, Summary, SummaryDataPoint,
    metric::Data, number_data_point::Value, summary_data_point::ValueAtQuantile,
};

use super::{
    metrics::{Exported, Window, metric},
    random::{Random, SECOND},
    services::{GIT_RUNTIME, Instance, LLM_HTTP, ORCHESTRATOR, Origin, PAYMENT_POOL, Service},
    value::attribute,
};

const MEBIBYTE: u64 = 1 << 20;
/// The memory limit of git-service, which it reaches before it is killed.
const MEMORY_LIMIT: u64 = 512 * MEBIBYTE;
/// How long the memory of git-service grows before it is killed.
const GROWTH: u64 = 240 * SECOND;

/// Adds the sampled metrics of a process at the end of each window; `kills` are the times at which it was killed.
pub fn sample(
    exported: &mut Exported,
    random: &mut Random,
    instance: Instance,
    windows: &[Window],
    kills: &[u64],
) {
    let memory =
        windows.iter().map(|window| point(*window, memory(random, instance.service, window.1, kills)));
    let memory = Data::Gauge(Gauge { data_points: memory.collect() });
    let origin = match instance.service {
        Service::Git => GIT_RUNTIME,
        Service::Llm => LLM_HTTP,
        Service::Payment => PAYMENT_POOL,
        Service::Mahavishnu | Service::Postgres => ORCHESTRATOR,
    };
    push(exported, origin, windows.len(), ("process.memory.usage", "Physical memory in use", "By", memory));
    if instance.service == Service::Payment {
        let points = connections(random, windows);
        let count = points.len();
        let sum = Data::Sum(Sum {
            data_points: points,
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic: false,
        });
        let named = ("db.client.connection.count", "Connections of the pool by state", "{connection}", sum);
        push(exported, PAYMENT_POOL, count, named);
    }
    if instance.service == Service::Git {
        let data_points = windows.iter().map(|window| pauses(random, *window, kills)).collect();
        let summary = Data::Summary(Summary { data_points });
        let description = "A summary of the wall-time pause duration in garbage collection cycles.";
        push(exported, GIT_RUNTIME, windows.len(), ("go_gc_duration_seconds", description, "s", summary));
    }
}

fn push(exported: &mut Exported, origin: Origin, points: usize, named: (&str, &str, &str, Data)) {
    let (name, description, unit, data) = named;
    exported.scopes.entry(origin).or_default().push(metric(name, description, unit, data));
    exported.points += points;
}

fn point(window: Window, value: u64) -> NumberDataPoint {
    NumberDataPoint {
        time_unix_nano: window.1,
        value: Some(Value::AsInt(i64::try_from(value).unwrap_or(i64::MAX))),
        ..NumberDataPoint::default()
    }
}

/// Memory of a process: around its usual size, growing towards the limit before a kill.
fn memory(random: &mut Random, service: Service, at: u64, kills: &[u64]) -> u64 {
    let usual = match service {
        Service::Mahavishnu => 312,
        Service::Git => 148,
        Service::Llm => 226,
        Service::Payment => 604,
        Service::Postgres => 1_024,
    } * MEBIBYTE;
    let noise = random.range(0, usual / 9);
    let growing = kills.iter().find(|kill| **kill >= at && **kill - at < GROWTH);
    match growing {
        Some(kill) => {
            let remaining = (kill - at) as f64 / GROWTH as f64;
            usual + ((1.0 - remaining) * (MEMORY_LIMIT - usual - usual / 9) as f64) as u64 + noise
        }
        None => usual + noise,
    }
}

/// Connections in use and idle; together the pool has ten.
fn connections(random: &mut Random, windows: &[Window]) -> Vec<NumberDataPoint> {
    const POOL: u64 = 10;
    let mut points = Vec::new();
    for window in windows {
        let used = random.range(0, 6);
        for (state, value) in [("used", used), ("idle", POOL - used)] {
            let attributes = vec![
                attribute("db.client.connection.pool.name", "HikariPool-1"),
                attribute("db.client.connection.state", state),
            ];
            points.push(NumberDataPoint { attributes, ..point(*window, value) });
        }
    }
    points
}

/// Pauses of the garbage collector; in the window of a kill the collector could not read them.
fn pauses(random: &mut Random, window: Window, kills: &[u64]) -> SummaryDataPoint {
    if kills.iter().any(|kill| *kill > window.0 && *kill <= window.1) {
        return SummaryDataPoint {
            time_unix_nano: window.1,
            flags: DataPointFlags::NoRecordedValueMask as u32,
            ..SummaryDataPoint::default()
        };
    }
    let count = window.1 / (4 * SECOND) % 9_000;
    let micros = random.range(38, 71) as f64;
    let quantiles = [(0.0, 0.4), (0.25, 0.8), (0.5, 1.0), (0.75, 1.5), (1.0, 11.0)];
    let value = |(quantile, factor): (f64, f64)| ValueAtQuantile { quantile, value: micros * factor / 1e6 };
    SummaryDataPoint {
        time_unix_nano: window.1,
        count,
        sum: count as f64 * micros * 1.2 / 1e6,
        quantile_values: quantiles.map(value).to_vec(),
        ..SummaryDataPoint::default()
    }
}
