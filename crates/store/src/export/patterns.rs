//! Which pattern each record follows: miners that all writers share through the database.
//!
//! A miner is loaded when its service first sends something. What it learns is saved in a transaction of its own before
//! the rows that name it. Two processes that learn the same give it the same number, so they need no agreement; where one
//! of them saw more variety, both take on the more general template at the next save.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use deadpool_postgres::Object;
use mahavishnu_semantic::{PatternId, lexical::lexemes, prepare};
use serde_json::Value;
use tokio::sync::Notify;

use crate::{
    error::StoreError,
    export::session::Session,
    time::{PgTimestamp, UnixNanos},
};

mod layout;
mod scope;

pub(crate) use layout::{Column, Division, SetRow};
pub(crate) use scope::{Kind, Scope};

/// Patterns in memory: some 50 MB. Past that it starts again empty, which costs look-ups and nothing else.
const MOST_PATTERNS: usize = 100_000;

/// Patterns of one scope that are loaded, the oldest first: as many as a miner keeps.
const LOADED: i64 = 20_000;

/// The miners of all services.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    scopes: Mutex<HashMap<(Kind, String), SharedScope>>,
    /// Told when there is something without a vector.
    learned: Arc<Notify>,
}

pub(crate) type SharedScope = Arc<Mutex<Scope>>;

impl Patterns {
    /// Told whenever patterns were saved that have no vector yet.
    pub(crate) fn learned(&self) -> Arc<Notify> {
        Arc::clone(&self.learned)
    }

    /// The miner for texts of this kind of a service.
    pub(crate) async fn scope(
        &self,
        session: &Session<'_>,
        kind: Kind,
        service: &str,
    ) -> Result<SharedScope, StoreError> {
        let key = (kind, service.to_owned());
        if let Some(scope) = lock(&self.scopes).get(&key) {
            return Ok(Arc::clone(scope));
        }
        let mut scope = Scope::new(kind, service);
        let client = session.client().await?;
        let statement = client.prepare_cached(include_str!("../../queries/pattern/of_scope.sql")).await?;
        for row in client.query(&statement, &[&kind.name(), &service, &LOADED]).await? {
            scope.learn(row.try_get(0)?, row.try_get(1)?, row.try_get::<_, Option<Value>>(2)?.as_ref());
        }
        let mut scopes = lock(&self.scopes);
        if scopes.values().map(|scope| lock(scope).len()).sum::<usize>() > MOST_PATTERNS {
            scopes.clear();
        }
        Ok(Arc::clone(scopes.entry(key).or_insert_with(|| Arc::new(Mutex::new(scope)))))
    }

    /// Saves sets of attributes that rows name, and tells the miners that found them.
    pub(crate) async fn save_sets(
        &self,
        client: &Object,
        sets: &BTreeMap<i64, SetRow>,
        scopes: &[SharedScope],
    ) -> Result<(), StoreError> {
        if sets.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = sets.keys().copied().collect();
        let keys: Vec<&str> = sets.values().map(|set| set.keys.as_str()).collect();
        let attributes: Vec<&str> = sets.values().map(|set| set.attributes.as_str()).collect();
        let patterns: Vec<Option<i64>> = sets.values().map(|set| set.pattern).collect();
        let formats: Vec<Option<&str>> = sets.values().map(|set| set.message_format.as_deref()).collect();
        let severities: Vec<Option<&str>> = sets.values().map(|set| set.severity_text.as_deref()).collect();
        let observed: Vec<Option<i64>> = sets.values().map(|set| set.observed_delta_ns).collect();
        let flags: Vec<Option<i32>> = sets.values().map(|set| set.flags).collect();
        let scope_ids: Vec<Option<i32>> = sets.values().map(|set| set.scope_id).collect();
        let kinds: Vec<Option<i16>> = sets.values().map(|set| set.kind).collect();
        let statement = client.prepare_cached(include_str!("../../queries/attribute_set/save.sql")).await?;
        client
            .execute(
                &statement,
                &[
                    &ids,
                    &keys,
                    &attributes,
                    &patterns,
                    &formats,
                    &severities,
                    &observed,
                    &flags,
                    &scope_ids,
                    &kinds,
                ],
            )
            .await?;
        for scope in scopes {
            lock(scope).sets_saved(|set| sets.contains_key(&set));
        }
        Ok(())
    }

    /// Saves what these miners learned.
    pub(crate) async fn save(&self, client: &mut Object, scopes: &[SharedScope]) -> Result<(), StoreError> {
        let unsaved: Vec<i64> = scopes.iter().flat_map(|scope| lock(scope).unsaved()).collect();
        if unsaved.is_empty() {
            return Ok(());
        }
        let transaction = client.transaction().await?;
        let statement = transaction.prepare_cached(include_str!("../../queries/pattern/lock.sql")).await?;
        for row in transaction.query(&statement, &[&unsaved]).await? {
            let (kind, service): (String, String) = (row.try_get(3)?, row.try_get(4)?);
            if let Some(scope) = scopes.iter().find(|scope| lock(scope).is(&kind, &service)) {
                let detail: Option<Value> = row.try_get(2)?;
                lock(scope).learn(row.try_get(0)?, row.try_get(1)?, detail.as_ref());
            }
        }
        let rows: BTreeMap<i64, PatternRow> = scopes.iter().flat_map(|scope| lock(scope).rows()).collect();
        let columns = PatternColumns::from(&rows);
        let statement = transaction.prepare_cached(include_str!("../../queries/pattern/save.sql")).await?;
        transaction
            .execute(
                &statement,
                &[
                    &columns.ids,
                    &columns.kinds,
                    &columns.services,
                    &columns.templates,
                    &columns.examples,
                    &columns.first_seen,
                    &columns.details,
                    &columns.words,
                    &columns.lexemes,
                ],
            )
            .await?;
        transaction.commit().await?;
        for scope in scopes {
            lock(scope).saved(&rows);
        }
        self.learned.notify_one();
        Ok(())
    }
}

/// No holder of these locks panics.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock panics")
}

/// A row of `otel.pattern`.
#[derive(Clone, Debug)]
pub(crate) struct PatternRow {
    kind: Kind,
    service: String,
    template: String,
    example: String,
    first_seen: UnixNanos,
    detail: Option<Value>,
}

impl PatternRow {
    /// The words by which it is found.
    fn words(&self) -> String {
        match self.kind {
            // A name alone says little: `GET /` of which service?
            Kind::Span => prepare(&format!("{} {}", self.service, self.template)),
            Kind::Log | Kind::Error => prepare(&self.template),
        }
    }
}

/// Column by column, as `unnest` wants them, in the order of their ids: two writers never wait for each other in a
/// circle.
#[derive(Debug, Default)]
struct PatternColumns<'a> {
    ids: Vec<i64>,
    kinds: Vec<&'static str>,
    services: Vec<&'a str>,
    templates: Vec<&'a str>,
    examples: Vec<&'a str>,
    first_seen: Vec<PgTimestamp>,
    details: Vec<Option<&'a Value>>,
    words: Vec<String>,
    /// Stems with a blank between them.
    lexemes: Vec<String>,
}

impl<'a> From<&'a BTreeMap<i64, PatternRow>> for PatternColumns<'a> {
    fn from(rows: &'a BTreeMap<i64, PatternRow>) -> Self {
        let mut columns = Self::default();
        for (id, row) in rows {
            columns.ids.push(*id);
            columns.kinds.push(row.kind.name());
            columns.services.push(&row.service);
            columns.templates.push(&row.template);
            columns.examples.push(&row.example);
            columns.first_seen.push(row.first_seen.into());
            columns.details.push(row.detail.as_ref());
            let words = row.words();
            columns.lexemes.push(lexemes(&words).join(" "));
            columns.words.push(words);
        }
        columns
    }
}

/// How often a pattern came in one minute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    pub(crate) kind: Kind,
    pub(crate) count: i64,
    pub(crate) errors: i64,
    pub(crate) duration_ns: i64,
}

/// By pattern and minute since 1970.
pub(crate) type Counts = HashMap<(PatternId, u64), Count, foldhash::fast::RandomState>;

/// Nanoseconds of a minute.
pub(crate) const MINUTE_NANOS: u64 = 60_000_000_000;

/// Adds one record of a pattern.
pub(crate) fn add(
    counts: &mut Counts,
    pattern: PatternId,
    kind: Kind,
    time: UnixNanos,
    failed: bool,
    nanos: u64,
) {
    let count = counts.entry((pattern, time.0 / MINUTE_NANOS)).or_insert(Count {
        kind,
        count: 0,
        errors: 0,
        duration_ns: 0,
    });
    count.count += 1;
    count.errors += i64::from(failed);
    count.duration_ns = count.duration_ns.saturating_add(i64::try_from(nanos).unwrap_or(0));
}
