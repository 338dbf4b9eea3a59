//! Whom the tools ask: in the server its own database, over stdio whoever the command line would ask.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use mahavishnu_pipeline::Intake;
use tokio::{sync::Mutex, time::Instant};

use crate::{api::Api, cli::Ask, shapes, source::Source};

/// A database that nobody asked for so long is closed: the embedded one serves one process at a time.
const IDLE: Duration = Duration::from_secs(30);

/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Whom the tools ask. Clones ask the same.
#[derive(Clone, Debug)]
pub enum Seat {
    /// The server that this process is.
    Server(Api),
    /// A running server, or a database.
    Elsewhere(Arc<Elsewhere>),
}

/// What is opened when it is first asked, and again after it failed.
#[derive(Debug)]
pub struct Elsewhere {
    ask: Ask,
    open: Mutex<Option<(Arc<Source>, Instant)>>,
}

impl Seat {
    /// Whoever the command line would ask.
    pub fn elsewhere(ask: Ask) -> Self {
        Self::Elsewhere(Arc::new(Elsewhere { ask, open: Mutex::default() }))
    }

    /// Who answers this question.
    pub async fn source(&self) -> Result<Arc<Source>> {
        match self {
            Self::Server(api) => Ok(Arc::new(api.source().await?)),
            Self::Elsewhere(elsewhere) => elsewhere.source().await,
        }
    }

    /// How the server or the database is; a database that is away is part of that.
    pub async fn status(&self) -> Result<shapes::Status> {
        match self {
            Self::Server(api) => Ok(api.status().await?),
            Self::Elsewhere(elsewhere) => elsewhere.source().await?.status().await,
        }
    }

    /// Where telemetry can be handed in, where agents may do that.
    pub fn intake(&self) -> Option<&Intake> {
        match self {
            Self::Server(api) if api.agents_may_write => Some(&api.intake),
            _ => None,
        }
    }

    /// After a question failed: the next one finds its way anew.
    pub async fn failed(&self) {
        if let Self::Elsewhere(elsewhere) = self {
            elsewhere.forget().await;
        }
    }

    /// Closes a database that nobody asks, until the future is dropped.
    pub async fn tidy(&self) {
        let Self::Elsewhere(elsewhere) = self else { return };
        loop {
            tokio::time::sleep(LOOK).await;
            let idle = elsewhere.open.lock().await.as_ref().is_some_and(|(_, asked)| asked.elapsed() > IDLE);
            if idle {
                elsewhere.forget().await;
            }
        }
    }

    /// Closes what is open.
    pub async fn close(&self) {
        self.failed().await;
    }
}

impl Elsewhere {
    async fn source(&self) -> Result<Arc<Source>> {
        // One at a time: the embedded database can not be opened twice.
        let mut open = self.open.lock().await;
        if let Some((source, asked)) = open.as_mut() {
            *asked = Instant::now();
            return Ok(Arc::clone(source));
        }
        let source = Arc::new(Source::open(&self.ask).await?.understanding_once().await);
        *open = Some((Arc::clone(&source), Instant::now()));
        Ok(source)
    }

    /// Closes it, unless a question is still under way.
    async fn forget(&self) {
        let mut open = self.open.lock().await;
        if let Some((source, asked)) = open.take() {
            match Arc::try_unwrap(source) {
                Ok(source) => source.close().await,
                Err(busy) => *open = Some((busy, asked)),
            }
        }
    }
}
