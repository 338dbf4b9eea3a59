//! A request's bytes, compressed once.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Status};

use super::settings::Compression;

/// Requests above this size are compressed on a thread of their own, so that they hold up no other task: some
/// milliseconds of work.
const LARGE_BYTES: usize = 64 * 1024;

/// Telemetry repeats itself so much that the fast levels find nearly all of it.
const ZSTD_LEVEL: i32 = 1;
const GZIP_LEVEL: i32 = 1;

/// The largest window, 32 KiB, in gzip's frame: so zlib's interface has it.
const GZIP_WINDOW: i32 = 15 + 16;

/// What telemetry shrinks to at worst in the common case, for the first allocation.
const EXPECTED_RATIO: usize = 4;

/// What the compressor writes at a time.
const PIECE_BYTES: usize = 32 * 1024;

impl Compression {
    /// One body of these pieces, which are not joined before; [`Compression::None`] gives a single one back as it is.
    ///
    /// # Errors
    ///
    /// When the compressor fails or the runtime is stopping.
    pub(super) async fn compress(self, plain: Vec<Bytes>) -> io::Result<Bytes> {
        if self == Self::None {
            return Ok(joined(plain));
        }
        if length(&plain) <= LARGE_BYTES {
            return self.compress_now(&plain);
        }
        tokio::task::spawn_blocking(move || self.compress_now(&plain)).await?
    }

    fn compress_now(self, plain: &[Bytes]) -> io::Result<Bytes> {
        let room = Vec::with_capacity(length(plain) / EXPECTED_RATIO);
        match self {
            Self::None => Ok(joined(plain.to_vec())),
            Self::Gzip => gzip(plain, room).map(Bytes::from),
            Self::Zstd => {
                let mut encoder = zstd::Encoder::new(room, ZSTD_LEVEL)?;
                for piece in plain {
                    encoder.write_all(piece)?;
                }
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

fn length(pieces: &[Bytes]) -> usize {
    pieces.iter().map(Bytes::len).sum()
}

/// A single piece is not copied.
fn joined(pieces: Vec<Bytes>) -> Bytes {
    if let [piece] = &pieces[..] {
        return piece.clone();
    }
    let mut joined = BytesMut::with_capacity(length(&pieces));
    for piece in &pieces {
        joined.extend_from_slice(piece);
    }
    joined.freeze()
}

fn gzip(pieces: &[Bytes], mut packed: Vec<u8>) -> io::Result<Vec<u8>> {
    let config = DeflateConfig { level: GZIP_LEVEL, window_bits: GZIP_WINDOW, ..DeflateConfig::default() };
    let mut deflate = Deflate::new_with_config(config);
    let mut out = vec![0; PIECE_BYTES];
    let mut step = |plain: &[u8], flush| {
        let (taken, given) = (deflate.total_in(), deflate.total_out());
        let status =
            deflate.compress(plain, &mut out, flush).map_err(|error| io::Error::other(error.as_str()))?;
        let (taken, given) = (deflate.total_in() - taken, deflate.total_out() - given);
        // Neither is more than was offered.
        let (taken, given) = (taken as usize, given as usize);
        packed.extend_from_slice(&out[..given]);
        io::Result::Ok((status, taken))
    };
    for piece in pieces {
        let mut rest = &piece[..];
        while !rest.is_empty() {
            let (_, taken) = step(rest, DeflateFlush::NoFlush)?;
            rest = &rest[taken..];
        }
    }
    while step(&[], DeflateFlush::Finish)?.0 != Status::StreamEnd {}
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use bytes::Bytes;
    use proptest::{collection::vec, prelude::any, prop_assert_eq, proptest};

    use super::Compression;

    proptest! {
        #[test]
        fn pieces_come_back_as_one(
            pieces in vec((vec(any::<u8>(), 0..60), 0_usize..500), 0..8),
        ) {
            let pieces: Vec<Bytes> = pieces.iter().map(|(bytes, times)| bytes.repeat(*times).into()).collect();
            let whole = pieces.concat();
            let packed = Compression::Gzip.compress_now(&pieces).expect("compresses");
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut plain).expect("gzip");
            prop_assert_eq!(&plain, &whole);
            let packed = Compression::Zstd.compress_now(&pieces).expect("compresses");
            prop_assert_eq!(&zstd::decode_all(&packed[..]).expect("zstd"), &whole);
            prop_assert_eq!(&Compression::None.compress_now(&pieces).expect("joins")[..], &whole);
        }
    }
}
