//! The model in this binary.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::ModelFiles;
use crate::EmbedError;

/// What `cargo xtask model` makes.
static WEIGHTS: &[u8] = include_bytes!("../../model/model.safetensors");

/// The xxh3 of [`WEIGHTS`], written by `cargo xtask model` beside it.
const CHECKSUM: &str = include_str!("../../model/model.safetensors.xxh3");

pub fn files() -> Result<ModelFiles, EmbedError> {
    if format!("{:016x}", xxh3_64(WEIGHTS)) != CHECKSUM.trim() {
        return Err(EmbedError::Unsuitable(
            "its bytes in this binary are damaged: install the binary again".into(),
        ));
    }
    Ok(ModelFiles {
        name: "all-MiniLM-L6-v2-int8".into(),
        config: include_str!("../../model/config.json").into(),
        vocabulary: include_str!("../../model/vocab.txt").into(),
        pooling: Some(include_str!("../../model/1_Pooling/config.json").into()),
        weights: Cow::Borrowed(WEIGHTS),
    })
}
