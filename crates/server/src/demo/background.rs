//! Log records that belong to no trace: heartbeats, pools, checkpoints.

use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};

use super::{
    builder::{Recorded, log_record},
    random::{MILLISECOND, Random},
    services::{Instance, Service},
    value::{IntoValue, attribute},
};

/// The log records of a stretch of time, one every some seconds.
pub fn logs(random: &mut Random, from: u64, until: u64) -> Vec<Recorded<LogRecord>> {
    let mut logs = Vec::new();
    let mut at = from;
    loop {
        at += random.range(9_000, 31_000) * MILLISECOND;
        if at >= until {
            return logs;
        }
        logs.push(log(random, at));
    }
}

fn log(random: &mut Random, at: u64) -> Recorded<LogRecord> {
    match random.range(0, 7) {
        0 => {
            let (due, queued) = (random.range(0, 4), random.range(0, 23));
            let text = format!("Scheduler tick: {due} workflows due, {queued} queued");
            record(random, Service::Mahavishnu, at, SeverityNumber::Info, text)
        }
        1 => {
            let (used, waiting) = (random.range(3, 20), random.range(0, 4));
            let text = format!("Connection pool: {used} of 20 connections in use, {waiting} waiting");
            let severity = if used > 17 { SeverityNumber::Warn } else { SeverityNumber::Info };
            record(random, Service::Mahavishnu, at, severity, text)
        }
        2 => {
            let (buffers, seconds) = (random.range(180, 5_900), random.range(9, 53));
            let tenths = random.range(0, 999);
            let text = format!(
                "checkpoint complete: wrote {buffers} buffers ({}.{}%); write={seconds}.{tenths:03} s",
                buffers / 163,
                buffers % 10
            );
            let mut record = record(random, Service::Postgres, at, SeverityNumber::Info, text);
            record.record.attributes = vec![attribute("log.file.name", "postgresql.log")];
            record
        }
        3 => {
            let (removed, mebibytes) = (random.range(1, 9), random.range(40, 900));
            let text = format!("pruned {removed} stale worktrees, {mebibytes} MiB freed");
            record(random, Service::Git, at, SeverityNumber::Info, text)
        }
        4 => {
            let millis = random.range(180, 900);
            let text = format!("Health check of provider mistral_ai took {millis} ms");
            let severity = if millis > 750 { SeverityNumber::Warn } else { SeverityNumber::Debug };
            record(random, Service::Llm, at, severity, text)
        }
        5 => {
            let body = vec![
                attribute("msg", "prompt cache statistics"),
                attribute("hits", random.range(40, 900)),
                attribute("misses", random.range(10, 300)),
                attribute(
                    "size",
                    vec![attribute("entries", random.range(300, 1_000)), attribute("limit", 1_000_i64)],
                ),
            ];
            record(random, Service::Llm, at, SeverityNumber::Info, body)
        }
        6 => {
            let (active, idle) = (random.range(0, 9), random.range(1, 6));
            let text = format!(
                "HikariPool-1 - Pool stats (total={}, active={active}, idle={idle}, waiting=0)",
                active + idle
            );
            record(random, Service::Payment, at, SeverityNumber::Debug, text)
        }
        _ => {
            let (place, seconds) = (random.range(101_200, 188_900), random.range(6, 48));
            let text = format!("webhook delivery {place} arrived {seconds} s late");
            record(random, Service::Git, at, SeverityNumber::Warn, text)
        }
    }
}

fn record(
    random: &mut Random,
    service: Service,
    at: u64,
    severity: SeverityNumber,
    body: impl IntoValue,
) -> Recorded<LogRecord> {
    let replica = random.range(1, service.replicas() as u64) as usize - 1;
    log_record(Instance { service, replica }, at, severity, body)
}
