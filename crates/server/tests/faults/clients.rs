//! SDKs, as far as it matters: each sends one request after the other until it is acknowledged, the same bytes again
//! after any failure.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mahavishnu_test_util::process::client;
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, any_value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
};
use prost::Message;
use tokio::task::JoinSet;

use super::Running;

const CLIENTS: usize = 4;

/// An SDK gives up and sends again after a while.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was sent and what was answered.
#[derive(Debug, Default)]
pub struct Sent {
    pub acknowledged: HashSet<String>,
    /// Requests that were sent more than once.
    pub resent: usize,
}

/// Running clients.
pub struct Clients {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Sent>,
}

impl Clients {
    /// Starts to send.
    pub fn start(random: &mut fastrand::Rng, running: &Running, name: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for number in 0..CLIENTS {
            tasks.spawn(send(
                format!("{name}{number}"),
                random.fork(),
                Arc::clone(running),
                Arc::clone(&stop),
            ));
        }
        Self { stop, tasks }
    }

    /// No new requests.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits until everything that was begun is acknowledged.
    pub async fn finish(mut self) -> Sent {
        let mut all = Sent::default();
        while let Some(sent) = self.tasks.join_next().await {
            let sent = sent.expect("no panic");
            all.acknowledged.extend(sent.acknowledged);
            all.resent += sent.resent;
        }
        all
    }
}

async fn send(name: String, mut random: fastrand::Rng, running: Running, stop: Arc<AtomicBool>) -> Sent {
    let (http, mut sent) = (client(), Sent::default());
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let records: Vec<String> =
            (0..random.usize(1..200)).map(|record| format!("{name}-{number}-{record}")).collect();
        let body = request(&records);
        let mut tries = 0;
        loop {
            tries += 1;
            let address = running.lock().expect("not poisoned").clone();
            let Some(address) = address else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let sending = http
                .post(format!("{}/v1/logs", address.http))
                .header("content-type", "application/x-protobuf")
                .body(body.clone())
                .timeout(PATIENCE)
                .send();
            match sending.await.map(|answer| answer.status().as_u16()) {
                Ok(200) => break,
                Ok(429 | 502 | 503 | 504) | Err(_) => {
                    tokio::time::sleep(Duration::from_millis(random.u64(10..100))).await;
                }
                Ok(status) => panic!("{status} is no answer to a good request"),
            }
        }
        sent.resent += usize::from(tries > 1);
        sent.acknowledged.extend(records);
        // Now and then the answer is lost, and it comes again.
        if random.u8(..10) == 0 {
            let address = running.lock().expect("not poisoned").clone();
            if let Some(address) = address {
                sent.resent += 1;
                let url = format!("{}/v1/logs", address.http);
                let again = http.post(url).header("content-type", "application/x-protobuf").body(body);
                let _lost = again.timeout(PATIENCE).send().await;
            }
        }
        tokio::time::sleep(Duration::from_millis(random.u64(..20))).await;
    }
    sent
}

fn request(records: &[String]) -> Vec<u8> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(since_1970.as_nanos()).expect("before 2554");
    let record = |text: &String| LogRecord {
        time_unix_nano: now,
        body: Some(AnyValue { value: Some(any_value::Value::StringValue(text.clone())) }),
        ..LogRecord::default()
    };
    let log_records = records.iter().map(record).collect();
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}
