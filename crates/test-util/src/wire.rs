//! What stands between a server and its database, and can be cut.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use url::Url;

/// A way to a database that can be cut, as if its server had been stopped, and joined again at the same address. It
/// is cut with this value.
#[derive(Debug)]
pub struct Wire {
    url: Url,
    to: String,
    at: SocketAddr,
    carrying: Option<JoinHandle<()>>,
}

impl Wire {
    /// A way to the database of this URL.
    ///
    /// # Errors
    ///
    /// When the URL names no server, or the system gives no port.
    pub async fn to(url: &str) -> Result<Self> {
        let mut url = Url::parse(url).context("the database is no URL")?;
        let host = url.host_str().context("the URL of the database names no host")?;
        let to = format!("{host}:{}", url.port().context("the URL of the database names no port")?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let at = listener.local_addr()?;
        url.set_host(Some(&at.ip().to_string()))?;
        url.set_port(Some(at.port()))
            .map_err(|()| anyhow::anyhow!("the URL of the database takes no port"))?;
        let carrying = Some(tokio::spawn(carry(listener, to.clone())));
        Ok(Self { url, to, at, carrying })
    }

    /// The URL of the database by this way.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Breaks every connection and refuses new ones.
    pub async fn cut(&mut self) {
        if let Some(carrying) = self.carrying.take() {
            carrying.abort();
            let _aborted = carrying.await;
        }
    }

    /// Lets connections through again.
    ///
    /// # Errors
    ///
    /// When somebody else has taken the address.
    pub async fn join(&mut self) -> Result<()> {
        let listener = TcpListener::bind(self.at).await.context("the address of the wire is taken")?;
        self.carrying = Some(tokio::spawn(carry(listener, self.to.clone())));
        Ok(())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(carrying) = self.carrying.take() {
            carrying.abort();
        }
    }
}

/// Every connection ends with the future.
async fn carry(listener: TcpListener, to: String) {
    let mut connections = JoinSet::new();
    while let Ok((mut near, _)) = listener.accept().await {
        let to = to.clone();
        connections.spawn(async move {
            if let Ok(mut far) = TcpStream::connect(to).await {
                let _either_end = copy_bidirectional(&mut near, &mut far).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
