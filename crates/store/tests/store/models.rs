//! Another model takes the place of the one before it.

use std::sync::Arc;

use anyhow::Result;
use mahavishnu_pipeline::Exporter;
use mahavishnu_semantic::{EmbedError, Embedder, Model};
use mahavishnu_store::{
    QueryService,
    embedding::{Embedding, Hnsw, NamedModel, previous},
};
use rstest::rstest;

use crate::{
    engine::Engine,
    records::{NOW, all, embedded, exporter, log, logs, understanding},
};

/// A model to which all texts mean the same.
#[derive(Debug)]
struct Indifferent;

impl Embedder for Indifferent {
    fn identity(&self) -> &str {
        "indifferent"
    }

    fn dimension(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(vec![vec![1.0, 0.0]; texts.len()])
    }
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::server(Engine::Server)]
#[tokio::test]
async fn the_vectors_of_the_model_before_serve_until_every_pattern_has_a_new_one(
    #[case] engine: Engine,
) -> Result<()> {
    let Some(database) = engine.open().await? else { return Ok(()) };
    let store = database.store();
    let exporter = exporter(store);
    let lines = ["authentication failure for root", "disk is full", "cache warmed"];
    exporter.export(&[logs("shop", lines.iter().map(|line| log(line, NOW)).collect())]).await?;
    let (_, before) = understanding(store, &exporter).await?;
    drop(before);

    let new: Arc<dyn Embedder> = Arc::new(Indifferent);
    assert_eq!(previous(store, new.identity()).await?.as_deref(), Some("all-MiniLM-L6-v2"));
    let query = QueryService::new(store.clone())
        .with_embedder(Arc::clone(&new), Hnsw::default(), 100)
        .until_then(Arc::new(Model::bundled()?));
    let best = query.search_patterns("somebody could not log in", &all()).await?.remove(0);
    assert!(best.pattern.text.starts_with("authentication") && best.why.cosine < Some(0.9), "{best:?}");

    let model = NamedModel { embedder: Arc::clone(&new), source: "indifferent".to_owned() };
    let _embedding = Embedding::start(store.clone(), model, Hnsw::default(), exporter.learned());
    embedded(&query).await?;
    let best = query.search_patterns("somebody could not log in", &all()).await?.remove(0);
    assert_eq!(best.why.cosine, Some(1.0), "the new model is asked, to which all is the same");
    assert_eq!(previous(store, new.identity()).await?, None);
    database.close().await
}
