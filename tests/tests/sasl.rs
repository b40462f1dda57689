//! Brokers that want a name and a password, over TLS, and let each do what is theirs: the hub with the rights that
//! docs/agencies.md and `config/README.md` name, an agency with hers.
//!
//! A real broker with SCRAM, PLAIN and access rules. Certificates alone: `tls.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use hub::config::{Config, KafkaConfig};
use hub::deliver::kafka::AnswerReader;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::json;
use tests::authority::Authority;
use tests::clients::{Client, tapped};
use tests::place::{PATIENCE, Place};
use tests::process::Process;
use tests::servers::{Server, kafka_tool};

const MECHANISMS: [&str; 3] = ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"];

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A broker that knows the users hub and amal, each by their name as the password; its address for whoever may do
/// everything, and for them.
fn broker(authority: &Authority) -> (Server, String, String) {
    let (secure, controller) = (free_port(), free_port());
    let settings = |port: u16| {
        format!(
            "listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://localhost:{secure},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://localhost:{secure}\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n\
             listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_hub=\"hub\" user_amal=\"amal\";\n\
             listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
             listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
             ssl.keystore.type=PEM\nssl.keystore.location={}\n\
             authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\nsuper.users=User:ANONYMOUS\n",
            authority.file("server.pem").display()
        )
    };
    let users = [("SCRAM-SHA-256", "hub"), ("SCRAM-SHA-512", "hub"), ("SCRAM-SHA-512", "amal")]
        .map(|(mechanism, user)| format!("{mechanism}=[name={user},password={user}]\n"));
    let (server, all) = Server::kafka_with(settings, &users.concat());
    (server, all, format!("localhost:{secure}"))
}

/// Gives a user rights on everything whose name begins so.
fn allow(brokers: &str, user: &str, words: &[&str]) {
    let user = format!("User:{user}");
    let add = ["--add", "--resource-pattern-type", "prefixed", "--allow-principal", &user];
    kafka_tool("org.apache.kafka.tools.AclCommand", brokers, &[&add[..], words].concat());
}

/// A file with a password, for its owner only.
fn password(folder: &Path, text: &str) -> PathBuf {
    let file = folder.join("password");
    fs::write(&file, format!("{text}\n")).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    file
}

/// The hub makes the topics of answers and reads them; the agency writes to hers, and to no other.
async fn answers(place: &Place, all: &str, amal: &FutureProducer) {
    let reader = AnswerReader::open(&place.config, &place.names, 1 << 20).unwrap();
    for topic in reader.survey().await.unwrap() {
        assert_eq!(topic.trouble, None, "{topic:?}");
    }
    let [own, other] = [place.names[0].answers_topic(), place.names[1].answers_topic()];
    allow(all, "amal", &["--operation", "Write", "--operation", "Describe", "--topic", &own]);
    let say = async |topic: &str| {
        let said = amal.send(FutureRecord::<(), [u8]>::to(topic).payload(b"{}"), PATIENCE).await;
        said.map_err(|(error, _)| error.to_string())
    };
    say(&own).await.unwrap();
    let refused = say(&other).await.unwrap_err();
    assert!(refused.contains("Topic authorization failed"), "{refused}");
    let read = reader.next().await.unwrap();
    assert_eq!((read.len(), &read[0].recipient), (1, &place.names[0]));
    reader.commit(&read).await.unwrap();
    let behind: Vec<_> = reader.survey().await.unwrap().into_iter().map(|topic| topic.behind).collect();
    assert_eq!(behind, [Some(0), Some(0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hub_signs_in_with_its_rights_and_an_agency_with_hers() {
    if tests::server("HUB_TEST_KAFKA", "Kafka").is_none() {
        return;
    }
    let authority = Authority::anew();
    authority.sign("server", "localhost", 2099);
    let (_server, all, secure) = broker(&authority);
    let ca = authority.file("ca.pem").display().to_string();
    let file = password(authority.folder.path(), "hub");
    let mut place = Place::on(&secure, 2);
    let config = |mechanism: &str, brokers: &str| -> KafkaConfig {
        serde_json::from_value(json!({
            "brokers": brokers,
            "environment": place.config.environment,
            "replication_factor": 1,
            "position_topic": place.config.position_topic,
            "sasl": {"mechanism": mechanism, "user": "hub", "password_file": file},
            "properties": {"security.protocol": "sasl_ssl", "ssl.ca.location": ca},
        }))
        .unwrap()
    };
    let configs = MECHANISMS.map(|mechanism| config(mechanism, &secure));
    // What the hub needs, as config/README.md says it, and no more.
    let topics = ["--topic", "voortraject.", "--topic", "hub."];
    let both = ["--producer", "--consumer", "--transactional-id", "hub.", "--group", "hub."];
    allow(&all, "hub", &[&both[..], &topics].concat());
    allow(&all, "hub", &[&["--operation", "DescribeConfigs"][..], &topics].concat());
    for (config, owner) in configs.into_iter().zip(MECHANISMS) {
        place.config = config;
        place.rows.add(20, 1).unwrap();
        place.deliver(owner).await;
        place.read_all().await;
    }

    // An agency: her own topic, and no other.
    let [own, other] = [place.names[0].topic(), place.names[1].topic()];
    let group = format!("{own}.");
    allow(&all, "amal", &["--consumer", "--topic", &own, "--group", &group]);
    let hers = || {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", &secure)
            .set("security.protocol", "sasl_ssl")
            .set("ssl.ca.location", &ca)
            .set("sasl.mechanism", "SCRAM-SHA-512")
            .set("sasl.username", "amal")
            .set("sasl.password", "amal");
        client
    };
    let read = |topic: &str| {
        let reader: BaseConsumer = hers()
            .set("group.id", format!("{group}intake"))
            .set("auto.offset.reset", "earliest")
            .create()
            .unwrap();
        reader.subscribe(&[topic]).unwrap();
        let end = Instant::now() + PATIENCE;
        loop {
            // Nothing comes of it while the group is made.
            match reader.poll(Duration::from_millis(100)) {
                Some(first) => return first.map(|record| record.topic().to_owned()),
                None => assert!(Instant::now() < end, "neither a record nor a refusal"),
            }
        }
    };
    assert_eq!(tokio::task::block_in_place(|| read(&own)).unwrap(), own);
    let refused = tokio::task::block_in_place(|| read(&other)).unwrap_err();
    assert!(matches!(&refused, KafkaError::MessageConsumption(_)), "{refused}");
    assert!(refused.to_string().contains("Topic authorization failed"), "{refused}");

    answers(&place, &all, &hers().create().unwrap()).await;

    // The same with the settings that docs/agencies.md names for each client.
    let amal = [("KAFKA_USER", "amal"), ("KAFKA_PASSWORD", "amal"), ("KAFKA_CA", ca.as_str())];
    let expect = tapped(&place, &place.names[0]).await.unwrap();
    for client in Client::ALL {
        let read = client.read(&place, &secure, &place.names[0], expect.len(), &amal).await.unwrap();
        assert_eq!(read, expect, "{client:?}");
    }

    // Doctor tells as whom, and whose fault it is where that is not taken.
    let process = Process::prepare(None, None).await.unwrap();
    process
        .set(&format!(
            "[kafka]\nbrokers = \"{secure}\"\n\
             properties = {{ \"security.protocol\" = \"sasl_ssl\", \"ssl.ca.location\" = \"{ca}\" }}\n\
             [kafka.sasl]\nmechanism = \"SCRAM-SHA-512\"\nuser = \"hub\"\npassword_file = \"{}\"\n",
            file.display()
        ))
        .unwrap();
    let doctor = || {
        let mut command = process.command(&["doctor"]).unwrap();
        let done = command.stdout(Stdio::piped()).output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    let told = doctor();
    assert!(told.contains("the brokers answer to hub by SCRAM-SHA-512"), "{told}");
    assert!(!told.contains("password-exposed"), "{told}");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    assert!(doctor().contains("password-exposed"));
    password(authority.folder.path(), "secret-of-somebody-else");
    let told = doctor();
    assert!(
        told.contains("kafka-refused") && told.contains("refuse the hub as hub by SCRAM-SHA-512"),
        "{told}"
    );
    assert!(!told.contains("secret-of-somebody-else"), "{told}");
}

/// Each thing that can be wrong with signing in is told before it is tried.
#[test]
fn what_cannot_sign_in_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    tests::process::copy(&tests::root().join("config"), folder.path()).unwrap();
    let hub = folder.path().join("hub.toml");
    let text = fs::read_to_string(&hub).unwrap();
    let good = password(folder.path(), "x");
    let wrong = |protocol: &str, more: &str| {
        let kafka = format!("[kafka]\nbrokers = \"k:9092\"\nproperties = {{ {protocol} }}\n{more}");
        fs::write(&hub, format!("{text}\n{kafka}")).unwrap();
        Config::load(folder.path()).err().map(|wrong| wrong.to_string()).unwrap_or_default()
    };
    let sasl = |mechanism: &str, file: &Path| {
        let file = file.display();
        format!("[kafka.sasl]\nmechanism = \"{mechanism}\"\nuser = \"hub\"\npassword_file = \"{file}\"\n")
    };
    let protocol = |name: &str| format!("\"security.protocol\" = \"{name}\"");
    let scram = sasl("SCRAM-SHA-512", &good);
    assert_eq!(wrong(&protocol("SASL_SSL"), &scram), "");
    assert_eq!(wrong(&protocol("sasl_plaintext"), &scram), "", "a test, where the password is not shown");
    let (empty, lines) = (folder.path().join("empty"), folder.path().join("lines"));
    fs::write(&empty, "\n").unwrap();
    fs::write(&lines, "one\ntwo\n").unwrap();
    for (protocol, more, expect) in [
        (protocol("ssl"), scram.clone(), "signs nobody in"),
        (String::new(), scram.clone(), "signs nobody in"),
        (protocol("sasl_ssl"), String::new(), "sasl_ssl wants [kafka.sasl]"),
        (protocol("sasl_plaintext"), sasl("PLAIN", &good), "PLAIN without TLS shows everybody the password"),
        (protocol("sasl_ssl"), sasl("SCRAM-SHA-512", Path::new("/nowhere")), "/nowhere holds no password"),
        (protocol("sasl_ssl"), sasl("SCRAM-SHA-512", &empty), "it is empty"),
        (protocol("sasl_ssl"), sasl("SCRAM-SHA-512", &lines), "it has several lines"),
        (protocol("sasl_ssl"), sasl("GSSAPI", &good), "unknown word `GSSAPI`"),
        ("\"sasl.password\" = \"x\"".to_owned(), String::new(), "sasl.password is said in [kafka.sasl]"),
    ] {
        let told = wrong(&protocol, &more);
        assert!(told.contains(expect), "{protocol} {more}: {told}");
    }
}
