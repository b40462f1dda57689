//! What leads out of here: PostgreSQL, Kafka, the register and who is told of outages, how each is reached, and whether that
//! is as it must be.
//!
//! `hub check` refuses files that do not read, addresses that no call can reach and, where real people are, whatever would go
//! in clear. Refuses to call anybody: that is `hub doctor`'s.

use std::collections::BTreeMap;
use std::path::PathBuf;

use reqwest::Url;
use schemas::insz::Environment;

use super::kafka::KafkaConfig;
use super::settings::HubSettings;
use crate::tls::{Opening, TlsFiles};

/// A server that is reached over TLS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outward {
    /// What it is here: `database`, `kafka`, `register` or `alert`.
    pub what: &'static str,
    /// Its name, which its certificate must have.
    pub host: String,
    pub port: u16,
    /// How a handshake begins.
    pub opening: Opening,
    /// What is trusted, and what is shown to it.
    pub files: TlsFiles,
}

/// How PostgreSQL is reached, as its address says.
struct Postgres {
    url: Url,
    mode: String,
    files: TlsFiles,
    /// A socket of this machine, which nobody else hears.
    socket: bool,
}

/// One setting of an address, under every name that it has there; of two, the one that is read last would count.
const SPELLINGS: [&[&str]; 9] = [
    &["sslmode", "ssl-mode"],
    &["sslrootcert", "ssl-root-cert", "ssl-ca"],
    &["sslcert", "ssl-cert"],
    &["sslkey", "ssl-key"],
    &["host", "hostaddr"],
    &["port"],
    &["user"],
    &["password"],
    &["dbname"],
];

/// The settings that an address says twice.
fn said_twice(address: &str) -> Vec<String> {
    let Some(url) = Url::parse(address).ok().filter(|url| url.scheme().starts_with("postgres")) else {
        return vec![];
    };
    let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    let same = |name: &str| SPELLINGS.into_iter().position(|names| names.contains(&name));
    let again = |at: usize| {
        let others = &names[..at];
        others
            .iter()
            .find(|other| **other == names[at] || same(other).is_some_and(|of| same(&names[at]) == Some(of)))
    };
    (0..names.len())
        .filter_map(|at| Some((again(at)?, &names[at])))
        .map(|(first, second)| {
            format!("database: {first} and {second} in one address say the same thing twice: leave one")
        })
        .collect()
}

impl Postgres {
    fn of(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok().filter(|url| url.scheme().starts_with("postgres"))?;
        let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let of = |names: [&str; 3]| names.iter().find_map(|name| asked.get(*name)).cloned();
        let file = |names| of(names).map(PathBuf::from);
        let files = TlsFiles {
            ca: file(["sslrootcert", "ssl-root-cert", "ssl-ca"]),
            certificate: file(["sslcert", "ssl-cert", ""]),
            key: file(["sslkey", "ssl-key", ""]),
        };
        let socket = asked.get("host").is_some_and(|host| host.starts_with('/'))
            || url.host_str().is_some_and(|host| host.starts_with("%2F"));
        let mode = of(["sslmode", "ssl-mode", ""]).unwrap_or_else(|| "prefer".to_owned());
        Some(Self { mode, files, socket, url })
    }

    fn outward(self) -> Option<Outward> {
        let host = self.url.host_str()?.to_owned();
        let port = self.url.port().unwrap_or(5432);
        let verified = self.mode.starts_with("verify-") && !self.socket;
        verified.then_some(Outward {
            what: "database",
            host,
            port,
            opening: Opening::Postgres,
            files: self.files,
        })
    }
}

fn is_tls(kafka: &KafkaConfig) -> bool {
    matches!(kafka.protocol().as_str(), "ssl" | "sasl_ssl")
}

fn brokers(kafka: &KafkaConfig) -> Vec<Outward> {
    let file = |name: &str| kafka.properties.get(name).map(PathBuf::from);
    let files = TlsFiles {
        ca: file("ssl.ca.location"),
        certificate: file("ssl.certificate.location"),
        key: file("ssl.key.location"),
    };
    let one = |broker: &str| {
        let (host, port) = broker.trim().rsplit_once(':')?;
        let (host, port) = (host.to_owned(), port.parse().ok()?);
        Some(Outward { what: "kafka", host, port, opening: Opening::Direct, files: files.clone() })
    };
    kafka.brokers.split(',').filter_map(one).collect()
}

/// What is wrong with an address that is called over HTTP.
fn wrong_address(section: &str, key: &str, address: &str, production: bool) -> Option<String> {
    let url = Url::parse(address).ok().filter(Url::has_host);
    match url.as_ref().map(Url::scheme) {
        Some("http") if production => {
            Some(format!("{section}: a {key} with http is refused in production: https"))
        }
        Some("https" | "http") => None,
        _ => Some(format!("{section}: {key} is no address that begins with https:// or http://")),
    }
}

impl HubSettings {
    /// Every server that is reached over TLS with its certificate verified.
    #[must_use]
    pub fn outward(&self) -> Vec<Outward> {
        let database = Postgres::of(&self.database).and_then(Postgres::outward);
        let kafka = self.kafka.as_ref().filter(|kafka| is_tls(kafka)).map(brokers).unwrap_or_default();
        let called = |what, address: &str, files| {
            let url = Url::parse(address).ok().filter(|url| url.scheme() == "https")?;
            let (host, port) = (url.host_str()?.to_owned(), url.port_or_known_default()?);
            Some(Outward { what, host, port, opening: Opening::Direct, files })
        };
        let register = self.request.as_ref();
        let register = register.and_then(|it| called("register", &it.register_url, it.tls()));
        let alert = self.alert.as_ref().and_then(|it| called("alert", &it.url, it.tls()));
        database.into_iter().chain(kafka).chain(register).chain(alert).collect()
    }

    /// What is wrong with the ways out, one sentence each.
    pub(super) fn wrong_outward(&self) -> Vec<String> {
        let mut wrong = said_twice(&self.database);
        let production = self.environment == Environment::Production;
        let files =
            |what: &str, files: &TlsFiles| files.client().err().map(|error| format!("{what}: {error}"));
        if let Some(postgres) = Postgres::of(&self.database) {
            wrong.extend(files("database", &postgres.files));
            if production && postgres.mode != "verify-full" && !postgres.socket {
                let mode = &postgres.mode;
                wrong.push(format!(
                    "database: sslmode={mode} is refused in production: set sslmode=verify-full and sslrootcert"
                ));
            }
        }
        if let Some(kafka) = &self.kafka {
            wrong.extend(brokers(kafka).first().and_then(|broker| files("kafka", &broker.files)));
            wrong.extend(kafka.wrong_sasl());
            // librdkafka writes "no" in many ways, so only the one "yes" is taken.
            let other = |name: &str, yes: &str| kafka.properties.get(name).is_some_and(|found| found != yes);
            if production && !is_tls(kafka) {
                wrong.push("kafka: records in clear are refused in production: set security.protocol to ssl or sasl_ssl".to_owned());
            }
            if production
                && (other("enable.ssl.certificate.verification", "true")
                    || other("ssl.endpoint.identification.algorithm", "https"))
            {
                wrong.push(
                    "kafka: brokers whose certificate is not verified are refused in production".to_owned(),
                );
            }
        }
        if let Some(request) = &self.request {
            wrong.extend(files("request", &request.tls()));
            wrong.extend(wrong_address("request", "register_url", &request.register_url, production));
        }
        if let Some(alert) = &self.alert {
            wrong.extend(files("alert", &alert.tls()));
            wrong.extend(wrong_address("alert", "url", &alert.url, production));
        }
        wrong
    }
}
