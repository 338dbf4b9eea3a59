//! Random runs against a model: a list of records and two numbers per reader.

use bytes::Bytes;
use proptest::{
    prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest},
    test_runner::TestCaseError,
};

use super::{Scratch, options};
use crate::{Durability, Entry, Mark, Policy, Reader, Spool, Weight};

const READERS: [&str; 2] = ["a", "b"];

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<u16>),
    Read { reader: usize, max_records: usize, max_bytes: usize },
    Advance(usize),
    Rewind(usize),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let reader = 0..READERS.len();
    prop_oneof![
        4 => proptest::collection::vec(0..400_u16, 1..6).prop_map(Step::Append),
        4 => (reader.clone(), 1..20_usize, 0..2000_usize)
            .prop_map(|(reader, max_records, max_bytes)| Step::Read { reader, max_records, max_bytes }),
        2 => reader.clone().prop_map(Step::Advance),
        1 => reader.prop_map(Step::Rewind),
        1 => Just(Step::Reopen),
    ]
}

/// What must be true.
#[derive(Default)]
struct Model {
    records: Vec<Bytes>,
    /// Positions up to these are done, and read.
    done: [u64; 2],
    read: [u64; 2],
    /// Of the last record read.
    marks: [Option<Mark>; 2],
    /// Records that went with the policy to drop them.
    lost: [u64; 2],
    /// How many those were when the spool was opened.
    opened_lost: [u64; 2],
}

struct Run {
    durability: Durability,
    policy: Policy,
    spool: Spool,
    readers: [Reader; 2],
    model: Model,
    /// The last, so that it goes when the spool is gone.
    directory: Scratch,
}

fn open(directory: &Scratch, durability: Durability, policy: Policy) -> (Spool, [Reader; 2]) {
    let mut options = options(directory.path(), durability);
    options.policy = policy;
    if policy == Policy::DropOldest {
        options.budget_bytes = 5000;
    }
    let (spool, recovery) = Spool::open(options, &READERS).unwrap();
    assert!(recovery.is_clean());
    let readers = READERS.map(|name| spool.reader(name).unwrap());
    (spool, readers)
}

impl Run {
    fn new(durability: Durability, policy: Policy) -> Self {
        let directory = Scratch::new();
        let (spool, readers) = open(&directory, durability, policy);
        Self { durability, policy, spool, readers, model: Model::default(), directory }
    }

    async fn append(&mut self, sizes: Vec<u16>) {
        let spool = &self.spool;
        for size in sizes {
            let record = Bytes::from(vec![u8::try_from(size % 251).unwrap(); usize::from(size)]);
            let position = spool.append(record.clone()).await.unwrap();
            self.model.records.push(record);
            assert_eq!(position.get(), self.model.records.len() as u64);
        }
        assert!(spool.used_bytes() <= spool.budget_bytes());
        self.count_dropped();
    }

    /// Dropping moves cursors: the model learns from them what was dropped, and checks the count.
    fn count_dropped(&mut self) {
        for (index, reader) in self.readers.iter().enumerate() {
            let cursor = reader.cursor().get();
            assert!(cursor >= self.model.done[index]);
            self.model.lost[index] += cursor - self.model.done[index];
            self.model.done[index] = cursor;
            assert_eq!(reader.lost(), self.model.lost[index]);
            assert!(self.policy == Policy::DropOldest || reader.lost() == 0);
        }
    }

    async fn read(&mut self, reader: usize, max_records: usize, max_bytes: usize) {
        let last = self.model.records.len() as u64;
        if self.model.read[reader].max(self.model.done.into_iter().min().unwrap()) >= last {
            return;
        }
        let entries = self.readers[reader].read(max_records, max_bytes).await.unwrap();
        assert!(!entries.is_empty() && entries.len() <= max_records);
        let bytes: usize = entries.iter().map(|entry| entry.record.len()).sum();
        assert!(entries.len() == 1 || bytes <= max_bytes);
        let first = entries[0].position.get();
        // What was read before it was dropped need not be there any more; nothing else is left out.
        assert!(first > self.model.read[reader]);
        assert!(first == self.model.read[reader] + 1 || self.policy == Policy::DropOldest);
        for (position, entry) in (first..).zip(&entries) {
            assert_eq!(entry.position.get(), position);
            assert_eq!(entry.record, self.model.records[usize::try_from(position).unwrap() - 1]);
        }
        self.model.read[reader] = entries.last().unwrap().position.get();
        self.model.marks[reader] = entries.last().map(Entry::mark);
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Append(sizes) => self.append(sizes).await,
            Step::Read { reader, max_records, max_bytes } => self.read(reader, max_records, max_bytes).await,
            Step::Advance(reader) => {
                if let Some(mark) = self.model.marks[reader] {
                    self.readers[reader].advance(mark);
                }
                self.model.done[reader] = self.model.done[reader].max(self.model.read[reader]);
            }
            Step::Rewind(reader) => {
                self.readers[reader].rewind();
                self.model.read[reader] = self.model.done[reader];
                self.model.marks[reader] = None;
            }
            Step::Reopen if self.durability == Durability::Memory => {}
            Step::Reopen => {
                self.spool.clone().close().await.unwrap();
                (self.spool, self.readers) = open(&self.directory, self.durability, self.policy);
                self.model.read = self.model.done;
                self.model.marks = [None; 2];
                self.model.opened_lost = self.model.lost;
            }
        }
        let last = self.model.records.len() as u64;
        assert_eq!(self.spool.next_position().get(), last + 1);
        for (index, reader) in self.readers.iter().enumerate() {
            assert_eq!(reader.cursor().get(), self.model.done[index]);
            assert_eq!(reader.lag_records(), last - self.model.done[index]);
            let done = usize::try_from(self.model.done[index]).unwrap();
            let bytes = self.model.records[done..].iter().map(|record| record.len() as u64).sum();
            let standing = reader.standing();
            assert_eq!(standing.waiting, Weight([last - self.model.done[index], bytes, 0]));
            assert_eq!(standing.missed.0[0], self.model.lost[index] - self.model.opened_lost[index]);
        }
    }
}

fn run(durability: Durability, policy: Policy, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut run = Run::new(durability, policy);
        for step in steps {
            run.step(step).await;
        }
    });
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_random_run_does_what_the_model_says(
        steps in proptest::collection::vec(step(), 1..40), drop in any::<bool>(), which in 0..5_usize,
    ) {
        let policy = if drop { Policy::DropOldest } else { Policy::Refuse };
        // Syncs are slow: one run in five.
        let durability = [Durability::Memory, Durability::Process][which % 2];
        run(if which == 4 { Durability::Disk } else { durability }, policy, steps)?;
    }
}
