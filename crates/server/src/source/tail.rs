//! Server-sent events of a running server, as they come.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use reqwest::{Client, Response};

use super::{NEEDS_SERVER, Source, refused};
use crate::api::TailQuery;

/// A server that lives says so every 15 s.
const SILENCE: Duration = Duration::from_secs(60);

/// Bytes of one event at most: a record is part of a request, which has a limit too.
const MOST_BYTES: usize = 64 * 1024 * 1024;

impl Source {
    /// Gives each event's name and data until the server ends or `tell` says that nobody reads any more.
    pub async fn tail(
        &self,
        query: &TailQuery,
        mut tell: impl FnMut(&str, &str) -> Result<bool>,
    ) -> Result<()> {
        let Self::Server { url, .. } = self else { bail!(NEEDS_SERVER) };
        let client = Client::builder().read_timeout(SILENCE).build().context("HTTP can not be set up")?;
        let request = client.get(url.join("/api/v1/tail")?).query(query);
        let answer = request.send().await.map_err(|_| anyhow!("no server answers at {url}"))?;
        if !answer.status().is_success() {
            let status = answer.status();
            return Err(refused(status, &answer.bytes().await.unwrap_or_default(), url));
        }
        events(answer, &mut tell).await
    }
}

async fn events(mut answer: Response, tell: &mut impl FnMut(&str, &str) -> Result<bool>) -> Result<()> {
    let mut buffer: Vec<u8> = Vec::new();
    while let Some(bytes) = answer.chunk().await.context("the server broke off")? {
        let from = buffer.len().saturating_sub(1);
        buffer.extend_from_slice(&bytes);
        let mut done = 0;
        let mut look = from;
        // An empty line ends an event.
        while let Some(end) = buffer.get(look..).and_then(|rest| rest.windows(2).position(|it| it == b"\n\n"))
        {
            let end = look + end;
            let text = String::from_utf8_lossy(&buffer[done..end]).into_owned();
            let (event, data) = parse(&text);
            if !data.is_empty() && !tell(event, &data)? {
                return Ok(());
            }
            (done, look) = (end + 2, end + 2);
        }
        buffer.drain(..done);
        if buffer.len() > MOST_BYTES {
            bail!("the server sends an event that does not end");
        }
    }
    bail!("the server ended: start it again, then tail")
}

/// The name of an event and its data.
fn parse(text: &str) -> (&str, String) {
    let field = |line: &'_ str, name: &str| {
        let value = line.strip_prefix(name)?.strip_prefix(':')?.to_owned();
        Some(value.strip_prefix(' ').map(str::to_owned).unwrap_or(value))
    };
    let event = text.lines().find_map(|line| line.strip_prefix("event:")).unwrap_or("message").trim();
    let data: Vec<String> = text.lines().filter_map(|line| field(line, "data")).collect();
    (event, data.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_event_has_a_name_and_data_and_a_comment_has_neither() {
        assert_eq!(parse("event: log\ndata: {\"a\":\ndata: 1}"), ("log", "{\"a\":\n1}".to_owned()));
        assert_eq!(parse(":keep-alive"), ("message", String::new()));
    }
}
