//! Whether traces like a faulty one have the same fault: `cargo bench -p mahavishnu-store --bench faults`.
//!
//! The traces of a recorded system are stored. They are of one kind when the gateway called the same service first. A trace
//! lacks a service when most of its kind have it; traces of one kind that lack the same services have the same fault. For
//! each such trace: how many of its ten most similar have its fault, beside what chance among its kind would give. Needs
//! `TEST_POSTGRES_URL`.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::{self, File},
    io::Read,
    sync::Arc,
    time::Duration,
};

use anyhow::{Result, ensure};
use flate2::read::GzDecoder;
use mahavishnu_pipeline::{Exporter, Signal, check::check, json};
use mahavishnu_semantic::{Embedder, Model};
use mahavishnu_store::{
    Location, PostgresExporter, QueryService, Store, UnixNanos,
    embedding::{Embedding, Hnsw, NamedModel},
    query::TraceId,
};
use mahavishnu_test_util::{TestDatabase, data_dir};

const MOST: usize = 10;

/// How many times better than chance.
const TIMES_CHANCE: f64 = 2.0;

/// What was recorded of a trace: the service that the gateway called first, and all services.
type Kinds = HashMap<String, (String, BTreeSet<String>)>;

#[tokio::main]
async fn main() -> Result<()> {
    let (Some(data), Some(database)) = (data_dir(), TestDatabase::create().await?) else {
        println!("no recorded traces beside this checkout, or no server: nothing was measured");
        return Ok(());
    };
    let store = Store::open(&Location::parse(database.url())?).await?;
    let exporter = PostgresExporter::new(store.clone(), || UnixNanos(1));
    for entry in fs::read_dir(data.join("nezha-sample"))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with("-traces.json.gz") {
            let mut body = Vec::new();
            GzDecoder::new(File::open(path)?).read_to_end(&mut body)?;
            let request = json::to_protobuf(Signal::Traces, &body)?;
            let batch = check(Signal::Traces, request).expect("recorded requests are well formed").batch;
            exporter.export(&[batch]).await?;
        }
    }
    let model: Arc<dyn Embedder> = Arc::new(Model::bundled()?);
    let _embedding = Embedding::start(store.clone(), named(&model), Hnsw::default(), exporter.learned());
    let query = QueryService::new(store).with_embedder(model, Hnsw::default(), 100);
    while query.without_vector().await? > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let kinds = kinds(&query).await?;
    let faults = faults(&kinds);
    println!(
        "{:<24} {:>6} {:>8} {:>12} {:>8}  lacking",
        "kind", "traces", "of kind", "precision@10", "chance"
    );
    let (mut reached, mut chance, mut traces) = (0.0, 0.0, 0.0);
    for ((kind, lacking), ids) in faults.iter().filter(|(_, ids)| ids.len() > 1) {
        let of_kind = kinds.values().filter(|(other, _)| other == kind).count();
        let mut precision = 0.0;
        for id in ids {
            let similar = query.similar_traces(TraceId::parse(id)?, MOST).await?;
            let same = similar.iter().filter(|it| ids.contains(&it.trace.trace_id.to_string())).count();
            // There are no more than these.
            precision += same as f64 / MOST.min(ids.len() - 1) as f64 / ids.len() as f64;
        }
        let by_chance = (ids.len() - 1) as f64 / (of_kind - 1) as f64;
        println!(
            "{kind:<24} {:>6} {of_kind:>8} {precision:>12.2} {by_chance:>8.2}  {}",
            ids.len(),
            lacking.iter().cloned().collect::<Vec<_>>().join(" ")
        );
        let weight = ids.len() as f64;
        (reached, chance, traces) =
            (reached + precision * weight, chance + by_chance * weight, traces + weight);
    }
    let (reached, chance) = (reached / traces, chance / traces);
    println!(
        "precision@10 of what can be reached: {reached:.2} (at least {TIMES_CHANCE} times chance, {chance:.2})"
    );
    ensure!(reached >= chance * TIMES_CHANCE, "similar traces are no better than chance");
    Ok(())
}

async fn kinds(query: &QueryService) -> Result<Kinds> {
    let sql = "SELECT trace_id, (array_agg(service ORDER BY start_time) FILTER \
               (WHERE service <> 'ts-gateway-service'))[1], array_agg(DISTINCT service) FROM otel_traces GROUP BY 1";
    let rows = query.custom_query(sql, 10_000).await?.rows;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let kind = |row: &Vec<serde_json::Value>| {
        let services = row[2].as_array().into_iter().flatten().map(text).collect();
        (text(&row[0]), (text(&row[1]), services))
    };
    Ok(rows.iter().map(kind).collect())
}

/// The traces that lack the same services that most of their kind have.
fn faults(kinds: &Kinds) -> BTreeMap<(String, BTreeSet<String>), BTreeSet<String>> {
    let mut faults: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for (id, (kind, services)) in kinds {
        let others: Vec<&BTreeSet<String>> =
            kinds.values().filter(|(other, _)| other == kind).map(|(_, services)| services).collect();
        let common = |service: &&String| {
            others.iter().filter(|other| other.contains(*service)).count() * 2 > others.len()
        };
        let all: BTreeSet<&String> = others.iter().flat_map(|services| services.iter()).collect();
        let lacking: BTreeSet<String> =
            all.into_iter().filter(common).filter(|service| !services.contains(*service)).cloned().collect();
        if !lacking.is_empty() {
            faults.entry((kind.clone(), lacking)).or_default().insert(id.clone());
        }
    }
    faults
}

fn named(model: &Arc<dyn Embedder>) -> NamedModel {
    NamedModel { embedder: Arc::clone(model), source: "all-MiniLM-L6-v2".to_owned() }
}
