//! The embedding model: texts whose meaning is close become vectors whose angle is small.
//!
//! A transformer encoder of the BERT family ([Devlin et al., 2018](https://arxiv.org/abs/1810.04805)) with pooled and
//! normalised output, as sentence-transformers trains them ([Reimers and Gurevych, 2019](https://arxiv.org/abs/1908.10084)).
//! It computes on the calling thread and reads no file: what it is made of is handed in.

mod bert;
#[cfg(feature = "bundled-model")]
mod bundled;
mod weights;
mod wordpiece;

use std::{borrow::Cow, cmp::Reverse, fmt};

use bert::Bert;
use serde::Deserialize;
use weights::Weights;
use wordpiece::WordPiece;
use xxhash_rust::xxh3::xxh3_64;

use crate::{EmbedError, Embedder};

/// Word pieces of one text that the model reads; the rest of a longer text is not read.
///
/// The tokenizer of all-MiniLM-L6-v2 stops here too. The time for a text grows with its length.
pub const MOST_PIECES: usize = 128;

/// Word pieces that go through the model at once: enough to keep the multiplication busy, few enough to stay in cache.
const PIECES_AT_ONCE: usize = 256;

/// The files of a model, as sentence-transformers writes them.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// What the model is called in the database and to people.
    pub name: String,
    /// `config.json`: the shape of a BERT encoder.
    pub config: String,
    /// `vocab.txt`: one word piece a line, its number being the line.
    pub vocabulary: String,
    /// `1_Pooling/config.json`; without one, the mean of all pieces is taken.
    pub pooling: Option<String>,
    /// `model.safetensors`: matrices in 32-bit floats, or in 8-bit integers beside `<name>.scale`, one for each group in a row.
    pub weights: Cow<'static, [u8]>,
}

/// A loaded model.
pub struct Model {
    identity: String,
    pieces: WordPiece,
    bert: Bert,
    pooling: Pooling,
}

#[derive(Debug, Clone, Copy)]
enum Pooling {
    Mean,
    First,
}

#[derive(Deserialize)]
struct PoolingConfig {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
}

/// The shape of the encoder, in the names of `config.json`.
#[derive(Debug, Clone, Deserialize)]
struct Config {
    model_type: String,
    hidden_size: usize,
    intermediate_size: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    max_position_embeddings: usize,
    layer_norm_eps: f32,
    hidden_act: String,
}

impl Model {
    /// The model in this binary: all-MiniLM-L6-v2 in 8 bits, 384 dimensions.
    ///
    /// # Errors
    ///
    /// When the bytes in the binary are not those that were built into it.
    #[cfg(feature = "bundled-model")]
    pub fn bundled() -> Result<Self, EmbedError> {
        Self::new(bundled::files()?)
    }

    /// Loads a model from its files.
    ///
    /// # Errors
    ///
    /// [`EmbedError::Unsuitable`] when it is not a BERT encoder or its files do not fit each other.
    pub fn new(files: ModelFiles) -> Result<Self, EmbedError> {
        let config: Config = serde_json::from_str(&files.config).map_err(|error| {
            EmbedError::Unsuitable(format!("its config.json is not that of a BERT encoder: {error}"))
        })?;
        config.check()?;
        let pooling = files.pooling.as_deref().map_or(Ok(Pooling::Mean), Pooling::read)?;
        let pieces = WordPiece::new(&files.vocabulary)?;
        let identity = format!("{}@{:016x}", files.name, xxh3_64(&files.weights));
        let bert = Bert::new(&config, pieces.len(), &Weights::read(&files.weights)?)?;
        Ok(Self { identity, pieces, bert, pooling })
    }

    /// The vectors of `texts`, as long as [`Embedder::dimension`] and of length one, in the order of the texts.
    fn vectors(&self, texts: &[&str]) -> Vec<Vec<f32>> {
        let pieces: Vec<Vec<u32>> =
            texts.iter().map(|text| self.pieces.encode(text, self.most_pieces())).collect();
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&at| Reverse(pieces[at].len()));

        let mut vectors = vec![Vec::new(); texts.len()];
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(fitting(rest, &pieces));
            rest = later;
            let batch: Vec<&[u32]> = now.iter().map(|&at| pieces[at].as_slice()).collect();
            for (&at, states) in now.iter().zip(self.bert.forward(&batch)) {
                vectors[at] = self.pooling.pool(states.view());
            }
        }
        vectors
    }

    fn most_pieces(&self) -> usize {
        self.bert.positions().min(MOST_PIECES)
    }
}

/// How many of the texts at the front go through the model together: at least one.
fn fitting(order: &[usize], pieces: &[Vec<u32>]) -> usize {
    let mut total = 0;
    let fit = order.iter().take_while(|&&at| {
        total += pieces[at].len();
        total <= PIECES_AT_ONCE
    });
    fit.count().max(1)
}

impl Embedder for Model {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn dimension(&self) -> usize {
        self.bert.width()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(self.vectors(texts))
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Model").field("identity", &self.identity).finish_non_exhaustive()
    }
}

impl Config {
    fn check(&self) -> Result<(), EmbedError> {
        let wrong = if self.model_type != "bert" {
            format!("it is of type `{}`, and only `bert` can be read", self.model_type)
        } else if self.hidden_act != "gelu" {
            format!("its activation is `{}`, and only `gelu` is known", self.hidden_act)
        } else if self.num_attention_heads == 0 || !self.hidden_size.is_multiple_of(self.num_attention_heads)
        {
            format!(
                "{} attention heads do not divide a width of {}",
                self.num_attention_heads, self.hidden_size
            )
        } else {
            return Ok(());
        };
        Err(EmbedError::Unsuitable(wrong))
    }
}

impl Pooling {
    fn read(config: &str) -> Result<Self, EmbedError> {
        let config: PoolingConfig = serde_json::from_str(config).map_err(|error| {
            EmbedError::Unsuitable(format!("its pooling configuration can not be read: {error}"))
        })?;
        match (config.pooling_mode_cls_token, config.pooling_mode_mean_tokens) {
            (true, false) => Ok(Self::First),
            (false, true) => Ok(Self::Mean),
            _ => Err(EmbedError::Unsuitable(
                "it pools neither by the mean nor by the first piece alone".into(),
            )),
        }
    }

    /// One vector of length one from the states of a text's pieces.
    fn pool(self, states: ndarray::ArrayView2<'_, f32>) -> Vec<f32> {
        let pooled = match self {
            Self::First => states.row(0).to_owned(),
            Self::Mean => states.sum_axis(ndarray::Axis(0)),
        };
        let length = pooled.dot(&pooled).sqrt().max(f32::MIN_POSITIVE);
        pooled.iter().map(|value| value / length).collect()
    }
}
