//! The tensors of a safetensors file, as floats.

use std::borrow::Cow;

use ndarray::{Array1, Array2};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::EmbedError;

/// A file of tensors.
pub struct Weights<'a> {
    tensors: SafeTensors<'a>,
    /// Some files name their tensors `bert.` and so on.
    prefix: &'static str,
    file: &'a Cow<'static, [u8]>,
}

/// A table of rows, kept in the width it has in the file.
pub struct Table {
    bytes: Cow<'static, [u8]>,
    rows: usize,
    width: usize,
    /// For a table of 8-bit integers: each row's groups of columns, all of one width, have a scale each.
    scales: Option<Array2<f32>>,
}

impl<'a> Weights<'a> {
    /// Reads the header of a file and checks that its parts lie inside it.
    #[expect(clippy::ptr_arg, reason = "what is part of the binary is not copied")]
    pub fn read(file: &'a Cow<'static, [u8]>) -> Result<Self, EmbedError> {
        let tensors = SafeTensors::deserialize(file).map_err(|error| {
            EmbedError::Unsuitable(format!("its weights are not a safetensors file: {error}"))
        })?;
        let named = tensors.tensor("embeddings.word_embeddings.weight").is_ok();
        Ok(Self { tensors, prefix: if named { "" } else { "bert." }, file })
    }

    /// The vector `name` of `length` numbers.
    pub fn vector(&self, name: &str, length: usize) -> Result<Array1<f32>, EmbedError> {
        let tensor = self.tensor(name, &[length])?;
        match tensor.dtype() {
            Dtype::F32 => Ok(floats(tensor.data()).collect()),
            other => Err(unreadable(name, other)),
        }
    }

    /// The matrix `name`.
    pub fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<Array2<f32>, EmbedError> {
        let table = self.table(name, rows, columns)?;
        let mut matrix = Array2::zeros((rows, columns));
        for (number, mut row) in matrix.rows_mut().into_iter().enumerate() {
            table.add_row(number, row.as_slice_mut().unwrap_or_default());
        }
        Ok(matrix)
    }

    /// The matrix `name` as a table, without a copy where the file is part of the binary.
    pub fn table(&self, name: &str, rows: usize, columns: usize) -> Result<Table, EmbedError> {
        let tensor = self.tensor(name, &[rows, columns])?;
        let scales = match tensor.dtype() {
            Dtype::F32 => None,
            Dtype::I8 => Some(self.scales(&format!("{name}.scale"), rows, columns)?),
            other => return Err(unreadable(name, other)),
        };
        Ok(Table { bytes: self.part(tensor.data()), rows, width: columns, scales })
    }

    fn scales(&self, name: &str, rows: usize, columns: usize) -> Result<Array2<f32>, EmbedError> {
        let missing = |_| EmbedError::Unsuitable(format!("its weights have no tensor `{name}`"));
        let tensor = self.tensors.tensor(&format!("{}{name}", self.prefix)).map_err(missing)?;
        let groups = tensor.data().len() / 4 / rows.max(1);
        let fits = tensor.dtype() == Dtype::F32 && groups > 0 && columns.is_multiple_of(groups);
        fits.then(|| Array2::from_shape_vec((rows, groups), floats(tensor.data()).collect()).ok())
            .flatten()
            .ok_or_else(|| {
                EmbedError::Unsuitable(format!("its tensor `{name}` does not fit the one it scales"))
            })
    }

    fn tensor(&self, name: &str, shape: &[usize]) -> Result<TensorView<'_>, EmbedError> {
        let name = format!("{}{name}", self.prefix);
        let tensor = self
            .tensors
            .tensor(&name)
            .map_err(|_| EmbedError::Unsuitable(format!("its weights have no tensor `{name}`")))?;
        if tensor.shape() == shape {
            Ok(tensor)
        } else {
            let found = tensor.shape();
            Err(EmbedError::Unsuitable(format!(
                "its tensor `{name}` has the shape {found:?} instead of {shape:?}"
            )))
        }
    }

    /// A part of the file that may outlive this reader.
    fn part(&self, data: &[u8]) -> Cow<'static, [u8]> {
        let from = data.as_ptr().addr() - self.file.as_ptr().addr();
        match self.file {
            Cow::Borrowed(file) => Cow::Borrowed(&file[from..from + data.len()]),
            Cow::Owned(_) => Cow::Owned(data.to_vec()),
        }
    }
}

impl Table {
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds row `number` to `onto`.
    pub fn add_row(&self, number: usize, onto: &mut [f32]) {
        if let Some(scales) = &self.scales {
            let from = number * self.width;
            let (row, group) = (&self.bytes[from..from + self.width], self.width / scales.ncols());
            for ((onto, row), scale) in onto.chunks_mut(group).zip(row.chunks(group)).zip(scales.row(number))
            {
                for (onto, &byte) in onto.iter_mut().zip(row) {
                    *onto += f32::from(byte.cast_signed()) * scale;
                }
            }
        } else {
            let (from, bytes) = (number * self.width * 4, self.width * 4);
            for (onto, value) in onto.iter_mut().zip(floats(&self.bytes[from..from + bytes])) {
                *onto += value;
            }
        }
    }
}

fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> + '_ {
    bytes.as_chunks().0.iter().copied().map(f32::from_le_bytes)
}

fn unreadable(name: &str, dtype: Dtype) -> EmbedError {
    EmbedError::Unsuitable(format!(
        "its tensor `{name}` is of type {dtype:?}; only F32 and I8 with scales can be read"
    ))
}
