//! A request's bytes, decompressed up to a limit.

use std::io::{self, Read};

use axum::{body::Body, http::HeaderMap};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::{blocking_when_large, reply::Outcome};

/// How a body was compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Result<Self, Outcome> {
        let Some(value) = headers.get("content-encoding") else { return Ok(Self::Identity) };
        match value.to_str().unwrap_or("?").trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(Outcome::UnknownType(
                "the Content-Encoding is not one we read: send gzip, zstd or identity".to_owned(),
            )),
        }
    }
}

/// Reads and decompresses a body. Neither what is read nor what is decompressed passes `limit` bytes.
pub(super) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Outcome> {
    let encoding = Encoding::of(headers)?;
    let bytes = collect(body, limit).await?;
    match encoding {
        Encoding::Identity => Ok(bytes),
        Encoding::Gzip => {
            blocking_when_large(bytes, move |bytes| expand(flate2::read::MultiGzDecoder::new(&bytes[..]), limit)).await
        }
        Encoding::Zstd => {
            blocking_when_large(bytes, move |bytes| {
                let decoder = zstd::stream::read::Decoder::new(&bytes[..]).map_err(|error| broken(&error))?;
                expand(decoder, limit)
            })
            .await
        }
    }
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, Outcome> {
    let mut stream = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| Outcome::Malformed("the body broke off: send it again".to_owned()))?;
        if whole.len() + piece.len() > limit {
            return Err(too_large(limit));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// Reads one byte past the limit at most: that one tells that there is more.
fn expand(decoder: impl Read, limit: usize) -> Result<Bytes, Outcome> {
    let mut plain = Vec::new();
    decoder.take(limit as u64 + 1).read_to_end(&mut plain).map_err(|error| broken(&error))?;
    if plain.len() > limit {
        return Err(too_large(limit));
    }
    Ok(plain.into())
}

fn broken(error: &io::Error) -> Outcome {
    Outcome::Malformed(format!("the body can not be decompressed: {error}"))
}

fn too_large(limit: usize) -> Outcome {
    Outcome::TooLarge(format!("the request is larger than {limit} bytes: send smaller batches"))
}
