//! Telling the records apart that a destination refuses.

use std::future::Future;

use super::{DeadLetter, ExportError};
use crate::batch::Batch;

/// Parts that are tried at most: two for each halving of the largest request, and room for some more culprits. A
/// destination that refuses everything is not asked for each record.
const MAX_TRIES: usize = 128;

/// Halves a batch until what is refused stands alone; `take` gives a part to the destination.
///
/// # Errors
///
/// The first error of `take` that does not speak of the part.
pub async fn sort_out<F: Future<Output = Result<(), ExportError>>>(
    batch: &Batch,
    mut take: impl FnMut(Batch) -> F,
) -> Result<Vec<DeadLetter>, ExportError> {
    let (mut dead, mut parts, mut tries) = (Vec::new(), vec![batch.clone()], 0);
    while let Some(part) = parts.pop() {
        tries += 1;
        let reason = match take(part.clone()).await {
            Ok(()) => continue,
            Err(ExportError::Refused { reason }) => reason,
            Err(error) => return Err(error),
        };
        match part.halves() {
            Some((first, second)) if tries < MAX_TRIES => parts.extend([second, first]),
            _ => dead.push(DeadLetter { batch: part, reason }),
        }
    }
    Ok(dead)
}
