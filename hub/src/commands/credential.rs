//! Who runs a command: a credential from a file or from the environment, never from the command line, which others see.
//!
//! Refuses a credential that is nobody's. Next: [`crate::desk`] for what they may do.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};
use zeroize::Zeroizing;

use crate::config::People;
use crate::desk::Actor;

/// The credential itself, in the environment.
const VARIABLE: &str = "HUB_CREDENTIAL";

/// Where the credential of whoever runs the command is.
#[derive(Clone, Debug, clap::Args)]
pub struct Credential {
    /// A file with the credential of whoever runs this, as `people.toml` knows them; else the variable
    /// `HUB_CREDENTIAL` holds it.
    #[arg(long, value_name = "FILE", env = "HUB_CREDENTIAL_FILE", global = true)]
    credential: Option<PathBuf>,
}

impl Credential {
    /// Whoever runs the command.
    ///
    /// # Errors
    /// Where there is no credential, or nobody has it.
    pub fn actor(&self, people: &People) -> anyhow::Result<Actor> {
        let credential = match &self.credential {
            Some(file) => Zeroizing::new(
                fs::read_to_string(file)
                    .with_context(|| format!("{}: the credential cannot be read", file.display()))?,
            ),
            None => variable()?,
        };
        match Actor::of(people, credential.trim()) {
            Some(actor) => Ok(actor),
            None => bail!("this credential is nobody's: people.toml says who may do this"),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a credential has no place on the command line, where others see it"
)]
fn variable() -> anyhow::Result<Zeroizing<String>> {
    let text = std::env::var(VARIABLE).with_context(|| {
        format!("say who you are: put your credential into {VARIABLE}, or name its file with --credential")
    })?;
    Ok(Zeroizing::new(text))
}
