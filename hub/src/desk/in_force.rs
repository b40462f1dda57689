//! What the hub that runs goes by: its people and its bundle, written at its start, sealed, and read by every command.
//!
//! A command is told a folder by whoever runs it. Who they are is therefore not asked of that folder but of what is in force in
//! the database, and what they say is decided by no other bundle. A change of people stands in the audit rows. Refuses a
//! row that was written without the hub's secret. Next: `docs/desk.md` for what this keeps out and what it cannot.

use std::collections::BTreeSet;

use schemas::actor::ActorName;
use schemas::message::BundleHash;

use super::action::Occasion;
use super::rights::Rights;
use crate::config::{Config, HUB, People};
use crate::store::rows::AuditRow;
use crate::store::{Store, StoreError};
use crate::vault::Vault;

const PEOPLE: &str = "people";
const BUNDLE: &str = "bundle";
/// The covers that records stand under, by their names.
const COVERS: &str = "covers";
/// What a start of a hub with other people is in the audit rows.
const CHANGE_PEOPLE: &str = "change-people";

/// Why nothing is known of what is in force.
#[derive(Debug, thiserror::Error)]
pub enum InForceError {
    /// No hub has run here.
    #[error("no hub has run on this database yet: who may do this is known once `hub run` has started")]
    Nothing,
    /// Other hands wrote it.
    #[error("what is in force here ({0}) was not written by a hub with this file of keys")]
    Forged(&'static str),
    /// The folder says something else than what runs.
    #[error(
        "the hub that runs here goes by the bundle {running}, this folder is the bundle {folder}: name the folder of the hub that runs"
    )]
    OtherBundle { running: String, folder: String },
    /// Whoever stands under it would be found by nobody.
    #[error(
        "records stand in the index under the cover {0}, which is not in the file of keys: `hub keys --reindex` comes before its line goes"
    )]
    NoCover(String),
    /// It cannot be read or written.
    #[error("what is in force here cannot be read or written")]
    Store(#[from] StoreError),
}

/// Puts a hub's people and bundle in force: its start. Who its people are changes by name in the audit rows.
///
/// # Errors
/// [`InForceError::Store`].
pub async fn put_in_force(
    store: &Store,
    vault: &Vault,
    rights: &Rights,
    config: &Config,
) -> Result<(), InForceError> {
    let people = serde_json::to_string(&config.people).unwrap_or_default();
    let mut covers = stand_under(store, vault).await?;
    let known = vault.covers();
    if let Some(missing) = covers.iter().find(|cover| !known.contains(cover)) {
        return Err(InForceError::NoCover(missing.clone()));
    }
    covers.extend(known.into_iter().take(1));
    let covers = covers.into_iter().collect::<Vec<_>>().join(" ");
    let texts = [(PEOPLE, people), (BUNDLE, config.bundle.hash.0.clone()), (COVERS, covers)];
    let mut changed = vec![];
    for (name, text) in texts {
        let seal = vault.mac(name, text.as_bytes());
        if store.in_force(name).await? != Some((text.clone(), seal)) {
            changed.push((name, text, seal));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    if let (Some((.., seal)), Ok(actor)) =
        (changed.iter().find(|(name, ..)| *name == PEOPLE), ActorName::parse(HUB))
    {
        let row = AuditRow {
            at: rights.now(),
            actor,
            roles: String::new(),
            action: CHANGE_PEOPLE.to_owned(),
            about: hex::encode(&seal.0[..16]),
            why: Occasion::Task.as_str().to_owned(),
            allowed: true,
        };
        rights.record(row).await?;
    }
    Ok(store.put_in_force(changed).await?)
}

/// The covers that records may stand under, as the starts before this one and the last `hub keys --reindex` left them.
async fn stand_under(store: &Store, vault: &Vault) -> Result<BTreeSet<String>, InForceError> {
    match read(store, vault, COVERS).await {
        Ok(covers) => Ok(covers.split(' ').map(str::to_owned).collect()),
        // Before there were covers nothing stood under one.
        Err(InForceError::Nothing) => {
            let records = store.covered_by_others(vec![], &[], 1).await?;
            Ok(records.iter().map(|_| "none".to_owned()).collect())
        }
        Err(error) => Err(error),
    }
}

/// Nothing stands under another cover than the first any more.
///
/// # Errors
/// [`InForceError::Store`].
pub async fn covered_by_first(store: &Store, vault: &Vault) -> Result<(), InForceError> {
    let first = vault.covers().remove(0);
    let seal = vault.mac(COVERS, first.as_bytes());
    Ok(store.put_in_force(vec![(COVERS, first, seal)]).await?)
}

/// Who may do something by hand here, as the hub that runs knows them.
///
/// # Errors
/// [`InForceError`].
pub async fn people(store: &Store, vault: &Vault) -> Result<People, InForceError> {
    let text = read(store, vault, PEOPLE).await?;
    serde_json::from_str(&text).map_err(|_| InForceError::Forged(PEOPLE))
}

/// Refuses another bundle than that of the hub that runs here.
///
/// # Errors
/// [`InForceError`].
pub async fn same_bundle(store: &Store, vault: &Vault, folder: &BundleHash) -> Result<(), InForceError> {
    let running = read(store, vault, BUNDLE).await?;
    if running == folder.0 {
        return Ok(());
    }
    Err(InForceError::OtherBundle { running, folder: folder.0.clone() })
}

async fn read(store: &Store, vault: &Vault, name: &'static str) -> Result<String, InForceError> {
    let (text, seal) = store.in_force(name).await?.ok_or(InForceError::Nothing)?;
    if vault.mac(name, text.as_bytes()) == seal { Ok(text) } else { Err(InForceError::Forged(name)) }
}
