//! Connecting, checking what is there, migrating.

use std::{path::PathBuf, sync::Arc, time::Duration};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, QueueMode, RecyclingMethod, TimeoutType,
};
use tokio_postgres::{
    Config, Socket,
    tls::{MakeTlsConnect, TlsConnect},
};

use crate::{error::StoreError, location::Location, migrate, tls::Security};

#[cfg(engine)]
use crate::embedded::Engine;

/// Connections to a server for what writes: the lanes of a delivery, vectors, dead letters.
const WRITING_CONNECTIONS: usize = 6;

/// Connections to a server for questions: however many are asked, and however slow they are, writing goes on.
const ASKING_CONNECTIONS: usize = 6;

/// A session for questions: it can not write, and the server stops a question that takes longer.
const ASKING: &str = include_str!("../queries/server/asking.sql");

/// What is committed leaves our spool: it must not be lost with the server's memory. A server that waits for more than
/// its own disk goes on doing so.
const SYNCHRONOUS_COMMIT: &str = include_str!("../queries/server/synchronous_commit.sql");

/// The embedded engine has one session: its timers do not fire, so that nothing would end two that wait for each other.
const EMBEDDED_CONNECTIONS: usize = 1;

/// How long a host may take to let us connect: twice what a distant server needs.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a question waits for a free connection before it is told that the database is busy.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// A database that is ready: reached, checked and migrated. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    location: Location,
    writing: Pool,
    /// The same as `writing` where there is one session for everything.
    asking: Pool,
    migrated: Vec<i32>,
    #[cfg(engine)]
    engine: tokio::sync::Mutex<Option<Engine>>,
}

impl Store {
    /// Connects to the database, checks that it can serve us and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] where trying later may help, [`StoreError::Unsuitable`] where somebody must act.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::Server(url) => {
                let Security { config, connector } = Security::from_url(url)?;
                let writing =
                    pool(config.clone(), connector.clone(), WRITING_CONNECTIONS, SYNCHRONOUS_COMMIT)?;
                let asking = pool(config, connector, ASKING_CONNECTIONS, ASKING)?;
                Self::ready(location.clone(), writing, |inner| Inner { asking, ..inner }).await
            }
            Location::Embedded(directory) => Self::open_embedded(location, directory.clone()).await,
        }
    }

    #[cfg(engine)]
    async fn open_embedded(location: &Location, directory: PathBuf) -> Result<Self, StoreError> {
        let engine = Engine::start(&directory).await?;
        let pool = pool(engine.config(), tokio_postgres::NoTls, EMBEDDED_CONNECTIONS, SYNCHRONOUS_COMMIT)?;
        Self::ready(location.clone(), pool, |inner| Inner {
            engine: tokio::sync::Mutex::new(Some(engine)),
            ..inner
        })
        .await
    }

    #[cfg(not(engine))]
    async fn open_embedded(_: &Location, _: PathBuf) -> Result<Self, StoreError> {
        let _ = EMBEDDED_CONNECTIONS;
        Err(StoreError::Unsuitable(
            "this build has no embedded database: give a postgresql:// URL, or build with the feature \"embedded\" on Linux or macOS"
                .to_owned(),
        ))
    }

    async fn ready(
        location: Location,
        writing: Pool,
        complete: impl FnOnce(Inner) -> Inner,
    ) -> Result<Self, StoreError> {
        let mut client = writing.get().await.map_err(|error| cannot_connect(&location, error))?;
        let migrated = migrate::migrate(&mut client).await?;
        drop(client);
        let inner = Inner {
            location,
            asking: writing.clone(),
            writing,
            migrated,
            #[cfg(engine)]
            engine: tokio::sync::Mutex::new(None),
        };
        Ok(Self { inner: Arc::new(complete(inner)) })
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// The schema versions that were applied when it was opened.
    #[must_use]
    pub fn migrated(&self) -> &[i32] {
        &self.inner.migrated
    }

    /// A connection that may write; waits for one to be free. The embedded engine has only one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not be reached or all connections stay busy.
    pub async fn connection(&self) -> Result<Object, StoreError> {
        self.inner.writing.get().await.map_err(|error| cannot_connect(&self.inner.location, error))
    }

    /// A connection for a question: on a server one that can not write, and never one that writers wait for.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database can not be reached or all connections stay busy.
    pub(crate) async fn asking(&self) -> Result<Object, StoreError> {
        self.inner.asking.get().await.map_err(|error| cannot_connect(&self.inner.location, error))
    }

    /// Closes the connections and stops the embedded engine; waits until its files are closed.
    pub async fn close(self) {
        self.inner.asking.close();
        self.inner.writing.close();
        #[cfg(engine)]
        if let Some(engine) = self.inner.engine.lock().await.take() {
            engine.stop().await;
        }
    }
}

/// Connections that begin with `greeting`.
fn pool<T>(
    mut config: Config,
    connector: T,
    connections: usize,
    greeting: &'static str,
) -> Result<Pool, StoreError>
where
    T: MakeTlsConnect<Socket> + Clone + Sync + Send + 'static,
    T::Stream: Sync + Send,
    T::TlsConnect: Sync + Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    config.application_name("mahavishnu-otel");
    let connect_timeout = config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT);
    config.connect_timeout(connect_timeout);
    // Each host of the URL may be tried, and what lets us connect must greet us.
    let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX);
    let create_timeout = connect_timeout.saturating_mul(hosts.saturating_add(1));
    let manager =
        Manager::from_config(config, connector, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    Pool::builder(manager)
        .post_create(Hook::async_fn(move |client, _| {
            Box::pin(async move { client.batch_execute(greeting).await.map_err(HookError::Backend) })
        }))
        .max_size(connections)
        // What a session has prepared and cached is used again.
        .queue_mode(QueueMode::Lifo)
        .runtime(deadpool_postgres::Runtime::Tokio1)
        .wait_timeout(Some(WAIT_TIMEOUT))
        .create_timeout(Some(create_timeout))
        .build()
        .map_err(|error| StoreError::Unavailable(format!("no connection pool can be made: {error}")))
}

fn cannot_connect(location: &Location, error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => {
            let reason = crate::error::describe(&error);
            StoreError::Unavailable(format!(
                "cannot connect to {location}: {reason}; check that the server runs and that the URL is right"
            ))
        }
        PoolError::Timeout(TimeoutType::Create) => StoreError::Unavailable(format!(
            "{location} takes connections and does not answer: check that the server is not overloaded or stopped"
        )),
        PoolError::Timeout(_) => {
            StoreError::Unavailable(format!("all connections to {location} are busy: try again later"))
        }
        _ => StoreError::Unavailable(format!("the connections to {location} are closed")),
    }
}
