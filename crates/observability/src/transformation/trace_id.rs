//! Whatever a caller names a trace, as the 16 bytes that OpenTelemetry wants.

use mahavishnu_store::query::TraceId;

/// Keeps the name that a caller gave a trace, where it is no id of OpenTelemetry.
pub const TRACE_ID_ATTRIBUTE: &str = "mahavishnu.trace_id";

/// The id of the trace of this name. An id in hex, 32 digits and not all zero, is itself; any other name always
/// has the same id.
pub(super) fn trace_id(name: &str) -> [u8; 16] {
    TraceId::from_hex(name).unwrap_or_else(|| TraceId::from_name(name)).0
}

/// Whether this is an id as OpenTelemetry writes it.
pub(super) fn is_hex(name: &str) -> bool {
    TraceId::from_hex(name).is_some()
}
