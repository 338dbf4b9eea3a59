//! The few protobuf messages of an answer.
//!
//! Written by hand: the published crates for them bring more than they save.

use std::time::Duration;

use prost::Message;

/// How a packed `google.rpc.RetryInfo` is named.
const RETRY_INFO: &str = "google.rpc.RetryInfo";

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) retry_delay: Option<ProtoDuration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ProtoDuration {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

/// `Export*ServiceResponse`: the same fields under the same numbers for every signal.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) partial_success: Option<PartialSuccess>,
}

/// `Export*PartialSuccess`: likewise.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PartialSuccess {
    #[prost(int64, tag = "1")]
    pub(super) rejected: i64,
    #[prost(string, tag = "2")]
    pub(super) error_message: String,
}

impl RpcStatus {
    /// The `RetryInfo` among the details, if there is one that can be read.
    pub(super) fn retry_info(&self) -> Option<RetryInfo> {
        let named = |any: &&Any| any.type_url.rsplit('/').next() == Some(RETRY_INFO);
        self.details.iter().find(named).and_then(|any| RetryInfo::decode(&any.value[..]).ok())
    }
}

impl RetryInfo {
    /// The delay it names. A negative one is none at all.
    pub(super) fn delay(&self) -> Option<Duration> {
        let delay = self.retry_delay.as_ref()?;
        let (Ok(seconds), Ok(nanos)) = (u64::try_from(delay.seconds), u32::try_from(delay.nanos)) else {
            return Some(Duration::ZERO);
        };
        Some(Duration::from_secs(seconds).saturating_add(Duration::from_nanos(nanos.into())))
    }
}
