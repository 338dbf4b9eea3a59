//! A request's bytes, compressed once.

use std::io::{self, Write};

use bytes::Bytes;

use super::settings::Compression;

/// Requests above this size are compressed on a thread of their own, so that they hold up no other task: some
/// milliseconds of work.
const LARGE_BYTES: usize = 64 * 1024;

/// Telemetry repeats itself so much that the fast levels find nearly all of it.
const ZSTD_LEVEL: i32 = 1;

/// What telemetry shrinks to at worst in the common case, for the first allocation.
const EXPECTED_RATIO: usize = 4;

impl Compression {
    /// Compresses; [`Compression::None`] gives the bytes back as they are.
    ///
    /// # Errors
    ///
    /// When the compressor fails or the runtime is stopping.
    pub(super) async fn compress(self, plain: Bytes) -> io::Result<Bytes> {
        if self == Self::None {
            return Ok(plain);
        }
        if plain.len() <= LARGE_BYTES {
            return self.compress_now(&plain);
        }
        tokio::task::spawn_blocking(move || self.compress_now(&plain)).await?
    }

    fn compress_now(self, plain: &[u8]) -> io::Result<Bytes> {
        let room = Vec::with_capacity(plain.len() / EXPECTED_RATIO);
        match self {
            Self::None => Ok(Bytes::copy_from_slice(plain)),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(room, flate2::Compression::fast());
                encoder.write_all(plain)?;
                encoder.finish().map(Bytes::from)
            }
            Self::Zstd => {
                let mut encoder = zstd::Encoder::new(room, ZSTD_LEVEL)?;
                encoder.write_all(plain)?;
                encoder.finish().map(Bytes::from)
            }
        }
    }

    /// What `Content-Encoding` and `grpc-encoding` call it; `None` sends no such header.
    pub(super) fn encoding(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }
}
