//! TLS outwards: whom this hub trusts, what it shows of itself, and who answers at an address.
//!
//! One set of files serves every call over https; [`greet`] makes a handshake and nothing else, for `hub doctor`. What is
//! wrong with a server's certificate is one sentence each ([`Trouble`]), also where a client library says it
//! ([`told`]). Refuses to send anything.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use schemas::time::{Instant, from_micros};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer, X509Certificate};

/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a server may take to say that it does not like our certificate: it says so after the handshake.
const SECOND_THOUGHTS: Duration = Duration::from_millis(500);
/// What PostgreSQL is asked before a handshake, and its yes.
const MAY_I: [u8; 8] = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];
const YOU_MAY: u8 = b'S';

/// The files of one connection, all PEM.
#[derive(Clone, PartialEq, Eq, Debug, Default, clap::Args)]
pub struct TlsFiles {
    /// The authorities that are trusted; those of Mozilla, compiled in, unless said.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// What this hub shows of itself; nothing unless said.
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// The key of that certificate.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// What is wrong with the files.
#[derive(Debug, thiserror::Error)]
pub enum TlsFilesError {
    /// One does not read.
    #[error("{file} holds no {what} in PEM: {why}")]
    File {
        file: PathBuf,
        /// What should be in it.
        what: &'static str,
        why: String,
    },
    /// Half of what is shown.
    #[error("a certificate and its key go together")]
    Half,
    /// Two that do not belong together, or that are of a kind unknown here.
    #[error("the certificate and its key cannot be used: {0}")]
    Pair(rustls::Error),
}

/// What is wrong at the other end.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Trouble {
    /// Nobody we know signed it.
    #[error("its certificate is signed by no authority that is trusted here: name that authority's file")]
    Authority,
    /// Its time is over.
    #[error("its certificate has expired: the server needs a new one")]
    Expired,
    /// Its time has not come.
    #[error("its certificate is not valid yet: compare the clocks")]
    Early,
    /// It is somebody else's.
    #[error("its certificate is for another name than the one that is called")]
    Name,
    /// It wants to know who calls.
    #[error("it wants a client certificate that it trusts: name the files of certificate and key")]
    Client,
    /// It speaks something else.
    #[error("it does not speak TLS there")]
    Plain,
    /// It is not there.
    #[error("it does not answer")]
    Away,
    #[error("the handshake failed: {0}")]
    Other(String),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// The subject of its certificate.
    pub subject: String,
    /// Until when that is valid.
    pub until: Instant,
}

/// How a handshake begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opening {
    Direct,
    /// After PostgreSQL has agreed.
    Postgres,
}

/// Says once, for the whole process, whose cryptography https rests on: ring's, as everywhere here. No client can be
/// made before; every later call changes nothing.
pub fn provide() {
    // Its error says only that somebody did so before.
    drop(rustls::crypto::ring::default_provider().install_default());
}

impl TlsFiles {
    /// What a client library needs.
    ///
    /// # Errors
    /// [`TlsFilesError`].
    pub fn client(&self) -> Result<ClientConfig, TlsFilesError> {
        let mut roots = RootCertStore::empty();
        match &self.ca {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(file) => {
                let bad = |why: rustls::Error| wrong(file, "certificate", &why);
                for authority in certificates(file)? {
                    roots.add(authority).map_err(bad)?;
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = versions.map_err(TlsFilesError::Pair)?.with_root_certificates(roots);
        match (&self.certificate, &self.key) {
            (None, None) => Ok(builder.with_no_client_auth()),
            (Some(certificate), Some(key)) => {
                let read = PrivateKeyDer::from_pem_file(key).map_err(|why| wrong(key, "key", &why))?;
                builder.with_client_auth_cert(certificates(certificate)?, read).map_err(TlsFilesError::Pair)
            }
            (_, _) => Err(TlsFilesError::Half),
        }
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFilesError> {
    let bad = |why: &dyn Error| wrong(file, "certificate", why);
    let read = CertificateDer::pem_file_iter(file).map_err(|why| bad(&why))?;
    let found = read.collect::<Result<Vec<_>, _>>().map_err(|why| bad(&why))?;
    if found.is_empty() { Err(wrong(file, "certificate", &"it is empty of them")) } else { Ok(found) }
}

fn wrong(file: &Path, what: &'static str, why: &(impl ToString + ?Sized)) -> TlsFilesError {
    TlsFilesError::File { file: file.to_owned(), what, why: why.to_string() }
}

/// Makes a handshake with who answers at `host:port`, who must be `host`.
///
/// # Errors
/// [`Trouble`].
pub async fn greet(host: &str, port: u16, opening: Opening, client: ClientConfig) -> Result<Peer, Trouble> {
    timeout(PATIENCE, handshake(host, port, opening, client)).await.unwrap_or(Err(Trouble::Away))
}

async fn handshake(host: &str, port: u16, opening: Opening, client: ClientConfig) -> Result<Peer, Trouble> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Trouble::Name)?;
    let mut stream = TcpStream::connect((host, port)).await.map_err(|_| Trouble::Away)?;
    if opening == Opening::Postgres {
        stream.write_all(&MAY_I).await.map_err(|_| Trouble::Away)?;
        if stream.read_u8().await.map_err(|_| Trouble::Plain)? != YOU_MAY {
            return Err(Trouble::Plain);
        }
    }
    let connected = TlsConnector::from(Arc::new(client)).connect(name, stream).await;
    let mut stream = connected.map_err(|error| told(&error).unwrap_or(Trouble::Plain))?;
    let peer = peer(stream.get_ref().1.peer_certificates())?;
    if let Ok(Err(error)) = timeout(SECOND_THOUGHTS, stream.read_u8()).await
        && let Some(trouble) = told(&error)
    {
        return Err(trouble);
    }
    Ok(peer)
}

fn peer(shown: Option<&[CertificateDer<'_>]>) -> Result<Peer, Trouble> {
    let unread = || Trouble::Other("its certificate cannot be read".to_owned());
    let first = shown.and_then(<[_]>::first).ok_or_else(unread)?;
    let (_, read) = X509Certificate::from_der(first).map_err(|_| unread())?;
    let until = read.validity().not_after.timestamp().checked_mul(1_000_000).and_then(from_micros);
    Ok(Peer { subject: read.subject().to_string(), until: until.ok_or_else(unread)? })
}

/// What a library says is wrong with TLS, in a sentence of ours; nothing where its error is about something else.
#[must_use]
pub fn told(error: &(dyn Error + 'static)) -> Option<Trouble> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let within = within.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(found) = error.downcast_ref::<rustls::Error>().or(within) {
            return Some(trouble(found));
        }
        cause = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn trouble(error: &rustls::Error) -> Trouble {
    use rustls::Error as Said;
    match error {
        Said::InvalidCertificate(certificate) => match certificate {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Trouble::Authority,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Trouble::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Trouble::Early,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Trouble::Name
            }
            other => Trouble::Other(other.to_string()),
        },
        Said::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::HandshakeFailure
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::DecryptError,
        ) => Trouble::Client,
        Said::InvalidMessage(_) => Trouble::Plain,
        other => Trouble::Other(other.to_string()),
    }
}
