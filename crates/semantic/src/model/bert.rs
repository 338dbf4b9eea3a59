//! The forward pass of a BERT encoder over several texts at once, without padding between them.

use std::ops::Range;

use ndarray::{Array1, Array2, Axis, Slice, concatenate, linalg::general_mat_mul};

use super::{
    Config,
    weights::{Table, Weights},
};
use crate::EmbedError;

/// Rows of a matrix that become floats together: enough for the multiplication, few enough to stay in cache.
const ROWS_AT_ONCE: usize = 256;

/// An encoder with its weights.
pub struct Bert {
    words: Table,
    positions: Array2<f32>,
    embedded: Norm,
    layers: Vec<Layer>,
    heads: usize,
    width: usize,
}

struct Layer {
    /// Query, key and value in one multiplication.
    attention: Dense,
    attended: Dense,
    attended_norm: Norm,
    widened: Dense,
    narrowed: Dense,
    narrowed_norm: Norm,
}

/// `y = x W' + b`, `W'` being the matrix turned. It becomes floats only while it is used: as floats, all would take four times
/// the memory for as long as the process runs.
struct Dense {
    /// Below each other they are the matrix.
    weights: Vec<Table>,
    bias: Array1<f32>,
}

/// To mean zero and variance one, then scaled and moved, a row at a time.
struct Norm {
    scale: Array1<f32>,
    shift: Array1<f32>,
    epsilon: f32,
}

impl Bert {
    pub fn new(config: &Config, vocabulary: usize, weights: &Weights<'_>) -> Result<Self, EmbedError> {
        let width = config.hidden_size;
        let mut positions =
            weights.matrix("embeddings.position_embeddings.weight", config.max_position_embeddings, width)?;
        // A text alone is always of the first kind, so its row is added once and for all.
        positions += &weights.matrix("embeddings.token_type_embeddings.weight", 2, width)?.row(0);
        let layers = (0..config.num_hidden_layers).map(|number| Layer::new(config, number, weights));
        Ok(Self {
            words: weights.table("embeddings.word_embeddings.weight", vocabulary, width)?,
            positions,
            embedded: Norm::new(config, "embeddings", weights)?,
            layers: layers.collect::<Result<_, _>>()?,
            heads: config.num_attention_heads,
            width,
        })
    }

    /// Numbers in a vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The most pieces a text can have.
    pub fn positions(&self) -> usize {
        self.positions.nrows()
    }

    /// The last states of each text's pieces.
    pub fn forward(&self, texts: &[&[u32]]) -> Vec<Array2<f32>> {
        let spans = spans(texts);
        let mut states = self.embed(texts);
        for layer in &self.layers {
            layer.apply(&mut states, &spans, self.heads);
        }
        spans.into_iter().map(|span| states.slice_axis(Axis(0), Slice::from(span)).to_owned()).collect()
    }

    fn embed(&self, texts: &[&[u32]]) -> Array2<f32> {
        let pieces = texts.iter().flat_map(|text| text.iter().enumerate());
        let mut states = Array2::zeros((texts.iter().map(|text| text.len()).sum(), self.width));
        for (mut row, (position, &piece)) in states.rows_mut().into_iter().zip(pieces) {
            row += &self.positions.row(position);
            self.words.add_row(piece as usize, row.as_slice_mut().unwrap_or_default());
        }
        self.embedded.apply(&mut states);
        states
    }
}

/// Where each text's pieces lie when all follow each other.
fn spans(texts: &[&[u32]]) -> Vec<Range<usize>> {
    let mut end = 0;
    let span = |text: &&[u32]| {
        let start = end;
        end += text.len();
        start..end
    };
    texts.iter().map(span).collect()
}

impl Layer {
    fn new(config: &Config, number: usize, weights: &Weights<'_>) -> Result<Self, EmbedError> {
        let (width, wide) = (config.hidden_size, config.intermediate_size);
        let at = format!("encoder.layer.{number}");
        let attention = ["query", "key", "value"].map(|part| format!("{at}.attention.self.{part}"));
        let dense = |name: &str, out, into| Dense::new(weights, &[format!("{at}.{name}")], out, into);
        Ok(Self {
            attention: Dense::new(weights, &attention, width, width)?,
            attended: dense("attention.output.dense", width, width)?,
            attended_norm: Norm::new(config, &format!("{at}.attention.output"), weights)?,
            widened: dense("intermediate.dense", wide, width)?,
            narrowed: dense("output.dense", width, wide)?,
            narrowed_norm: Norm::new(config, &format!("{at}.output"), weights)?,
        })
    }

    fn apply(&self, states: &mut Array2<f32>, spans: &[Range<usize>], heads: usize) {
        let mixed = attend(&self.attention.apply(states), spans, heads);
        *states += &self.attended.apply(&mixed);
        self.attended_norm.apply(states);

        let mut wide = self.widened.apply(states);
        wide.mapv_inplace(gelu);
        *states += &self.narrowed.apply(&wide);
        self.narrowed_norm.apply(states);
    }
}

/// Scaled dot-product attention ([Vaswani et al., 2017](https://arxiv.org/abs/1706.03762)), each text within itself.
fn attend(projected: &Array2<f32>, spans: &[Range<usize>], heads: usize) -> Array2<f32> {
    let width = projected.ncols() / 3;
    let each = width / heads;
    #[expect(clippy::cast_precision_loss, reason = "some tens")]
    let scale = 1.0 / (each as f32).sqrt();

    let mut mixed = Array2::zeros((projected.nrows(), width));
    for span in spans {
        let rows = projected.slice_axis(Axis(0), Slice::from(span.clone()));
        let mut mixed = mixed.slice_axis_mut(Axis(0), Slice::from(span.clone()));
        let mut scores = Array2::zeros((span.len(), span.len()));
        for head in 0..heads {
            let part = |number: usize| {
                let from = number * width + head * each;
                rows.slice_axis(Axis(1), Slice::from(from..from + each))
            };
            general_mat_mul(scale, &part(0), &part(1).t(), 0.0, &mut scores);
            softmax(&mut scores);
            let mut onto = mixed.slice_axis_mut(Axis(1), Slice::from(head * each..(head + 1) * each));
            general_mat_mul(1.0, &scores, &part(2), 0.0, &mut onto);
        }
    }
    mixed
}

/// Each row becomes shares that add up to one.
fn softmax(scores: &mut Array2<f32>) {
    for mut row in scores.rows_mut() {
        let most = row.fold(f32::NEG_INFINITY, |most, &score| most.max(score));
        row.mapv_inplace(|score| (score - most).exp());
        let total = row.sum();
        row /= total;
    }
}

/// The Gaussian error linear unit ([Hendrycks and Gimpel, 2016](https://arxiv.org/abs/1606.08415)), by the error
/// function and not its approximation by tanh, since the models were trained so.
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// The error function within 1.5e-7 (Abramowitz and Stegun, Handbook of Mathematical Functions, formula 7.1.26).
fn erf(x: f32) -> f32 {
    let near = 1.0 / 0.327_591_1f32.mul_add(x.abs(), 1.0);
    let series = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];
    let sum = series.into_iter().fold(0.0f32, |sum, factor| sum.mul_add(near, factor)) * near;
    (1.0 - sum * (-x * x).exp()).copysign(x)
}

impl Dense {
    /// Several of one input are one, their outputs side by side.
    fn new(weights: &Weights<'_>, names: &[String], out: usize, into: usize) -> Result<Self, EmbedError> {
        let tables = names.iter().map(|name| weights.table(&format!("{name}.weight"), out, into));
        let biases = names.iter().map(|name| weights.vector(&format!("{name}.bias"), out));
        let biases = biases.collect::<Result<Vec<_>, _>>()?;
        let views: Vec<_> = biases.iter().map(|bias| bias.view()).collect();
        let bias = concatenate(Axis(0), &views).map_err(|error| EmbedError::Unsuitable(error.to_string()))?;
        Ok(Self { weights: tables.collect::<Result<_, _>>()?, bias })
    }

    fn apply(&self, input: &Array2<f32>) -> Array2<f32> {
        let mut output = Array2::zeros((input.nrows(), self.bias.len()));
        output += &self.bias;
        let mut floats = Array2::zeros((ROWS_AT_ONCE, input.ncols()));
        let mut end = 0;
        for table in &self.weights {
            for from in (0..table.rows()).step_by(ROWS_AT_ONCE) {
                let count = ROWS_AT_ONCE.min(table.rows() - from);
                let mut block = floats.slice_axis_mut(Axis(0), Slice::from(..count));
                block.fill(0.0);
                for (number, mut row) in block.rows_mut().into_iter().enumerate() {
                    table.add_row(from + number, row.as_slice_mut().unwrap_or_default());
                }
                let mut onto = output.slice_axis_mut(Axis(1), Slice::from(end..end + count));
                general_mat_mul(1.0, input, &block.t(), 1.0, &mut onto);
                end += count;
            }
        }
        output
    }
}

impl Norm {
    fn new(config: &Config, of: &str, weights: &Weights<'_>) -> Result<Self, EmbedError> {
        Ok(Self {
            scale: weights.vector(&format!("{of}.LayerNorm.weight"), config.hidden_size)?,
            shift: weights.vector(&format!("{of}.LayerNorm.bias"), config.hidden_size)?,
            epsilon: config.layer_norm_eps,
        })
    }

    fn apply(&self, states: &mut Array2<f32>) {
        #[expect(clippy::cast_precision_loss, reason = "the width of a model, some hundreds")]
        let width = states.ncols() as f32;
        for mut row in states.rows_mut() {
            let mean = row.sum() / width;
            row -= mean;
            let deviation = (row.dot(&row) / width + self.epsilon).sqrt();
            row /= deviation;
            row *= &self.scale;
            row += &self.shift;
        }
    }
}
