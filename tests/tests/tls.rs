//! TLS outwards: to PostgreSQL, to Kafka and over https, with an authority of the test's own and a certificate of ours.
//!
//! Real servers and real handshakes; each thing that can be wrong at the other end has its own sentence. Refuses mocks:
//! what stands for an https server is a TLS end before a real hub.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::path::Path;
use std::process::Stdio;

use hub::config::{Config, KafkaConfig};
use hub::tls::{Opening, TlsFiles, TlsFilesError, Trouble, greet};
use schemas::recipient::Recipient;
use sqlx::{AssertSqlSafe, Connection, PgConnection, query};
use tests::authority::Authority;
use tests::people::visa_lines;
use tests::process::{Process, until};
use tests::servers::Server;
use tokio::net::TcpListener;

async fn greeted(port: u16, files: &TlsFiles) -> Result<String, Trouble> {
    let peer = greet("localhost", port, Opening::Direct, files.client().unwrap()).await;
    peer.map(|peer| format!("{} {}", peer.subject, peer.until.format("%Y-%m-%d")))
}

#[tokio::test]
async fn whatever_is_wrong_with_a_server_has_its_own_sentence() {
    let (ours, others) = (Authority::anew(), Authority::anew());
    ours.sign("good", "localhost", 2099);
    ours.sign("old", "localhost", 2020);
    ours.sign("elsewhere", "elsewhere.example", 2099);
    ours.sign("us", "hub.example", 2099);
    others.sign("stranger", "hub.example", 2099);
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = plain.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            drop(tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        }
    });
    let good = ours.before("good", silent, false).await;
    assert_eq!(greeted(good, &ours.trusted()).await.unwrap(), "CN=good 2099-12-31");
    assert_eq!(greeted(good, &others.trusted()).await, Err(Trouble::Authority));
    assert_eq!(greeted(good, &TlsFiles::default()).await, Err(Trouble::Authority));
    assert_eq!(
        greeted(ours.before("old", silent, false).await, &ours.trusted()).await,
        Err(Trouble::Expired)
    );
    assert_eq!(
        greeted(ours.before("elsewhere", silent, false).await, &ours.trusted()).await,
        Err(Trouble::Name)
    );
    assert_eq!(greeted(silent, &ours.trusted()).await, Err(Trouble::Plain));
    let strict = ours.before("good", silent, true).await;
    assert_eq!(greeted(strict, &ours.trusted()).await, Err(Trouble::Client));
    assert!(greeted(strict, &ours.shown("us")).await.is_ok());
    let stranger = TlsFiles { ca: ours.trusted().ca, ..others.shown("stranger") };
    assert_eq!(greeted(strict, &stranger).await, Err(Trouble::Client));

    let half = TlsFiles { key: None, ..ours.shown("us") };
    assert!(matches!(half.client(), Err(TlsFilesError::Half)));
    let swapped = TlsFiles { key: others.shown("stranger").key, ..ours.shown("us") };
    assert!(matches!(swapped.client(), Err(TlsFilesError::Pair(_))));
    let none = TlsFiles { ca: Some(ours.file("nowhere.pem")), ..TlsFiles::default() };
    assert!(matches!(none.client(), Err(TlsFilesError::File { .. })));
}

fn said(process: &Process, words: &[&str]) -> (bool, String) {
    let mut command = process.command(words).unwrap();
    let done = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let text = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_pushed_over_https_and_a_register_is_greeted() {
    let (ours, others) = (Authority::anew(), Authority::anew());
    ours.sign("hub", "localhost", 2099);
    ours.sign("us", "hub.example", 2099);
    let mut process = Process::prepare(None, None).await.unwrap();
    process.go().unwrap();
    process.opened().await.unwrap();
    let port = process.base.rsplit_once(':').unwrap().1.parse().unwrap();
    let secure = ours.before("hub", port, true).await;
    let file = ours.file("posts.ndjson");
    std::fs::write(&file, visa_lines(0).swap_remove(0).to_string() + "\n").unwrap();
    let push = |ca: &Path| {
        let mut command = std::process::Command::new(tests::process::binary().unwrap());
        command.args(["push", "--source", "visa", "--file"]).arg(&file).env("HUB_TOKEN", "dev-post-cas");
        command.arg("--url").arg(format!("https://localhost:{secure}")).arg("--ca").arg(ca);
        command.arg("--certificate").arg(ours.file("us.crt")).arg("--key").arg(ours.file("us.key"));
        let done = command.output().unwrap();
        (done.status.code(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
    };
    let (code, told) = push(&ours.file("ca.pem"));
    assert!(code == Some(0) && told.contains("\"accepted\""), "{told}");
    let (code, told) = push(&others.file("ca.pem"));
    assert!(code == Some(1) && told.contains("no authority that is trusted here"), "{told}");

    // The register behind the same end: doctor greets it, and names who it is.
    let other = process.beside().unwrap();
    let file = |name: &str| ours.file(name).display().to_string();
    other
        .set(&format!(
            "[request]\nregister_url = \"https://localhost:{secure}/persoon\"\ntimeout_seconds = 5\n\
             identity = \"x\"\ncapacity = \"9999\"\nca = \"{}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
            file("ca.pem"),
            file("us.crt"),
            file("us.key")
        ))
        .unwrap();
    let (_, told) = said(&other, &["doctor"]);
    assert!(told.contains(&format!("register localhost:{secure} is CN=hub until 2099-12-31")), "{told}");
    std::fs::copy(others.file("ca.pem"), ours.file("ca.pem")).unwrap();
    let (healthy, told) = said(&other, &["doctor"]);
    assert!(!healthy && told.contains("tls-refused"), "{told}");
    std::fs::remove_file(ours.file("us.key")).unwrap();
    let (fine, told) = said(&other, &["check"]);
    assert!(!fine && told.contains("us.key holds no key in PEM"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_is_reached_over_tls_and_verified() {
    if tests::server("HUB_TEST_POSTGRES", "PostgreSQL").is_none() {
        return;
    }
    let (ours, others) = (Authority::anew(), Authority::anew());
    ours.sign("server", "localhost", 2099);
    ours.sign("hub", "hub.example", 2099);
    let (server, address) = Server::postgres();
    let data = server.folder().join("server/data");
    for (from, to) in [("server.crt", "server.crt"), ("server.key", "server.key"), ("ca.pem", "root.crt")] {
        std::fs::copy(ours.file(from), data.join(to)).unwrap();
    }
    // The server wants its key for itself; a client must be called as the user it comes as.
    let chown = std::process::Command::new("chown")
        .arg(format!("--reference={}", data.join("PG_VERSION").display()))
        .args(["server.crt", "server.key", "root.crt"].map(|name| data.join(name)))
        .status();
    assert!(chown.unwrap().success());
    std::fs::set_permissions(data.join("server.key"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();
    let rules = "hostssl all all 127.0.0.1/32 trust clientcert=verify-ca\nhostssl all all ::1/128 trust clientcert=verify-ca\n";
    std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
    let mut admin = PgConnection::connect(&address).await.unwrap();
    for sql in
        ["alter system set ssl = on", "alter system set ssl_ca_file = 'root.crt'", "select pg_reload_conf()"]
    {
        query(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
    }
    let secure = |ca: &Authority| {
        let file = |name: &str| ours.file(name).display().to_string();
        let plain = address.replace("127.0.0.1", "localhost");
        format!(
            "{plain}?sslmode=verify-full&sslrootcert={}&sslcert={}&sslkey={}",
            ca.file("ca.pem").display(),
            file("hub.crt"),
            file("hub.key")
        )
    };
    let process = Process::prepare(None, None).await.unwrap();
    let migrates = async || process.set_database(&secure(&ours)).is_ok();
    until("it migrates over TLS", migrates).await.unwrap();
    let (_, told) = said(&process, &["doctor"]);
    assert!(told.contains("is CN=server until 2099-12-31") && told.contains("PostgreSQL"), "{told}");
    assert!(process.set_database(&secure(&others)).is_err(), "another authority");
    let (healthy, told) = said(&process, &["doctor"]);
    assert!(!healthy && told.contains("tls-refused"), "{told}");
    assert!(process.set_database(&address).is_err(), "in clear");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafka_is_reached_over_tls_and_verified() {
    if tests::server("HUB_TEST_KAFKA", "Kafka").is_none() {
        return;
    }
    let ours = Authority::anew();
    ours.sign("server", "localhost", 2099);
    ours.sign("hub", "hub.example", 2099);
    let server = Server::new("kafka.sh");
    let brokers = tokio::task::block_in_place(|| server.start_with_tls(ours.folder.path()));
    let file = |name: &str| ours.file(name).display().to_string();
    let kafka: KafkaConfig = serde_json::from_value(serde_json::json!({
        "brokers": brokers,
        "replication_factor": 1,
        "properties": {
            "security.protocol": "ssl",
            "ssl.ca.location": file("ca.pem"),
            "ssl.certificate.location": file("hub.crt"),
            "ssl.key.location": file("hub.key"),
        },
    }))
    .unwrap();
    let topics = kafka.describe(&[Recipient::parse("amal").unwrap()]).await.unwrap();
    assert_eq!(topics.len(), 2);
    let mut config = tests::config();
    config.hub.kafka = Some(kafka);
    let [broker] = &config.hub.outward()[..] else { panic!("one broker") };
    let peer =
        greet(&broker.host, broker.port, broker.opening, broker.files.client().unwrap()).await.unwrap();
    assert_eq!(peer.subject, "CN=server");
}

/// Where real people are nothing goes in clear, and what cannot be called is told before it is tried.
#[test]
fn what_would_go_in_clear_is_refused_in_production() {
    let folder = tempfile::tempdir().unwrap();
    tests::process::copy(&tests::root().join("config"), folder.path()).unwrap();
    let file = folder.path().join("hub.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let wrong = |environment: &str, database: &str, more: &str| {
        let text = text
            .replace("environment = \"test\"", &format!("environment = \"{environment}\""))
            .replace("sqlite:data/hub.db", database);
        std::fs::write(&file, format!("{text}\n{more}")).unwrap();
        Config::load(folder.path()).err().map(|wrong| wrong.to_string()).unwrap_or_default()
    };
    let register = |url: &str| {
        format!(
            "[request]\nregister_url = \"{url}\"\ntimeout_seconds = 5\nidentity = \"x\"\ncapacity = \"9999\"\n"
        )
    };
    for (database, more, expect) in [
        ("postgres://hub@db.example/hub", String::new(), "sslmode=prefer is refused"),
        ("postgres://hub@127.0.0.1/hub?sslmode=disable", String::new(), "sslmode=disable is refused"),
        ("postgres://hub@db.example/hub?sslmode=require", String::new(), "sslmode=require is refused"),
        ("sqlite:x.db", "[kafka]\nbrokers = \"k:9092\"\n".to_owned(), "records in clear are refused"),
        ("sqlite:x.db", register("http://magda.example/"), "a register_url with http is refused"),
    ] {
        assert!(wrong("production", database, &more).contains(expect), "{database} {more}");
        assert!(!wrong("test", database, &more).contains("refused"), "{database} {more}");
    }
    assert!(
        !wrong("production", "postgres://hub@db.example/hub?sslmode=verify-full", "").contains("sslmode")
    );
    assert!(!wrong("production", "postgres://hub@%2Frun%2Fpostgresql/hub", "").contains("sslmode"));
    // Of two spellings the database's client takes the last one, whatever was checked.
    for (settings, first, second) in [
        ("sslmode=verify-full&ssl-mode=disable", "sslmode", "ssl-mode"),
        ("ssl-mode=verify-full&sslmode=disable", "ssl-mode", "sslmode"),
        ("sslmode=verify-full&sslmode=disable", "sslmode", "sslmode"),
        ("sslmode=verify-full&ssl%2Dmode=disable", "sslmode", "ssl-mode"),
        ("sslrootcert=a&ssl-ca=b", "sslrootcert", "ssl-ca"),
        ("sslkey=a&x=1&ssl-key=b", "sslkey", "ssl-key"),
        ("host=/run&hostaddr=10.0.0.1", "host", "hostaddr"),
        ("options=a&options=b", "options", "options"),
    ] {
        let told = format!("database: {first} and {second} in one address");
        for environment in ["test", "production"] {
            let found = wrong(environment, &format!("postgres://hub@db.example/hub?{settings}"), "");
            assert_eq!(found.matches(&told).count(), 1, "{settings}: {found}");
        }
    }
    for url in ["ftp://magda.example/", "magda.example/persoon", "https://"] {
        assert!(wrong("test", "sqlite:x.db", &register(url)).contains("register_url is no address"), "{url}");
    }
    let kafka = "[kafka]\nbrokers = \"k:9092\"\nproperties = { \"security.protocol\" = \"ssl\", \"ssl.ca.location\" = \"/nowhere\" }\n";
    assert!(wrong("test", "sqlite:x.db", kafka).contains("/nowhere holds no certificate"));
}
