//! A running server: OTLP on two ports, the API on a third, one pipeline behind them.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use axum::Router;
use mahavishnu_observability::{MahavishnuSettings, Pipeline, wiring::Place};
use mahavishnu_pipeline::receiver::{self, Limits, Listener};
use tokio::{net::lookup_host, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use url::Host;

use crate::{api::Api, shapes::Addresses};

/// How long requests under way and what they brought may take when the server stops.
pub const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// Serves until it is stopped.
#[derive(Debug)]
pub struct Running {
    addresses: Arc<Addresses>,
    storage: String,
    pipeline: Pipeline,
    receivers: Listeners,
    api: Listeners,
}

/// The sockets that stop together.
#[derive(Debug)]
struct Listeners {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Listeners {
    fn new() -> Self {
        Self { stop: CancellationToken::new(), tasks: JoinSet::new() }
    }

    fn serve(&mut self, listener: Listener, router: Router) {
        self.tasks.spawn(listener.serve(router, self.stop.clone()));
    }

    /// Takes nothing new, and waits for what is under way.
    async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Running {
    /// Binds every address, opens the database and begins to serve.
    pub async fn start(settings: &MahavishnuSettings) -> Result<Self> {
        // Sockets first: a port that is taken is found before a database is touched.
        let grpc = bind(&settings.server.grpc, "--grpc").await?;
        let http = bind(&settings.server.http, "--http").await?;
        let api = bind(&settings.server.api, "--api").await?;
        refuse_strangers(settings, api.local_addr()?)?;
        let addresses = Arc::new(Addresses {
            grpc: format!("http://{}", grpc.local_addr()?),
            http: format!("http://{}", http.local_addr()?),
            api: format!("http://{}", api.local_addr()?),
        });
        refuse_itself(settings, &[grpc.local_addr()?, http.local_addr()?])?;
        let pipeline = Pipeline::start(settings, Place::Server).await?;
        let limits = Limits { max_request_bytes: settings.server.max_request_bytes };
        let router = receiver::router(pipeline.intake().clone(), limits);
        let mut faces = Listeners::new();
        let questions = Api {
            adapter: pipeline.adapter().cloned(),
            intake: pipeline.intake().clone(),
            directory: pipeline.directory().map(Path::to_owned),
            dead_letters: pipeline.dead_letters().clone(),
            destinations: pipeline.destinations(),
            addresses: Arc::clone(&addresses),
            stop: faces.stop.clone(),
            hosts: settings.server.api_hosts.clone().into(),
            agents_may_write: settings.mcp.allow_writes,
        };
        let mut receivers = Listeners::new();
        receivers.serve(grpc, router.clone());
        receivers.serve(http, router);
        faces.serve(api, questions.router());
        let storage = match pipeline.adapter() {
            Some(adapter) => adapter.location().to_string(),
            None => "none: everything goes to the OTLP platform".to_owned(),
        };
        Ok(Self { addresses, storage, pipeline, receivers, api: faces })
    }

    /// Where it listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Where it stores, without secrets.
    pub fn storage(&self) -> &str {
        &self.storage
    }

    /// Waits until every destination has what was accepted before.
    pub async fn settled(&self) {
        self.pipeline.reached().await;
    }

    /// Stops in order: receivers, what they brought, the API, the database.
    pub async fn stop(self) {
        let stopping = async {
            self.receivers.stop().await;
            self.api.stop().await;
            self.pipeline.shutdown().await;
        };
        if tokio::time::timeout(STOP_DEADLINE, stopping).await.is_err() {
            warn!(
                deadline_s = STOP_DEADLINE.as_secs(),
                "stopped before everything was done; nothing acknowledged is lost"
            );
        }
    }
}

/// What a server sends to itself it would send again, for ever.
fn refuse_itself(settings: &MahavishnuSettings, ours: &[SocketAddr]) -> Result<()> {
    let url = settings.observability.otlp_endpoint.url();
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        None => false,
    };
    let port = url.port_or_known_default();
    if settings.otel_storage_backend.forwards()
        && local
        && ours.iter().any(|address| Some(address.port()) == port)
    {
        anyhow::bail!(
            "observability.otlp_endpoint is {}, where this server listens itself: name the platform's endpoint, or set \
             otel_storage_backend to postgresql",
            settings.observability.otlp_endpoint
        );
    }
    Ok(())
}

/// There are no tokens yet: whoever reaches the API may ask it everything, so that must be meant.
fn refuse_strangers(settings: &MahavishnuSettings, api: SocketAddr) -> Result<()> {
    if api.ip().is_loopback() || !settings.server.api_hosts.is_empty() {
        return Ok(());
    }
    anyhow::bail!(
        "the API would answer everybody who reaches {api}: listen on localhost, or name the hosts by which it may be asked in \
         server.api_hosts (MAHAVISHNU_SERVER__API_HOSTS)"
    );
}

async fn bind(address: &str, flag: &str) -> Result<Listener> {
    let resolved: Vec<SocketAddr> = lookup_host(address)
        .await
        .with_context(|| format!("{address} is not an address to listen on: give {flag} HOST:PORT"))?
        .collect();
    // IPv4 first: every SDK's default reaches it, and one port must be one socket.
    let Some(first) = resolved.iter().find(|address| address.is_ipv4()).or(resolved.first()) else {
        anyhow::bail!("{address} is not an address to listen on: give {flag} HOST:PORT");
    };
    Listener::bind(*first).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is taken by another process: stop it, or choose another with {flag} (port 0 picks a free one)")
        }
        _ => anyhow::anyhow!("can not listen on {address}: {error}; choose another with {flag}"),
    })
}

/// Waits for ctrl-c or SIGTERM. After this returned, a second one ends the process at once.
pub async fn until_told_to_stop() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM can not be watched")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("ctrl-c can not be watched")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(crate::failure::FAILED.into());
    });
    Ok(())
}
