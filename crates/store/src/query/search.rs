//! Search: words and meaning joined over the patterns.
//!
//! A pattern gets a score of three parts:
//!
//! - the cosine of the angle between the vectors of question and pattern;
//! - 0.05 times the cosine of their words, weighed by rarity: small, since people seldom use the words of programs;
//! - 0.2 times the cosine of its words with those of the three patterns nearest in meaning: what those call a thing, others
//!   call it too (feedback as in Rocchio, "Relevance feedback in information retrieval", 1971).
//!
//! What stands exactly in the pattern or its example - a quoted phrase, an id, a code - comes before everything else. Ties go
//! to the smaller number.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use mahavishnu_semantic::{
    Embedder, PatternId,
    lexical::{self, Vocabulary, Weighed},
    prepare,
};
use tokio::{sync::OnceCell, time::Instant};

use super::{QueryService, count_of, timestamp};
use crate::{
    embedding::{Hnsw, Numbers, embed, literal},
    error::StoreError,
    time::{PgTimestamp, UnixNanos},
};

mod exact;
mod traces;
mod types;

pub use traces::{SEARCH_THRESHOLD, SIMILARITY_THRESHOLD, SearchFilter, TraceResult};
pub use types::{Match, PatternFilter, PatternHit, PatternKind, PatternRecord, SearchBy};

/// What the words of the question weigh beside meaning.
const WORDS: f64 = 0.05;

/// What the words of the nearest weigh, and how many those are.
const FEEDBACK: f64 = 0.2;
const NEAREST: usize = 3;

/// How long the frequencies of words stay as they were counted.
const COUNTED_FOR: Duration = Duration::from_secs(300);

/// Patterns that are compared at most, by meaning and by words each.
const CANDIDATES: i64 = 200;

/// Candidates that the index keeps while it is searched: with these it finds the nearest (`docs/search.md` says how surely).
const EF_SEARCH: u32 = 500;

/// Patterns that are compared in all.
const MOST_FOUND: usize = 1000;

/// Patterns from which on the frequencies of words hardly change.
const SETTLED: usize = 1000;

/// Characters of a question that are read.
const LONGEST: usize = 2000;

/// A model by which questions are understood, and what it answered lately.
#[derive(Debug)]
pub(super) struct Meaning {
    embedder: Arc<dyn Embedder>,
    hnsw: Hnsw,
    cache_size: usize,
    cache: Mutex<HashMap<String, Arc<[f32]>>>,
    /// The number of the model in this database, once somebody wrote vectors of it.
    model: OnceCell<i32>,
}

/// The model of the settings, and the one before it, whose vectors serve until there are new ones.
#[derive(Clone, Debug)]
pub(super) struct Models {
    pub(super) current: Arc<Meaning>,
    pub(super) previous: Option<Arc<Meaning>>,
    /// Whether every pattern had a vector of the current model at some time.
    pub(super) caught_up: Arc<AtomicBool>,
}

impl Meaning {
    pub(super) fn new(embedder: Arc<dyn Embedder>, hnsw: Hnsw, cache_size: usize) -> Self {
        Self { embedder, hnsw, cache_size, cache: Mutex::default(), model: OnceCell::new() }
    }

    /// Another model that is asked in the same way.
    pub(super) fn of(&self, embedder: Arc<dyn Embedder>) -> Self {
        Self::new(embedder, self.hnsw, self.cache_size)
    }

    /// The model's name and version.
    pub(super) fn identity(&self) -> &str {
        self.embedder.identity()
    }

    /// The vector of a question.
    async fn vector(&self, words: &str) -> Result<Arc<[f32]>, StoreError> {
        let locked = || self.cache.lock().expect("no holder of this lock panics");
        if let Some(known) = locked().get(words) {
            return Ok(Arc::clone(known));
        }
        let vector: Arc<[f32]> = embed(&self.embedder, vec![words.to_owned()]).await?.remove(0).into();
        let mut cache = locked();
        if cache.len() >= self.cache_size {
            cache.clear();
        }
        cache.insert(words.to_owned(), Arc::clone(&vector));
        Ok(vector)
    }
}

/// The frequencies of words, and when they were counted.
pub(super) type Counted = Option<(Instant, Arc<Vocabulary>)>;

/// A pattern on its way through a search.
#[derive(Clone, Debug, Default)]
struct Found {
    why: Match,
    stems: Vec<String>,
    /// The cosine of its words with those of the question.
    words: f64,
    /// The cosine of its words with those of the nearest.
    feedback: f64,
}

/// A pattern that was found.
#[derive(Debug)]
struct Ranked {
    pattern: i64,
    score: f64,
    why: Match,
}

impl Found {
    fn score(&self, by: SearchBy) -> f64 {
        let cosine = self.why.cosine.unwrap_or(0.0);
        match by {
            SearchBy::Meaning => cosine,
            SearchBy::Words => self.words,
            SearchBy::Both => cosine + WORDS * self.words + FEEDBACK * self.feedback,
        }
    }
}

impl QueryService {
    /// The patterns that a text describes, the best first, found by words and by meaning.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] for an empty text, [`StoreError::Unavailable`] when the database can not answer
    /// now.
    pub async fn search_patterns(
        &self,
        text: &str,
        filter: &PatternFilter,
    ) -> Result<Vec<PatternHit>, StoreError> {
        self.search_patterns_by(text, filter, SearchBy::Both).await
    }

    /// The same in one of the ways alone, to compare them.
    ///
    /// # Errors
    ///
    /// As [`Self::search_patterns`].
    pub async fn search_patterns_by(
        &self,
        text: &str,
        filter: &PatternFilter,
        by: SearchBy,
    ) -> Result<Vec<PatternHit>, StoreError> {
        let ranked = self.ranked(text, filter, by).await?;
        let ids: Vec<i64> = ranked.iter().map(|ranked| ranked.pattern).collect();
        let records = self.patterns_of(&ids, filter).await?;
        let mut by_id: HashMap<i64, PatternRecord> =
            records.into_iter().map(|record| (record.id.0.cast_signed(), record)).collect();
        let hit = |Ranked { pattern, score, why }| {
            Some(PatternHit { pattern: by_id.remove(&pattern)?, score, why })
        };
        Ok(ranked.into_iter().filter_map(hit).collect())
    }

    /// The numbers of the patterns that a text describes, the best first.
    async fn ranked(
        &self,
        text: &str,
        filter: &PatternFilter,
        by: SearchBy,
    ) -> Result<Vec<Ranked>, StoreError> {
        let text: String = text.trim().chars().filter(|character| *character != '\0').take(LONGEST).collect();
        if text.is_empty() {
            return Err(StoreError::InvalidArgument("say what to search for".to_owned()));
        }
        let question = prepare(&text);
        let stems = lexical::lexemes(&question);
        let vocabulary = self.vocabulary().await?;
        let mut found: HashMap<i64, Found> = HashMap::new();
        if by != SearchBy::Words {
            self.by_meaning(&question, filter, &mut found).await?;
        }
        if by != SearchBy::Meaning {
            self.by_words(&stems, &vocabulary, filter, &mut found).await?;
        }
        if by == SearchBy::Both {
            self.exactly(&text, filter, &mut found).await?;
            self.complete(&question, &mut found).await?;
        }
        self.stems(&mut found).await?;
        weigh(&stems, &vocabulary, &mut found);
        let rank =
            |(pattern, found): (i64, Found)| Ranked { pattern, score: found.score(by), why: found.why };
        let mut ranked: Vec<Ranked> = found.into_iter().map(rank).collect();
        ranked.sort_by(|one, other| {
            let exact = other.why.exact.cmp(&one.why.exact);
            exact.then(other.score.total_cmp(&one.score)).then(one.pattern.cmp(&other.pattern))
        });
        ranked.truncate(filter.limit.clamp(1, super::MAX_ROWS));
        Ok(ranked)
    }

    /// The nearest patterns in meaning; none without a model.
    async fn by_meaning(
        &self,
        question: &str,
        filter: &PatternFilter,
        found: &mut HashMap<i64, Found>,
    ) -> Result<(), StoreError> {
        let Some(meaning) = self.meaning().await? else { return Ok(()) };
        let vector = meaning.vector(question).await?;
        for (id, cosine) in self.nearest(&vector, filter, CANDIDATES).await? {
            found.entry(id).or_default().why.cosine = Some(cosine);
        }
        Ok(())
    }

    /// The patterns nearest to a vector of our model, with their cosine.
    pub(super) async fn nearest(
        &self,
        vector: &[f32],
        filter: &PatternFilter,
        most: i64,
    ) -> Result<Vec<(i64, f64)>, StoreError> {
        let Some(meaning) = self.meaning().await? else { return Ok(Vec::new()) };
        let Some(model) = self.model(&meaning).await? else { return Ok(Vec::new()) };
        let vector = literal(vector);
        let rows = if filter.kind.is_none() && filter.service.is_none() {
            let sql = for_model(include_str!("../../queries/pattern/nearest.sql"), &meaning, model);
            let mut client = self.store.asking().await?;
            let transaction = client.transaction().await?;
            let ef_search = meaning.hnsw.ef_search.max(EF_SEARCH);
            transaction.batch_execute(&format!("SET LOCAL hnsw.ef_search = {ef_search}")).await?;
            let statement = transaction.prepare_cached(&sql).await?;
            let rows = transaction.query(&statement, &[&vector, &most]).await?;
            transaction.commit().await?;
            rows
        } else {
            let sql = for_model(include_str!("../../queries/pattern/nearest_of.sql"), &meaning, model);
            self.rows(&sql, &[&vector, &most, &filter.kinds(), &filter.service]).await?
        };
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// Numbers in a vector of our model.
    pub(super) async fn dimension(&self) -> Result<Option<usize>, StoreError> {
        Ok(self.meaning().await?.map(|meaning| meaning.embedder.dimension()))
    }

    /// The model whose vectors are compared now.
    pub(super) async fn meaning(&self) -> Result<Option<Arc<Meaning>>, StoreError> {
        let Some(Models { current, previous, caught_up }) = &self.models else { return Ok(None) };
        let Some(previous) = previous else { return Ok(Some(Arc::clone(current))) };
        if !caught_up.load(Ordering::Relaxed) {
            if self.without_vector().await? > 0 {
                return Ok(Some(Arc::clone(previous)));
            }
            caught_up.store(true, Ordering::Relaxed);
        }
        Ok(Some(Arc::clone(current)))
    }

    /// The vectors of these patterns, of those that have one.
    pub(super) async fn vectors(&self, ids: &[i64]) -> Result<HashMap<i64, Vec<f32>>, StoreError> {
        let Some(meaning) = self.meaning().await? else { return Ok(HashMap::new()) };
        let Some(model) = self.model(&meaning).await? else { return Ok(HashMap::new()) };
        let rows = self.rows(include_str!("../../queries/embedding/get.sql"), &[&model, &ids]).await?;
        rows.iter()
            .map(|row| {
                let Numbers(vector) = row.try_get(1)?;
                Ok((row.try_get(0)?, vector))
            })
            .collect()
    }

    /// The number of our model, or nothing as long as there are no vectors of it.
    async fn model(&self, meaning: &Meaning) -> Result<Option<i32>, StoreError> {
        if let Some(model) = meaning.model.get() {
            return Ok(Some(*model));
        }
        let sql = "SELECT model_id FROM otel.embedding_model WHERE identity = $1";
        let found = self.rows(sql, &[&meaning.identity()]).await?;
        let Some(row) = found.first() else { return Ok(None) };
        let model = row.try_get(0)?;
        let _known = meaning.model.set(model);
        Ok(Some(model))
    }

    /// Patterns that hold the rarest words of the question.
    async fn by_words(
        &self,
        stems: &[String],
        vocabulary: &Vocabulary,
        filter: &PatternFilter,
        found: &mut HashMap<i64, Found>,
    ) -> Result<(), StoreError> {
        let mut rarest: Vec<&String> = stems.iter().collect();
        rarest.sort_by(|one, other| vocabulary.rarity(other).total_cmp(&vocabulary.rarity(one)));
        rarest.dedup();
        for stem in rarest {
            if found.len() >= MOST_FOUND {
                break;
            }
            let sql = include_str!("../../queries/pattern/holding.sql");
            for row in self.rows(sql, &[&vec![stem], &filter.kinds(), &filter.service, &CANDIDATES]).await? {
                found.entry(row.try_get(0)?).or_default();
            }
        }
        Ok(())
    }

    /// How many patterns hold each stem, as it was some minutes ago at most.
    async fn vocabulary(&self) -> Result<Arc<Vocabulary>, StoreError> {
        let mut counted = self.vocabulary.lock().await;
        if let Some((when, vocabulary)) = counted.as_ref()
            && when.elapsed() < COUNTED_FOR
        {
            return Ok(Arc::clone(vocabulary));
        }
        let rows = self.rows(include_str!("../../queries/pattern/vocabulary.sql"), &[]).await?;
        let mut holding = HashMap::new();
        let mut texts = 0;
        for row in rows {
            let of: i64 = row.try_get(1)?;
            match row.try_get::<_, Option<String>>(0)? {
                Some(stem) => {
                    holding.insert(stem, u32::try_from(of).unwrap_or(u32::MAX));
                }
                None => texts = usize::try_from(of).unwrap_or(0),
            }
        }
        let vocabulary = Arc::new(Vocabulary::new(texts, holding));
        // A young database learns new words by the minute.
        if texts > SETTLED {
            *counted = Some((Instant::now(), Arc::clone(&vocabulary)));
        }
        Ok(vocabulary)
    }

    /// What the question wants exactly.
    async fn exactly(
        &self,
        text: &str,
        filter: &PatternFilter,
        found: &mut HashMap<i64, Found>,
    ) -> Result<(), StoreError> {
        let wanted = exact::wanted(text);
        if wanted.is_empty() {
            return Ok(());
        }
        let likes: Vec<String> = wanted.iter().map(|text| super::like(text)).collect();
        let rows = self
            .rows(
                include_str!("../../queries/pattern/exact.sql"),
                &[&likes, &filter.kinds(), &filter.service, &CANDIDATES],
            )
            .await?;
        for row in rows {
            found.entry(row.try_get(0)?).or_default().why.exact = true;
        }
        Ok(())
    }

    /// Gives those that were found by words alone their cosine too.
    async fn complete(&self, question: &str, found: &mut HashMap<i64, Found>) -> Result<(), StoreError> {
        let Some(meaning) = self.meaning().await? else { return Ok(()) };
        let Some(model) = self.model(&meaning).await? else { return Ok(()) };
        let without: Vec<i64> =
            found.iter().filter(|(_, found)| found.why.cosine.is_none()).map(|(id, _)| *id).collect();
        let vector = literal(&meaning.vector(question).await?);
        let sql = for_model(include_str!("../../queries/pattern/cosines.sql"), &meaning, model);
        for row in self.rows(&sql, &[&vector, &without]).await? {
            if let Some(found) = found.get_mut(&row.try_get::<_, i64>(0)?) {
                found.why.cosine = row.try_get(1)?;
            }
        }
        Ok(())
    }

    async fn stems(&self, found: &mut HashMap<i64, Found>) -> Result<(), StoreError> {
        let ids: Vec<i64> = found.keys().copied().collect();
        let sql = "SELECT pattern_id, lexemes FROM otel.pattern WHERE pattern_id = ANY ($1::bigint[])";
        for row in self.rows(sql, &[&ids]).await? {
            if let Some(found) = found.get_mut(&row.try_get::<_, i64>(0)?) {
                found.stems = row.try_get(1)?;
            }
        }
        Ok(())
    }

    /// These patterns in this order, with counts of the filter's time.
    pub(super) async fn patterns_of(
        &self,
        ids: &[i64],
        filter: &PatternFilter,
    ) -> Result<Vec<PatternRecord>, StoreError> {
        let rows = self
            .rows(
                include_str!("../../queries/pattern/get.sql"),
                &[&ids, &timestamp(filter.since), &timestamp(filter.until)],
            )
            .await?;
        rows.iter().map(record).collect()
    }
}

/// Compares the words of all that was found with those of the question and with those of the nearest.
fn weigh(stems: &[String], vocabulary: &Vocabulary, found: &mut HashMap<i64, Found>) {
    let question = vocabulary.weigh(stems);
    let weighed: HashMap<i64, Weighed> =
        found.iter().map(|(id, found)| (*id, vocabulary.weigh(&found.stems))).collect();
    for (id, found) in found.iter_mut() {
        found.words = weighed[id].cosine(&question);
        let mut seen = HashSet::new();
        let shared = stems.iter().filter(|stem| found.stems.contains(stem) && seen.insert(*stem));
        found.why.words = shared.cloned().collect();
    }
    let near = |found: &Found| found.why.cosine.map(|cosine| cosine + WORDS * found.words);
    let mut nearest: Vec<(i64, f64)> =
        found.iter().filter_map(|(id, found)| Some((*id, near(found)?))).collect();
    nearest.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    nearest.truncate(NEAREST);
    let shared = Weighed::joined(nearest.iter().map(|(id, near)| (&weighed[id], near.max(0.0))));
    for (id, found) in found.iter_mut() {
        found.feedback = weighed[id].cosine(&shared);
    }
}

/// A statement about the vectors of one model: an index knows only constants.
fn for_model(sql: &str, meaning: &Meaning, model: i32) -> String {
    sql.replace("$dimension", &meaning.embedder.dimension().to_string()).replace("$model", &model.to_string())
}

/// A row of `pattern/get.sql` and its like.
pub(super) fn record(row: &tokio_postgres::Row) -> Result<PatternRecord, StoreError> {
    let PgTimestamp(first_seen) = row.try_get("first_seen")?;
    let last_seen: Option<PgTimestamp> = row.try_get("last_seen")?;
    Ok(PatternRecord {
        id: PatternId(row.try_get::<_, i64>("pattern_id")?.cast_unsigned()),
        kind: row.try_get("kind")?,
        service: row.try_get("service")?,
        text: row.try_get("template")?,
        example: row.try_get("example")?,
        first_seen: UnixNanos::from_postgres(first_seen, 0),
        last_seen: last_seen.map(|PgTimestamp(micros)| UnixNanos::from_postgres(micros, 0)),
        count: count_of(row.try_get("count")?),
        errors: count_of(row.try_get("errors")?),
        detail: row.try_get("detail")?,
    })
}
