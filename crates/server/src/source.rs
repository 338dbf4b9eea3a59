//! Whom a command asks: a running server, or a database.

use anyhow::{Context, Result, anyhow, bail};
use mahavishnu_observability::Meaning;
use mahavishnu_store::{Location, QueryService, Store, StoreError, dead_letter::DeadLetters, query::TraceId};
use reqwest::{Client, StatusCode, Url};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    api::{
        ChangeQuery, ErrorQuery, ListQuery, LogQuery, MetricQuery, OperationQuery, PatternQuery,
        PatternSearchQuery, SearchQuery, SeriesQuery, ServiceQuery, TraceQuery, WindowQuery, pattern_id,
    },
    cli::{Ask, Moment},
    configuration,
    failure::{Away, NotFound},
    shapes,
};

mod tail;

/// Why only a server can handle dead letters and tell what comes: it has the spool, and the way to the destinations.
const NEEDS_SERVER: &str = "no server answers, and only a running one can do this: start mahavishnu-otel serve, or name \
                            its API with --url";

/// How long a running server may take to answer: its own limits are shorter.
const ANSWER_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

/// How long the server of the settings may take to say that it is there.
const PROBE_TIMEOUT: std::time::Duration = std::time::Duration::from_millis(500);

/// Answers questions, wherever from.
#[derive(Debug)]
pub enum Source {
    /// A running server, by its API.
    Server { client: Client, url: Url },
    /// A database.
    Database { store: Store, query: QueryService },
}

impl Source {
    /// The server or database that is asked for; otherwise the server of the settings if it runs, otherwise their
    /// database.
    pub async fn open(ask: &Ask) -> Result<Self> {
        if let Some(url) = &ask.url {
            return Self::server(url);
        }
        if let Some(storage) = &ask.storage {
            return Self::database(&Location::parse(storage)?).await;
        }
        let settings = configuration::load(&[])?.settings;
        let running = Self::server(&format!("http://{}", settings.server.api))?;
        if running.answers().await {
            return Ok(running);
        }
        let api = &settings.server.api;
        Self::database(&settings.otel_storage_connection_string).await.with_context(|| {
            format!("no server answers at http://{api}, and its database can not be asked either")
        })
    }

    fn server(url: &str) -> Result<Self> {
        let url =
            Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(|| {
                anyhow!("--url takes the address of a server's API, as in http://localhost:4319")
            })?;
        let client = Client::builder().timeout(ANSWER_TIMEOUT).build().context("HTTP can not be set up")?;
        Ok(Self::Server { client, url })
    }

    async fn database(location: &Location) -> Result<Self> {
        if let Location::Embedded(directory) = location
            && !directory.exists()
        {
            // To ask makes none: whoever stores would find it in use.
            bail!(NotFound(format!(
                "there is no database in {} yet: start mahavishnu-otel serve, which makes one, or name another with \
                 --storage",
                directory.display()
            )));
        }
        let store = Store::open(location).await?;
        Ok(Self::Database { query: QueryService::new(store.clone()), store })
    }

    /// The database of the server that this process is.
    pub fn here(store: Store, query: QueryService) -> Self {
        Self::Database { store, query }
    }

    /// The same for many questions: the model is loaded now, not for each of them.
    pub async fn understanding_once(self) -> Self {
        match (self.understanding().await, self) {
            (Ok(query), Self::Database { store, .. }) => Self::Database { store, query },
            // Without the model most questions can be answered; a search says what is wrong with it.
            (_, source) => source,
        }
    }

    async fn answers(&self) -> bool {
        let Self::Server { client, url } = self else { return true };
        let Ok(health) = url.join("/healthz") else { return false };
        let answer = client.get(health).timeout(PROBE_TIMEOUT).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Closes what was opened.
    pub async fn close(self) {
        if let Self::Database { store, .. } = self {
            store.close().await;
        }
    }

    pub async fn traces(&self, filter: &TraceQuery) -> Result<Vec<shapes::TraceSummary>> {
        match self {
            Self::Server { .. } => self.pages("/api/v1/traces", filter, filter.limit).await,
            Self::Database { query, .. } => Ok(shapes::list(query.traces(&filter.filter()?).await?)),
        }
    }

    pub async fn trace_histogram(&self, asked: &TraceQuery) -> Result<shapes::TraceHistogram> {
        match self {
            Self::Server { .. } => self.get("/api/v1/traces/histogram", asked).await,
            Self::Database { query, .. } => {
                let (window, buckets) = asked.bars();
                Ok(query.trace_histogram(&asked.filter()?, window, buckets).await?.into())
            }
        }
    }

    pub async fn trace_facets(&self, asked: &TraceQuery) -> Result<shapes::TraceFacets> {
        match self {
            Self::Server { .. } => self.get("/api/v1/traces/facets", asked).await,
            Self::Database { query, .. } => Ok(query.trace_facets(&asked.filter()?).await?.into()),
        }
    }

    pub async fn log_histogram(&self, asked: &LogQuery) -> Result<shapes::LogHistogram> {
        match self {
            Self::Server { .. } => self.get("/api/v1/logs/histogram", asked).await,
            Self::Database { query, .. } => {
                let (window, buckets) = asked.bars();
                Ok(query.log_histogram(&asked.filter()?, window, buckets).await?.into())
            }
        }
    }

    pub async fn trace(&self, id: &str) -> Result<shapes::TraceContext> {
        let id = TraceId::parse(id)?;
        match self {
            Self::Server { .. } => self.get(&format!("/api/v1/traces/{id}"), &()).await,
            Self::Database { query, .. } => Ok(query.get_trace_context(id).await.map_err(not_found)?.into()),
        }
    }

    pub async fn logs(&self, filter: &LogQuery) -> Result<Vec<shapes::LogRecord>> {
        match self {
            Self::Server { .. } => self.get("/api/v1/logs", filter).await,
            Self::Database { query, .. } => Ok(shapes::list(query.logs(&filter.filter()?).await?)),
        }
    }

    pub async fn metrics(&self, filter: &ServiceQuery) -> Result<Vec<shapes::MetricSummary>> {
        match self {
            Self::Server { .. } => self.get("/api/v1/metrics", filter).await,
            Self::Database { query, .. } => Ok(shapes::list(query.metrics(filter.service.as_deref()).await?)),
        }
    }

    pub async fn metric_points(&self, filter: &MetricQuery) -> Result<Vec<shapes::MetricPoint>> {
        match self {
            Self::Server { .. } => self.get("/api/v1/points", filter).await,
            Self::Database { query, .. } => Ok(shapes::list(query.metric_points(&filter.filter()?).await?)),
        }
    }

    pub async fn search(&self, asked: &SearchQuery) -> Result<Vec<shapes::TraceResult>> {
        match self {
            Self::Server { .. } => self.get("/api/v1/search", asked).await,
            Self::Database { .. } => {
                Ok(shapes::list(self.understanding().await?.search_traces(&asked.q, &asked.filter()?).await?))
            }
        }
    }

    pub async fn search_patterns(&self, asked: &PatternSearchQuery) -> Result<Vec<shapes::PatternHit>> {
        match self {
            Self::Server { .. } => self.get("/api/v1/patterns/search", asked).await,
            Self::Database { .. } => Ok(shapes::list(
                self.understanding().await?.search_patterns(&asked.q, &asked.filter()?).await?,
            )),
        }
    }

    pub async fn similar(&self, id: &str, asked: &ListQuery) -> Result<Vec<shapes::SimilarTrace>> {
        let id = TraceId::parse(id)?;
        match self {
            Self::Server { .. } => self.get(&format!("/api/v1/traces/{id}/similar"), asked).await,
            Self::Database { .. } => {
                let similar = self.understanding().await?.similar_traces(id, asked.limit).await;
                Ok(shapes::list(similar.map_err(not_found)?))
            }
        }
    }

    pub async fn patterns(&self, asked: &PatternQuery) -> Result<Vec<shapes::PatternTrend>> {
        match self {
            Self::Server { .. } => self.get("/api/v1/patterns", asked).await,
            Self::Database { query, .. } => {
                Ok(shapes::list(query.pattern_trends(&asked.filter()?, asked.window()).await?))
            }
        }
    }

    pub async fn pattern(&self, id: &str, asked: &WindowQuery) -> Result<shapes::PatternTrend> {
        let id = pattern_id(id)?;
        match self {
            Self::Server { .. } => self.get(&format!("/api/v1/patterns/{id}"), asked).await,
            Self::Database { query, .. } => {
                Ok(query.pattern(id, asked.window()).await.map_err(not_found)?.into())
            }
        }
    }

    pub async fn error(&self, id: &str, asked: &WindowQuery) -> Result<shapes::ErrorDetail> {
        let id = pattern_id(id)?;
        match self {
            Self::Server { .. } => self.get(&format!("/api/v1/errors/{id}"), asked).await,
            Self::Database { query, .. } => {
                Ok(query.error_detail(id, asked.window()).await.map_err(not_found)?.into())
            }
        }
    }

    pub async fn metric_series(&self, asked: &SeriesQuery) -> Result<shapes::MetricSeries> {
        match self {
            Self::Server { .. } => self.get("/api/v1/metrics/series", asked).await,
            Self::Database { query, .. } => Ok(query.metric_series(&asked.filter()?).await?.into()),
        }
    }

    pub async fn changes(&self, asked: &ChangeQuery) -> Result<Vec<shapes::PatternChange>> {
        match self {
            Self::Server { .. } => self.get("/api/v1/patterns/changes", asked).await,
            Self::Database { query, .. } => Ok(shapes::list(query.new_patterns(&asked.windows()?).await?)),
        }
    }

    pub async fn errors(&self, asked: &ErrorQuery) -> Result<Vec<shapes::ErrorGroup>> {
        match self {
            Self::Server { .. } => self.get("/api/v1/errors", asked).await,
            Self::Database { query, .. } => Ok(shapes::list(query.error_groups(&asked.filter()).await?)),
        }
    }

    pub async fn services(&self, asked: &WindowQuery) -> Result<Vec<shapes::ServiceSummary>> {
        let (since, until) = asked.resolve();
        match self {
            Self::Server { .. } => self.get("/api/v1/services", asked).await,
            Self::Database { query, .. } => Ok(shapes::list(query.services(since, until).await?)),
        }
    }

    pub async fn service_map(&self, asked: &WindowQuery) -> Result<shapes::ServiceMap> {
        let (since, until) = asked.resolve();
        match self {
            Self::Server { .. } => self.get("/api/v1/services/map", asked).await,
            Self::Database { query, .. } => Ok(query.service_map(since, until).await?.into()),
        }
    }

    pub async fn operations(&self, name: &str, asked: &OperationQuery) -> Result<Vec<shapes::Operation>> {
        match self {
            Self::Server { client, url } => {
                let mut path = url.join("/api/v1/services/")?;
                path.path_segments_mut()
                    .map_err(|()| anyhow!("an address has a path"))?
                    .pop_if_empty()
                    .extend([name, "operations"]);
                read(client.get(path).query(asked), url).await
            }
            Self::Database { query, .. } => {
                let (since, until) = (asked.since.map(Moment::resolve), asked.until.map(Moment::resolve));
                Ok(shapes::list(query.operations(name, since, until, asked.limit).await?))
            }
        }
    }

    /// The database, asked by somebody who understands meaning: the model is loaded only where it is needed.
    async fn understanding(&self) -> Result<QueryService> {
        let Self::Database { query, store } = self else { bail!("only a database is asked so") };
        if query.understands() {
            return Ok(query.clone());
        }
        let settings = configuration::load(&[])?.settings;
        Ok(match Meaning::load(&settings, store).await? {
            Some(meaning) => meaning.teach(query.clone()),
            None => query.clone(),
        })
    }

    pub async fn sql(&self, request: &shapes::SqlRequest) -> Result<shapes::SqlResult> {
        match self {
            Self::Server { client, url } => {
                read(client.post(url.join("/api/v1/sql")?).json(request), url).await
            }
            Self::Database { query, .. } => {
                Ok(query.custom_query_with(&request.sql, &request.params, request.limit).await?.into())
            }
        }
    }

    pub async fn dead_letters(&self, query: &ListQuery) -> Result<Vec<shapes::DeadLetter>> {
        match self {
            Self::Server { .. } => self.get("/api/v1/dead-letters", query).await,
            Self::Database { store, .. } => {
                let letters = DeadLetters::new(store.clone()).list(0, query.limit).await?;
                Ok(letters.iter().map(shapes::DeadLetter::of_database).collect())
            }
        }
    }

    pub async fn replay_dead_letters(&self) -> Result<shapes::DeadLetterCount> {
        let Self::Server { client, url } = self else { bail!(NEEDS_SERVER) };
        read(client.post(url.join("/api/v1/dead-letters/replay")?), url).await
    }

    pub async fn purge_dead_letters(&self) -> Result<shapes::DeadLetterCount> {
        let Self::Server { client, url } = self else { bail!(NEEDS_SERVER) };
        read(client.post(url.join("/api/v1/dead-letters/purge")?), url).await
    }

    pub async fn status(&self) -> Result<shapes::Status> {
        match self {
            Self::Server { .. } => self.get("/api/v1/status", &()).await,
            Self::Database { query, .. } => Ok(shapes::Status {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                addresses: None,
                storage: Some(query.status().await?.into()),
                storage_error: None,
                spool: None,
                ledger: None,
                destinations: None,
            }),
        }
    }

    /// All pages of a list up to a limit: a page may be short though more follow.
    async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &impl Serialize,
        limit: usize,
    ) -> Result<Vec<T>> {
        let Self::Server { client, url } = self else { bail!("only a server has an API") };
        let (mut all, mut next) = (Vec::new(), client.get(url.join(path)?).query(parameters));
        loop {
            let (page, following): (Vec<T>, _) = read_page(next, url).await?;
            all.extend(page);
            match following {
                Some(following) if all.len() < limit => next = client.get(url.join(&following)?),
                _ => break,
            }
        }
        all.truncate(limit);
        Ok(all)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, parameters: &impl Serialize) -> Result<T> {
        let Self::Server { client, url } = self else { bail!("only a server has an API") };
        read(client.get(url.join(path)?).query(parameters), url).await
    }
}

/// The answer, or the sentence with which the server refused.
async fn read<T: DeserializeOwned>(request: reqwest::RequestBuilder, url: &Url) -> Result<T> {
    Ok(read_page(request, url).await?.0)
}

/// The same, and where the next page is.
async fn read_page<T: DeserializeOwned>(
    request: reqwest::RequestBuilder,
    url: &Url,
) -> Result<(T, Option<String>)> {
    let answer = request.send().await.map_err(|_| {
        Away(format!(
            "no server answers at {url}: start one with mahavishnu-otel serve, or name a database with --storage"
        ))
    })?;
    let status = answer.status();
    let link = answer.headers().get(reqwest::header::LINK).and_then(|link| link.to_str().ok());
    let next =
        link.and_then(|link| Some(link.strip_prefix('<')?.split_once(">; rel=\"next\"")?.0.to_owned()));
    let body = answer.bytes().await.with_context(|| format!("the answer of {url} broke off"))?;
    if status.is_success() {
        let answer = serde_json::from_slice(&body)
            .with_context(|| format!("{url} answers, but not as mahavishnu-otel does: check the address"))?;
        return Ok((answer, next));
    }
    Err(refused(status, &body, url))
}

/// The sentence with which the server refused.
fn refused(status: StatusCode, body: &[u8], url: &Url) -> anyhow::Error {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let detail = problem["detail"].as_str().map_or_else(|| format!("{url} answered {status}"), str::to_owned);
    match status {
        StatusCode::NOT_FOUND if problem["detail"].is_string() => NotFound(detail).into(),
        StatusCode::SERVICE_UNAVAILABLE => Away(detail).into(),
        _ => anyhow!(detail),
    }
}

fn not_found(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::TraceNotFound(_) | StoreError::PatternNotFound(_) => NotFound(error.to_string()).into(),
        other => other.into(),
    }
}
