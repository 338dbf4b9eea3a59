//! The two engines on which every promise of the store is tested.

use anyhow::Result;
use mahavishnu_store::{Location, Store};
use mahavishnu_test_util::TestDatabase;
use tempfile::TempDir;

/// Where a test stores.
#[derive(Clone, Copy, Debug)]
pub enum Engine {
    /// In this process, in a directory of its own.
    Embedded,
    /// On the server for tests, in a database of its own.
    Server,
}

/// An open store that is gone when it is dropped.
#[derive(Debug)]
pub struct Database {
    store: Store,
    _directory: Option<TempDir>,
    _database: Option<TestDatabase>,
}

impl Engine {
    /// A fresh store; none where there is no server for tests.
    pub async fn open(self) -> Result<Option<Database>> {
        match self {
            Self::Embedded => {
                let directory = TempDir::new()?;
                let store = Store::open(&Location::Embedded(directory.path().join("db"))).await?;
                Ok(Some(Database { store, _directory: Some(directory), _database: None }))
            }
            Self::Server => {
                let Some(database) = TestDatabase::create().await? else { return Ok(None) };
                let store = Store::open(&Location::parse(database.url())?).await?;
                Ok(Some(Database { store, _directory: None, _database: Some(database) }))
            }
        }
    }
}

impl Database {
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub async fn close(self) -> Result<()> {
        self.store.close().await;
        Ok(())
    }
}
