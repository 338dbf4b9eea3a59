//! A request's bytes, decompressed up to a limit.

use std::{
    io::{self, Read},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream},
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::{LARGE_BYTES, on_a_thread, reply::Outcome};

/// How long a sender may be silent in the middle of a body before it is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// How long a refused body is read and dropped: HTTP/1.1 clients read no answer while they still write.
const LINGER: Duration = Duration::from_secs(2);

/// The largest window of zstd as a power of two, 8 MiB: what RFC 9659 allows in a Content-Encoding.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How a body was compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    fn of(headers: &HeaderMap) -> Result<Option<Self>, Outcome> {
        let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(None) };
        match value.to_str().unwrap_or("?").trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
            "zstd" => Ok(Some(Self::Zstd)),
            _ => Err(Outcome::UnknownType(
                "the Content-Encoding is not one we read: send gzip, zstd or identity".to_owned(),
            )),
        }
    }

    fn expand(self, compressed: &[u8], limit: usize) -> Result<Bytes, Outcome> {
        let hint = compressed.len();
        match self {
            Self::Gzip => expand(flate2::bufread::MultiGzDecoder::new(compressed), hint, limit),
            Self::Zstd => {
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(compressed).map_err(|error| broken(&error))?;
                decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(|error| broken(&error))?;
                expand(decoder, hint, limit)
            }
        }
    }
}

/// Reads and decompresses a body. Neither what is read nor what is decompressed passes `limit` bytes.
pub(super) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Outcome> {
    let compression = Compression::of(headers)?;
    let mut stream = body.into_data_stream();
    let bytes = match collect(&mut stream, limit).await {
        Err(refusal @ Outcome::TooLarge(_)) => {
            linger(&mut stream, limit).await;
            return Err(refusal);
        }
        collected => collected?,
    };
    let Some(compression) = compression.filter(|_| !bytes.is_empty()) else { return Ok(bytes) };
    if bytes.len() <= LARGE_BYTES {
        match compression.expand(&bytes, limit.min(LARGE_BYTES)) {
            // Little can become much: what turns out large begins anew on a thread of its own.
            Err(Outcome::TooLarge(_)) => {}
            expanded => return expanded,
        }
    }
    on_a_thread(move || compression.expand(&bytes, limit)).await
}

async fn collect(stream: &mut BodyDataStream, limit: usize) -> Result<Bytes, Outcome> {
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    loop {
        let Ok(next) = timeout(SILENCE, stream.next()).await else {
            let seconds = SILENCE.as_secs();
            return Err(Outcome::TooSlow(format!("nothing more of the body came for {seconds} seconds")));
        };
        let Some(piece) = next else { break };
        let piece = piece.map_err(|_| Outcome::Malformed("the body broke off: send it again".to_owned()))?;
        if first.len() + whole.len() + piece.len() > limit {
            return Err(too_large(limit));
        }
        // A body in one piece, as most are, is never copied.
        if first.is_empty() && whole.is_empty() {
            first = piece;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&piece);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// Drops the rest of a refused body, within bounds, so that its sender comes to read the answer.
async fn linger(stream: &mut BodyDataStream, limit: usize) {
    let drain = async {
        let mut dropped = 0;
        while let Some(Ok(piece)) = stream.next().await {
            dropped += piece.len();
            if dropped > limit {
                return;
            }
        }
    };
    let _sent_or_not = timeout(LINGER, drain).await;
}

/// Decompresses at most one byte past the limit: that one tells that there is more.
fn expand(mut decoder: impl Read, hint: usize, limit: usize) -> Result<Bytes, Outcome> {
    let most = limit.saturating_add(1);
    let mut plain = Vec::with_capacity(hint.saturating_mul(4).min(most));
    loop {
        // Grown here and not by the reader, so that memory stays under the limit too.
        if plain.len() == plain.capacity() {
            plain.reserve_exact(plain.capacity().clamp(1, most - plain.len()));
        }
        let room = plain.capacity() - plain.len();
        let read =
            decoder.by_ref().take(room as u64).read_to_end(&mut plain).map_err(|error| broken(&error))?;
        if plain.len() > limit {
            return Err(too_large(limit));
        }
        if read < room {
            return Ok(plain.into());
        }
    }
}

fn broken(error: &io::Error) -> Outcome {
    Outcome::Malformed(format!("the body can not be decompressed: {error}"))
}

fn too_large(limit: usize) -> Outcome {
    Outcome::TooLarge(format!("the request is larger than {limit} bytes: send smaller batches"))
}
