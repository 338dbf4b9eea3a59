//! Which database is meant: a directory of our own, or a server.

use std::{fmt, path::PathBuf};

use crate::error::StoreError;

/// Where telemetry is stored. Its `Display` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// PostgreSQL of our own, its files in this directory: `embedded:DIR`.
    Embedded(PathBuf),
    /// A PostgreSQL server: `postgresql://` or `postgres://`.
    Server(url::Url),
}

impl Location {
    /// Reads `embedded:DIR`, `postgresql://...` or `postgres://...`.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] says what is allowed, and shows nothing of what was given.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        if let Some(directory) = text.strip_prefix("embedded:") {
            if directory.is_empty() {
                return Err(invalid("embedded: needs a directory, as in embedded:/var/lib/otel"));
            }
            return Ok(Self::Embedded(PathBuf::from(directory)));
        }
        // Without the slashes a URL parser takes user and password for a path.
        if !text.starts_with("postgresql://") && !text.starts_with("postgres://") {
            return Err(invalid(ALLOWED));
        }
        url::Url::parse(text).map(Self::Server).map_err(|_| invalid(ALLOWED))
    }
}

const ALLOWED: &str = "storage is embedded:DIR or a postgresql:// URL, as in postgresql://user@host/db";

fn invalid(reason: &str) -> StoreError {
    StoreError::InvalidArgument(reason.to_owned())
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(directory) => write!(f, "embedded:{}", directory.display()),
            Self::Server(url) => {
                let user =
                    if url.username().is_empty() { String::new() } else { format!("{}@", url.username()) };
                write!(f, "{}://{user}{}", url.scheme(), url.host_str().unwrap_or("localhost"))?;
                if let Some(port) = url.port() {
                    write!(f, ":{port}")?;
                }
                f.write_str(url.path())
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let location =
            Location::parse("postgresql://u:s3cret@h:1/d?sslmode=require&password=s3cret").expect("valid");
        assert_eq!(location.to_string(), "postgresql://u@h:1/d");
        assert!(!format!("{location:?}").contains("s3cret"));
    }

    #[test]
    fn anything_else_is_refused_without_repeating_it() {
        for text in ["", "embedded:", "mysql://u:s3cret@h/d", "host=s3cret", "postgresql:u:s3cret@h"] {
            let error = Location::parse(text).expect_err(text).to_string();
            assert!(error.contains("embedded:") && !error.contains("s3cret"), "{error}");
        }
    }
}
