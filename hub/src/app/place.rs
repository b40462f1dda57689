//! Where a command finds what it works on: a data folder, or the database that the config names.
//!
//! What only reads opens it beside a hub that runs; what says something opens it as a hub. Refuses a folder without data and
//! a schema of another version.

use std::path::{Path, PathBuf};

use anyhow::ensure;

use super::{Hub, Start, sent};
use crate::blast::Rehearsal;
use crate::config::Config;
use crate::contract::Schemas;
use crate::desk::{Rights, in_force};
use crate::store::{Store, StoreError};
use crate::vault::Vault;

/// The place, as the command line names it.
#[derive(Clone, Debug, clap::Args)]
pub struct DataPlace {
    /// A data folder, as `hub demo --data` leaves it; else the database that the config names.
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
    #[arg(long, value_name = "DIR", default_value = "config", global = true)]
    pub config: PathBuf,
}

impl DataPlace {
    /// The config, pointed at the data.
    ///
    /// # Errors
    /// Where it has a mistake, or there is no data.
    fn config(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(&self.config)?;
        if let Some(folder) = &self.data {
            in_data(folder, &mut config);
        }
        let keys = &config.hub.keys;
        ensure!(keys.exists(), "{}: there are no keys, so nothing can be read", keys.display());
        Ok(config)
    }

    /// Opens it to say something, under the bundle of the hub that runs here.
    ///
    /// # Errors
    /// Where it cannot be opened, is in use, is not of this program's schema, or goes by another bundle.
    pub async fn hub(&self) -> anyhow::Result<Hub> {
        let hub = Hub::open(self.config()?, Start::Existing).await?;
        in_force::same_bundle(&hub.store, &hub.vault, &hub.config.bundle.hash).await?;
        Ok(hub)
    }

    /// Opens it to change what no hub that runs changes under its hands; on SQLite no hub may run beside it.
    ///
    /// # Errors
    /// As [`DataPlace::beside`].
    pub async fn shared(&self) -> anyhow::Result<Beside> {
        let config = self.config()?;
        let store = Store::open(&config.hub.database).await?;
        Self::with(config, store).await
    }

    /// Opens it to read, beside whoever writes it.
    ///
    /// # Errors
    /// Where there is no data, its schema is another's, or it cannot be read.
    pub async fn beside(&self) -> anyhow::Result<Beside> {
        let config = self.config()?;
        let store = Store::open_beside(&config.hub.database).await?;
        Self::with(config, store).await
    }

    async fn with(config: Config, store: Store) -> anyhow::Result<Beside> {
        let vault = config.hub.load_keys()?;
        store.check_schema().await?;
        // What was sent is read by what it was sent with, also where a contract changed since.
        let schemas = Schemas::of_config(&config)?.knowing(&sent(&store).await?)?;
        Ok(Beside { config, store, vault, schemas })
    }
}

/// What reads beside a hub that runs: it takes no lock, makes no keys and cannot write.
#[derive(Debug)]
pub struct Beside {
    /// What the hub was told.
    pub config: Config,
    pub store: Store,
    pub vault: Vault,
    pub schemas: Schemas,
}

impl Beside {
    /// What is asked before somebody looks at personal values, and recorded: all that is written beside a hub that runs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rights(&self) -> Result<Rights, StoreError> {
        Rights::beside(&self.config.hub.database, &self.vault, self.config.hub.clock()).await
    }

    /// Where it is told what an order would touch.
    #[must_use]
    pub fn rehearsal(&self) -> Rehearsal<'_> {
        let Self { config, store, vault, .. } = self;
        Rehearsal { store, vault, bundle: &config.bundle, now: config.hub.clock().now() }
    }
}

/// Points a config at a data folder, as a demonstration leaves it.
pub fn in_data(folder: &Path, config: &mut Config) {
    config.hub.database = format!("sqlite:{}", folder.join("hub.db").display());
    config.hub.keys = folder.join("keys");
}
