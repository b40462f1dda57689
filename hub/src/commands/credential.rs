//! What has no place on the command line, where everybody on the machine sees it: the credential of whoever runs a command, a
//! sender's token, a reason that may name somebody.
//!
//! Who somebody is, the hub that runs here has written into the database: the folder that a command is told says nothing of it
//! ([`crate::desk::in_force`]). What is said comes from a file, the environment or stdin. Refuses a credential that is nobody's.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use zeroize::Zeroizing;

use crate::config::dev_token;
use crate::desk::{Action, Actor, in_force};
use crate::store::Store;
use crate::vault::Vault;

/// The credential itself, in the environment.
const VARIABLE: &str = "HUB_CREDENTIAL";

/// Where the credential of whoever runs the command is.
#[derive(Clone, Debug, clap::Args)]
pub struct Credential {
    /// A file with the credential of whoever runs this, as the hub that runs here knows them; else the variable
    /// `HUB_CREDENTIAL` holds it.
    #[arg(long, value_name = "FILE", env = "HUB_CREDENTIAL_FILE", global = true)]
    credential: Option<PathBuf>,
}

impl Credential {
    /// Whoever runs the command. Where only a story is played and nobody says who they are, it is the first of its invented
    /// people who may do this: their credentials are printed by `hub demo`.
    ///
    /// # Errors
    /// Where there is no credential, or nobody has it.
    pub async fn actor(&self, store: &Store, vault: &Vault, action: Action) -> anyhow::Result<Actor> {
        let people = in_force::people(store, vault).await?;
        let credential = match secret(self.credential.as_deref(), VARIABLE)? {
            Some(credential) => credential,
            None if people.development() && store.is_story().await? => {
                let may =
                    people.iter().find(|one| action.roles().iter().any(|role| one.roles.contains(role)));
                let one = may.with_context(|| format!("nobody here may {}", action.as_str()))?;
                tracing::info!(name = %one.name, "as one of the people of the story");
                Zeroizing::new(dev_token(one.name.as_str()))
            }
            None => bail!(
                "say who you are: put your credential into {VARIABLE}, or name its file with --credential"
            ),
        };
        match Actor::of(&people, credential.trim()) {
            Some(actor) => Ok(actor),
            None => bail!(
                "this credential is nobody's: the hub that runs here knows who may do this (people.toml at its start)"
            ),
        }
    }
}

/// A secret from a file, or else from a variable of the environment; none where there is neither.
///
/// # Errors
/// Where the file cannot be read.
#[expect(
    clippy::disallowed_methods,
    reason = "a secret has no place on the command line, where others see it"
)]
pub(super) fn secret(file: Option<&Path>, variable: &str) -> anyhow::Result<Option<Zeroizing<String>>> {
    if let Some(file) = file {
        let text =
            fs::read_to_string(file).with_context(|| format!("{}: it cannot be read", file.display()))?;
        return Ok(Some(Zeroizing::new(text.trim().to_owned())));
    }
    Ok(std::env::var(variable).ok().map(|text| Zeroizing::new(text.trim().to_owned())))
}

/// Why somebody does something, in their words: kept sealed. What names a person comes by file or stdin.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct SaidReason {
    /// Why. Others on this machine see the command line: where it names a person, use - or --reason-file.
    #[arg(long, value_name = "TEXT|-")]
    reason: Option<String>,
    /// A file that says why.
    #[arg(long, value_name = "FILE")]
    reason_file: Option<PathBuf>,
}

impl SaidReason {
    /// The words.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn read(&self) -> anyhow::Result<String> {
        let text = match (&self.reason, &self.reason_file) {
            (Some(text), _) if text != "-" => text.clone(),
            (_, Some(file)) => {
                fs::read_to_string(file).with_context(|| format!("{}: it cannot be read", file.display()))?
            }
            (_, None) => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).context("stdin cannot be read")?;
                text
            }
        };
        Ok(text.trim().to_owned())
    }
}
