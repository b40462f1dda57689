//! `hub.toml`: where this hub runs. Deployment, not part of the bundle.
//!
//! Owns the settings and the file of keys; refuses to hold a key in the settings themselves, and
//! to make keys in production. Next: [`crate::seal`].

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::num::{NonZeroU64, NonZeroUsize};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use schemas::insz::Environment;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::kafka::KafkaConfig;
use crate::clock::Clock;
use crate::tls::TlsFiles;
use crate::vault::Vault;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubSettings {
    /// Which national numbers may be seen, and whether development tokens and keys are allowed.
    pub environment: Environment,
    /// `sqlite:FILE` or `postgres://…`.
    pub database: String,
    pub listen: SocketAddr,
    /// The file of keys.
    pub keys: PathBuf,
    /// Days between the system's clock and this hub's, to rehearse what comes with time; none in production.
    #[serde(default)]
    pub days_ahead: i16,
    /// The broker; without it, recipients read the feed.
    pub kafka: Option<KafkaConfig>,
    /// The register; without it, nothing is asked.
    pub request: Option<RequestSettings>,
    /// Whom to tell about an agency that leaves offers unanswered; without it, nobody is told.
    pub alert: Option<AlertSettings>,
    /// The console; without it, there is none.
    pub console: Option<ConsoleSettings>,
    /// What a sender may send at once, and how many may be connected.
    pub limits: Limits,
}

/// How the console is served. Who may sign in stands in `people.toml`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleSettings {
    /// Whether its cookie is sent over TLS only; in production it is.
    pub secure_cookie: bool,
}

/// Where the register is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestSettings {
    /// The address of GeefPersoon.
    pub register_url: String,
    /// The authorities whose certificate of the register is trusted, as PEM; Mozilla's unless said.
    pub ca: Option<PathBuf>,
    /// The certificate that this hub shows to the register, as PEM.
    pub certificate: Option<PathBuf>,
    /// The key of that certificate, as PEM.
    pub key: Option<PathBuf>,
    /// How long an answer may take.
    pub timeout_seconds: u64,
    /// Who asks, as the register knows them (`Afzender/Identificatie`).
    pub identity: String,
    /// In which capacity, four digits (`Hoedanigheid`): what binds the question to a purpose.
    pub capacity: String,
}

impl RequestSettings {
    /// The files that https needs.
    #[must_use]
    pub fn tls(&self) -> TlsFiles {
        let Self { ca, certificate, key, .. } = self.clone();
        TlsFiles { ca, certificate, key }
    }
}

/// Where alerts are posted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertSettings {
    /// The address, which may be a secret.
    pub url: String,
    /// The authorities whose certificate is trusted, as PEM; Mozilla's unless said.
    pub ca: Option<PathBuf>,
    /// The certificate that this hub shows there, as PEM.
    pub certificate: Option<PathBuf>,
    /// The key of that certificate, as PEM.
    pub key: Option<PathBuf>,
    /// How long an answer may take.
    pub timeout_seconds: u64,
}

impl AlertSettings {
    /// The files that https needs.
    #[must_use]
    pub fn tls(&self) -> TlsFiles {
        let Self { ca, certificate, key, .. } = self.clone();
        TlsFiles { ca, certificate, key }
    }
}

/// What a sender may send at once, and how many may be connected.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one message.
    pub message_bytes: usize,
    /// Bytes of one batch.
    pub batch_bytes: usize,
    /// Items in one batch.
    pub batch_items: usize,
    /// Connections at once; beyond them, those on which nothing is asked end.
    pub connections: NonZeroUsize,
    /// How long a connection may ask nothing, bring the head of a request, or leave an answer untaken.
    pub idle_milliseconds: NonZeroU64,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read or made.
    #[error("the file of keys {file} cannot be used")]
    File { file: PathBuf, source: std::io::Error },
    /// The file is of another form.
    #[error(
        "the file of keys {0} must have the line index= and one line kek= or more, 64 hexadecimal digits each; a line cover= has as many, or says none"
    )]
    Form(PathBuf),
    /// The system has no randomness.
    #[error("the system gives no randomness")]
    Randomness,
}

impl HubSettings {
    /// The clock it lives by.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock::ahead(self.days_ahead)
    }

    /// The file of an embedded database; nothing where the database is a server or only in memory.
    #[must_use]
    pub fn database_file(&self) -> Option<PathBuf> {
        let rest = self.database.strip_prefix("sqlite:")?;
        let file = rest.trim_start_matches("//").split('?').next().filter(|file| *file != ":memory:")?;
        Some(file.into())
    }

    /// Reads the keys. Outside production they are made where the file does not exist yet.
    ///
    /// # Errors
    /// [`KeysError`], without any part of a key.
    pub fn load_keys(&self) -> Result<Vault, KeysError> {
        let at = |source| KeysError::File { file: self.keys.clone(), source };
        if self.environment == Environment::Test && !self.keys.exists() {
            make_keys(&self.keys)?;
        }
        let text = Zeroizing::new(fs::read_to_string(&self.keys).map_err(at)?);
        let form = || KeysError::Form(self.keys.clone());
        let (mut wrapping, mut index, mut covers) = (Vec::new(), None, Vec::new());
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, digits) = line.split_once('=').ok_or_else(form)?;
            if (name, digits.trim()) == ("cover", "none") {
                covers.push(None);
                continue;
            }
            let mut key = [0; 32];
            hex::decode_to_slice(digits.trim(), &mut key).map_err(|_| form())?;
            match name {
                "kek" => wrapping.push(key),
                "cover" => covers.push(Some(key)),
                "index" if index.is_none() => index = Some(key),
                _ => return Err(form()),
            }
        }
        let (Some((first, older)), Some(index)) = (wrapping.split_first(), index) else { return Err(form()) };
        Vault::new(*first, older, index).and_then(|vault| vault.with_covers(&covers)).map_err(|_| form())
    }
}

/// Makes two keys in a file that only its owner can read; never over one that is there.
fn make_keys(file: &Path) -> Result<(), KeysError> {
    let at = |source| KeysError::File { file: file.to_owned(), source };
    let random = SystemRandom::new();
    let key = || {
        let mut key = [0; 32];
        random.fill(&mut key).map(|()| hex::encode(key)).map_err(|_| KeysError::Randomness)
    };
    let text = format!("kek={}\nindex={}\n", key()?, key()?);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(at)?;
    }
    let open = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    open.and_then(|mut open| open.write_all(text.as_bytes())).map_err(at)
}
