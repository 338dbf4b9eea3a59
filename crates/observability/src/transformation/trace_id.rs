//! Whatever a caller names a trace, as the 16 bytes that OpenTelemetry wants.

use xxhash_rust::xxh3::xxh3_128;

/// Keeps the name that a caller gave a trace, where it is no id of OpenTelemetry.
pub const TRACE_ID_ATTRIBUTE: &str = "mahavishnu.trace_id";

/// The id of the trace of this name. An id in hex, 32 digits and not all zero, is itself; any other name always
/// has the same id.
pub(super) fn trace_id(name: &str) -> [u8; 16] {
    hex(name).unwrap_or_else(|| {
        // OpenTelemetry's invalid id is all zeros; no name may have it.
        xxh3_128(name.as_bytes()).max(1).to_be_bytes()
    })
}

/// Whether this is an id as OpenTelemetry writes it.
pub(super) fn is_hex(name: &str) -> bool {
    hex(name).is_some()
}

fn hex(name: &str) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    const_hex::decode_to_slice(name, &mut id).ok()?;
    // The decoder also takes a prefix, which OpenTelemetry does not write.
    (name.len() == 2 * id.len() && id != [0; 16]).then_some(id)
}
