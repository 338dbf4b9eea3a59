//! Exactly once: a destination that keeps receipts has every batch once, whatever breaks and whoever restarts.

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use super::*;
use crate::ranges::Ranges;

const LANES: usize = 3;

/// A database with transactions that break before and after they are committed.
#[derive(Debug)]
struct Database {
    random: Mutex<fastrand::Rng>,
    owner: u64,
    shared: Arc<Mutex<Tables>>,
}

/// What is committed.
#[derive(Debug, Default)]
struct Tables {
    /// How often each batch is there, by its number of records.
    rows: HashMap<usize, usize>,
    receipts: HashMap<usize, Ranges>,
    owner: u64,
}

impl Database {
    fn breaks(&self) -> bool {
        self.random.lock().unwrap().u8(..4) == 0
    }
}

impl Exporter for Database {
    async fn export(&self, _: &[Batch]) -> Result<(), ExportError> {
        unreachable!("a delivery gives receipts")
    }

    fn lanes(&self) -> usize {
        LANES
    }

    async fn resume(&self, _: u64) -> Result<Ranges, ExportError> {
        if self.breaks() {
            return Err(away());
        }
        let mut tables = self.shared.lock().unwrap();
        tables.owner = self.owner;
        let mut has = Ranges::default();
        for lane in tables.receipts.values() {
            has.extend(lane);
        }
        Ok(has)
    }

    async fn deliver(&self, batches: &[Batch], receipt: &Receipt) -> Result<(), ExportError> {
        let wait = self.random.lock().unwrap().u64(..50);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        if self.breaks() {
            return Err(away());
        }
        {
            let mut tables = self.shared.lock().unwrap();
            let here = tables
                .receipts
                .get(&receipt.lane)
                .is_some_and(|has| (receipt.first..=receipt.last).all(|position| has.contains(position)));
            if tables.owner != self.owner {
                return Err(ExportError::Unusable { reason: "another owner".to_owned() });
            }
            if !here {
                for batch in batches {
                    *tables.rows.entry(batch.records()).or_default() += 1;
                }
                tables.receipts.insert(receipt.lane, receipt.has.clone());
            }
        }
        // Committed, and the answer is lost.
        if self.breaks() { Err(away()) } else { Ok(()) }
    }
}

/// Some processes one after the other over one log; each but the last is killed at some moment.
async fn run(seed: u64, batches: usize, processes: u64) -> HashMap<usize, usize> {
    let mut random = fastrand::Rng::with_seed(seed);
    let directory = tempfile::tempdir().unwrap();
    let shared = Arc::new(Mutex::new(Tables::default()));
    let mut submitted = 0;
    for process in 1..=processes {
        let options = Options {
            directory: directory.path().to_owned(),
            durability: Durability::Process,
            budget_bytes: 1 << 20,
            policy: Policy::Refuse,
            segment_bytes: 2000,
            weigh: Intake::weigh,
        };
        let (spool, _recovery) = loop {
            match Spool::open(options.clone(), &["otlp"]) {
                Ok(opened) => break opened,
                // The thread of the one before is still closing.
                Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        };
        let database = Arc::new(Database {
            random: Mutex::new(random.fork()),
            owner: process,
            shared: Arc::clone(&shared),
        });
        let resilience = Resilience {
            breaker: CircuitBreaker::new("otlp", BreakerSettings::try_new(100, SECOND).expect("allowed")),
            retry: RetrySettings::new(2, Duration::from_millis(1)),
            seed,
        };
        let delivery = Delivery::start(&database, &resilience, &spool, &Route::default()).expect("a reader");
        let intake = Intake::new(spool.clone(), None);
        let last = process == processes;
        let until = if last { batches } else { submitted + random.usize(..=batches - submitted) };
        while submitted < until {
            submitted += 1;
            intake.submit(batch(submitted)).await.expect("room");
            if random.bool() {
                tokio::time::sleep(Duration::from_millis(random.u64(..20))).await;
            }
        }
        if last {
            delivery.destination().reached(&spool).await;
        } else {
            tokio::time::sleep(Duration::from_millis(random.u64(..200))).await;
        }
        delivery.task.abort();
        drop((delivery, intake));
        spool.close().await.unwrap();
    }
    let tables = shared.lock().unwrap();
    tables.rows.clone()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_batch_is_there_once_whatever_breaks(seed in any::<u64>(), processes in 1..4_u64) {
        const BATCHES: usize = 60;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let rows = runtime.block_on(run(seed, BATCHES, processes));
        let expected: HashMap<usize, usize> = (1..=BATCHES).map(|number| (number, 1)).collect();
        prop_assert_eq!(rows, expected);
    }
}
