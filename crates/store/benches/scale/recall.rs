//! How many of the nearest vectors the index finds.

use anyhow::Result;
use mahavishnu_semantic::{Embedder, prepare};
use mahavishnu_store::Store;

use crate::{
    load::{LOG_PATTERNS, Load},
    words::below,
};

const QUESTIONS: u64 = 200;

/// As search does.
const BY_INDEX: &str = "SET LOCAL hnsw.ef_search = 500";
const EXACTLY: &str = "SET LOCAL enable_indexscan = off";

/// The share of the ten nearest that the index gives.
pub async fn at_10(store: &Store, model: &dyn Embedder, load: &Load) -> Result<f64> {
    let sql = include_str!("../../queries/pattern/nearest.sql")
        .replace("$dimension", &model.dimension().to_string())
        .replace("$model", "1");
    let mut client = store.connection().await?;
    let mut shared = 0;
    for at in 0..QUESTIONS {
        let question = prepare(&load.templates[below(at + 9000, LOG_PATTERNS)][1..4].join(" "));
        let vector = tokio::task::block_in_place(|| model.embed(&[&question]))?.remove(0);
        let literal = format!("{vector:?}");
        let mut nearest = Vec::new();
        for how in [BY_INDEX, EXACTLY] {
            let transaction = client.transaction().await?;
            transaction.batch_execute(how).await?;
            let rows = transaction.query(&sql, &[&literal, &10_i64]).await?;
            nearest.push(rows.iter().map(|row| row.get::<_, i64>(0)).collect::<Vec<_>>());
        }
        shared += nearest[0].iter().filter(|id| nearest[1].contains(id)).count();
    }
    Ok(shared as f64 / (QUESTIONS * 10) as f64)
}
