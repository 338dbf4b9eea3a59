//! An HTTP URL that can be shown.

use std::fmt;

use url::Url;

use crate::value::cuts_password;

/// An `http://` or `https://` URL. Its `Display` and `Debug` show no user, no password and no query, where tokens are.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Reads a URL; `None` when it is not one of HTTP.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        // Without a scheme, "localhost:4317" would be a URL of the scheme "localhost".
        let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
        (is_http && !cuts_password(&url)).then_some(Self(url))
    }

    /// The URL with all that it holds, for who connects to it.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        if self.0.path() != "/" {
            f.write_str(self.0.path())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_password_and_query_are_not_shown() {
        let endpoint = Endpoint::parse("https://user:s3cret@host:1/otlp?token=s3cret#s3cret").expect("valid");
        assert_eq!(endpoint.to_string(), "https://host:1/otlp");
        assert_eq!(format!("{endpoint:?}"), "https://host:1/otlp");
        assert_eq!(endpoint.url().password(), Some("s3cret"));
    }

    #[test]
    fn what_is_not_a_url_of_http_is_refused() {
        for text in ["", "localhost:4317", "grpc://localhost:4317", "http://", "4317", "http://u:12/s3cret@h"]
        {
            assert_eq!(Endpoint::parse(text), None, "{text}");
        }
    }
}
