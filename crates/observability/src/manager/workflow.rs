//! Traces of workflows and of the repositories they process.
//!
//! What is open is remembered until it ends; a span is made of it by the manager's thread.

use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
    hash::BuildHasher,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use foldhash::fast::RandomState;
use tracing::warn;

use super::{ObservabilityManager, Record};
use crate::transformation::Attributes;

/// Workflows that are open at the same time. The one that was started first is given up for one more: a workflow that
/// never ends must not cost memory for ever.
const OPEN_WORKFLOWS: usize = 10_000;

/// Repositories of one workflow that are open at the same time, likewise.
const OPEN_REPOSITORIES: usize = 1000;

/// Threads that start and end workflows at the same time rarely meet in one of these.
const SHARDS: usize = 64;

/// What is started and not ended.
#[derive(Debug)]
pub(super) struct Workflows {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    open: AtomicUsize,
}

#[derive(Debug, Default)]
struct Shard {
    workflows: HashMap<Arc<str>, Workflow, RandomState>,
    /// Ids in the order in which they were started; may hold some that have ended.
    started: VecDeque<Arc<str>>,
}

/// A workflow, or a name that only its repositories know.
#[derive(Debug, Default)]
struct Workflow {
    /// What is handed on when it ends, made when it begins so that the end costs little.
    record: Option<Box<EndedWorkflow>>,
    repositories: Vec<(String, Open)>,
}

impl Workflow {
    fn span(&self) -> Option<Open> {
        self.record.as_ref().map(|record| record.span)
    }
}

/// A span that is open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    pub(super) parent: Option<u64>,
    pub(super) started: SystemTime,
}

impl Open {
    /// One that begins; without a parent it is the root of a new trace.
    pub(crate) fn child_of(parent: Option<Self>, started: SystemTime) -> Self {
        Self {
            trace_id: parent.map_or_else(|| fastrand::u128(1..), |it| it.trace_id),
            span_id: fastrand::u64(1..),
            parent: parent.map(|it| it.span_id),
            started,
        }
    }

    pub(super) fn trace_id_hex(self) -> String {
        const_hex::encode(self.trace_id.to_be_bytes())
    }

    pub(super) fn span_id(self) -> u64 {
        self.span_id
    }
}

/// A span that ended.
#[derive(Debug)]
pub(crate) struct EndedSpan {
    pub(crate) span: Open,
    pub(crate) ended: SystemTime,
    pub(crate) name: Cow<'static, str>,
    pub(crate) attributes: Attributes,
    pub(crate) failed: bool,
}

/// A workflow that ended.
#[derive(Debug)]
pub(super) struct EndedWorkflow {
    pub(super) span: Open,
    pub(super) ended: SystemTime,
    pub(super) workflow_id: Arc<str>,
    pub(super) adapter: String,
    pub(super) task_type: String,
    /// `None` where it was given up.
    pub(super) status: Option<String>,
}

/// A repository that was processed.
#[derive(Debug)]
pub(super) struct EndedRepository {
    /// `None` where it was never started.
    pub(super) span: Option<Open>,
    pub(super) ended: SystemTime,
    pub(super) workflow_id: Arc<str>,
    pub(super) repo_path: String,
    /// `None` where nobody said how long it took.
    pub(super) duration: Option<Duration>,
}

impl Default for Workflows {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::default(),
            open: AtomicUsize::new(0),
        }
    }
}

impl Workflows {
    /// Workflows that were started and not ended.
    pub(super) fn len(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    fn shard(&self, workflow_id: &str) -> MutexGuard<'_, Shard> {
        let shard = self.hasher.hash_one(workflow_id) as usize % SHARDS;
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Takes the workflow out that was started first, where there are too many.
    fn give_up_oldest(&mut self) -> Option<(Arc<str>, Workflow)> {
        while self.started.len() >= OPEN_WORKFLOWS / SHARDS {
            let oldest = self.started.pop_front()?;
            if let Some(workflow) = self.workflows.remove(&oldest) {
                return Some((oldest, workflow));
            }
        }
        None
    }
}

impl ObservabilityManager {
    /// Opens the span `workflow.{workflow_id}`, and says the id of its trace in hex: log entries that are given it
    /// belong to the trace. A workflow of that id that is open is given up.
    pub fn start_workflow_trace(&self, workflow_id: &str, adapter: &str, task_type: &str) -> String {
        let span = Open::child_of(None, SystemTime::now());
        let id: Arc<str> = workflow_id.into();
        // All that is allocated is allocated before the lock.
        let workflow = Workflow {
            record: Some(Box::new(EndedWorkflow {
                span,
                ended: span.started,
                workflow_id: Arc::clone(&id),
                adapter: adapter.to_owned(),
                task_type: task_type.to_owned(),
                status: None,
            })),
            repositories: Vec::new(),
        };
        let workflows = &self.shared.workflows;
        let (oldest, before) = {
            let mut shard = workflows.shard(workflow_id);
            let oldest = shard.give_up_oldest();
            shard.started.push_back(Arc::clone(&id));
            (oldest, shard.workflows.insert(Arc::clone(&id), workflow))
        };
        workflows.open.fetch_add(1, Ordering::Relaxed);
        let again = before.map(|workflow| (id, workflow));
        for (workflow_id, workflow) in oldest.into_iter().chain(again) {
            self.end_workflow(workflow_id, workflow, None);
        }
        span.trace_id_hex()
    }

    /// Ends the span of the workflow and those of its repositories, and records its duration. A status of `failed` or
    /// `error` makes it one that failed.
    pub fn end_workflow_trace(&self, workflow_id: &str, status: &str) {
        let ended = {
            let mut shard = self.shared.workflows.shard(workflow_id);
            if shard.started.front().is_some_and(|first| **first == *workflow_id) {
                shard.started.pop_front();
            }
            shard.workflows.remove_entry(workflow_id)
        };
        match ended {
            Some((id, workflow)) => self.end_workflow(id, workflow, Some(status.to_owned())),
            None => warn!(workflow_id, "workflow-not-open: start its trace first"),
        }
    }

    fn end_workflow(&self, workflow_id: Arc<str>, workflow: Workflow, status: Option<String>) {
        let ended = SystemTime::now();
        for (repo_path, span) in workflow.repositories {
            let workflow_id = Arc::clone(&workflow_id);
            let span = Some(span);
            self.push_repository(EndedRepository { span, ended, workflow_id, repo_path, duration: None });
        }
        let Some(mut record) = workflow.record else { return };
        self.shared.workflows.open.fetch_sub(1, Ordering::Relaxed);
        (record.ended, record.status) = (ended, status);
        self.shared.push(Record::Workflow(record));
    }

    /// Opens the span `repo.process.{last component of the path}`, a child of the workflow's.
    pub fn start_repo_trace(&self, repo_path: &str, workflow_id: &str) {
        let started = SystemTime::now();
        let span_id = fastrand::u64(1..);
        let mut shard = self.shared.workflows.shard(workflow_id);
        let workflow = shard.workflows.entry(workflow_id.into()).or_default();
        let parent = workflow.span().or_else(|| workflow.repositories.first().map(|(_, span)| *span));
        let trace_id = parent.map_or_else(|| fastrand::u128(1..), |it| it.trace_id);
        let parent = workflow.span().map(|it| it.span_id);
        let known = workflow.repositories.iter().position(|(path, _)| path == repo_path);
        let given_up = known.or((workflow.repositories.len() >= OPEN_REPOSITORIES).then_some(0));
        let given_up = given_up.map(|index| workflow.repositories.remove(index));
        workflow.repositories.push((repo_path.to_owned(), Open { trace_id, span_id, parent, started }));
        drop(shard);
        if let Some((repo_path, span)) = given_up {
            let workflow_id = workflow_id.into();
            self.push_repository(EndedRepository {
                span: Some(span),
                ended: started,
                workflow_id,
                repo_path,
                duration: None,
            });
        }
    }

    /// Records how long a repository took, and ends its span where one is open.
    pub fn record_repo_processing_time(&self, repo_path: &str, workflow_id: &str, duration: Duration) {
        let span = {
            let mut shard = self.shared.workflows.shard(workflow_id);
            shard.workflows.get_mut(workflow_id).and_then(|workflow| {
                let index = workflow.repositories.iter().position(|(path, _)| path == repo_path)?;
                Some(workflow.repositories.swap_remove(index).1)
            })
        };
        let now = SystemTime::now();
        let ended = span.and_then(|span| span.started.checked_add(duration)).unwrap_or(now);
        self.push_repository(EndedRepository {
            span,
            ended,
            workflow_id: workflow_id.into(),
            repo_path: repo_path.to_owned(),
            duration: Some(duration),
        });
    }

    fn push_repository(&self, ended: EndedRepository) {
        self.shared.push(Record::Repository(Box::new(ended)));
    }

    /// Ends whatever is open, as given up: the manager is shut down.
    pub(super) fn end_all(&self) {
        for shard in &self.shared.workflows.shards {
            let open = mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
            for (workflow_id, workflow) in open.workflows {
                self.end_workflow(workflow_id, workflow, None);
            }
        }
    }
}

/// The last component of a path of any system.
pub(super) fn last_component(path: &str) -> Cow<'_, str> {
    path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default().into()
}
