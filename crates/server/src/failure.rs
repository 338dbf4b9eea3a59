//! How a command can fail, as an exit code.

use std::process::ExitCode;

use mahavishnu_store::StoreError;

/// Failed.
pub const FAILED: u8 = 1;
/// Wrong usage; clap ends with the same.
pub const USAGE: u8 = 2;
/// What was asked for is not there.
pub const NOT_FOUND: u8 = 3;

/// What was asked for is not there.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotFound(pub String);

/// Who could answer can not be asked now; the same question may be answered later.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Away(pub String);

/// The settings are wrong, or an argument is.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(pub String);

/// The exit code of a failure.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    let usage = error.downcast_ref::<WrongUsage>().is_some()
        || matches!(
            error.downcast_ref::<StoreError>(),
            Some(StoreError::InvalidArgument(_) | StoreError::InvalidSql(_))
        );
    ExitCode::from(match error {
        error if error.downcast_ref::<NotFound>().is_some() => NOT_FOUND,
        _ if usage => USAGE,
        _ => FAILED,
    })
}
