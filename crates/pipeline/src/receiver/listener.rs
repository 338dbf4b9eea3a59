//! The socket under a router, and stopping.

use std::{error::Error, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::debug;

/// Connections at the same time; one more waits to be accepted.
const CONNECTIONS: usize = 4096;

/// How long a client may take to send the head of a request: a slow one must not hold a connection for nothing.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// After so much silence an HTTP/2 client is asked whether it is there; SDKs keep connections open for hours.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(60);

/// How long it has to answer.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// What to wait after a failure to accept, which is nearly always a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A bound socket that speaks HTTP/1.1 and HTTP/2 without TLS.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
}

impl Listener {
    /// Binds an address; port 0 picks a free one.
    ///
    /// # Errors
    ///
    /// When the address can not be bound: the port is taken, or is not ours to take.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address).await? })
    }

    /// What was bound.
    ///
    /// # Errors
    ///
    /// When the system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `shutdown`, then finishes the requests under way.
    pub async fn serve(self, router: Router, shutdown: CancellationToken) {
        let connections = TaskTracker::new();
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let place = Arc::clone(&places).acquire_owned();
            let accepted = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = async { (place.await, self.socket.accept().await) } => accepted,
            };
            let (Ok(place), Ok((stream, peer))) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let (router, shutdown) = (router.clone(), shutdown.clone());
            connections.spawn(async move {
                if let Err(error) = converse(stream, router, shutdown).await {
                    debug!(%peer, error, "connection ended");
                }
                drop(place);
            });
        }
        drop(self.socket);
        connections.close();
        connections.wait().await;
    }
}

/// Serves one connection until its client leaves or `shutdown`.
async fn converse(
    stream: TcpStream,
    router: Router,
    shutdown: CancellationToken,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    // The builder waits for ever for the first byte, which tells the protocol.
    let mut first = [0];
    tokio::select! {
        first = timeout(HEAD_TIMEOUT, stream.peek(&mut first)) => first??,
        () = shutdown.cancelled() => return Ok(()),
    };
    let builder = builder();
    let service = TowerToHyperService::new(router);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        result = connection.as_mut() => result,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .adaptive_window(true)
        .keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT);
    builder
}
