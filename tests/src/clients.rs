//! The clients that agencies have: Java, Python and JavaScript as they are installed, with programs that docs/agencies.md
//! names and the hub as their schema registry.
//!
//! `deploy/clients.sh` installs what they need. Refuses to know what they read: [`Client::read`] gives it back.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, ensure};
use hub::contract::registry;
use hub::deliver::feed::TapRecord;
use schemas::recipient::Recipient;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::place::Place;

/// A language, with its client of Kafka, its Avro and its `CloudEvents`.
#[derive(Clone, Copy, Debug)]
pub enum Client {
    Java,
    Python,
    Javascript,
}

impl Client {
    pub const ALL: [Self; 3] = [Self::Java, Self::Python, Self::Javascript];

    /// Reads so many records of one recipient's topic as their JSON lines; signs in where the environment says as whom.
    ///
    /// # Errors
    /// Where they do not come, or the client is not to be had.
    pub async fn read(
        self,
        place: &Place,
        brokers: &str,
        of: &Recipient,
        count: usize,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Vec<Value>> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let schemas = format!("http://{}", listener.local_addr()?);
        let app = registry::routes(Arc::clone(&place.rows.schemas), Arc::new(|| Box::pin(async { None })));
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let mut reader = self.program().await?;
        reader.envs(environment.iter().copied());
        reader.args([brokers, &schemas, &count.to_string(), &of.topic()]);
        let printed = printed(&mut reader).await;
        serving.abort();
        printed?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    async fn program(self) -> anyhow::Result<Command> {
        let tests = crate::root().join("tests");
        Ok(match self {
            Self::Java => {
                let mut java = Command::new("java");
                java.args(["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]);
                java.arg(home("java").await?.join("libs/*")).arg(tests.join("java/ReadTopic.java"));
                java
            }
            Self::Python => {
                let mut python = Command::new(home("python").await?.join("bin/python"));
                python.arg(tests.join("python/read_topic.py"));
                python
            }
            Self::Javascript => {
                let mut node = Command::new("node");
                node.env("NODE_PATH", home("javascript").await?.join("node_modules"));
                node.arg(tests.join("javascript/read_topic.js"));
                node
            }
        })
    }
}

/// A recipient's topic as a file of lines, by each tool that docs/agencies.md names for it: the name of the tool, and the lines.
///
/// # Errors
/// Where one is not to be had, or fails.
pub async fn kept(brokers: &str, of: &Recipient) -> anyhow::Result<[(&'static str, Vec<u8>); 2]> {
    let mut python = Command::new(home("python").await?.join("bin/python"));
    python.arg(crate::root().join("tests/python/keep_topic.py")).args([brokers, &of.topic()]);
    home("kcat").await?;
    let mut kcat = Command::new("kcat");
    kcat.args(["-b", brokers, "-C", "-t", &of.topic(), "-o", "beginning", "-e", "-q", "-J"]);
    Ok([("keep_topic.py", output(&mut python).await?), ("kcat", output(&mut kcat).await?)])
}

/// Where a client is installed, which is done once.
async fn home(client: &str) -> anyhow::Result<PathBuf> {
    let script = crate::root().join("deploy/clients.sh");
    Ok(printed(Command::new(script).arg(client)).await?.trim().into())
}

/// What a program prints; it must end well.
async fn printed(command: &mut Command) -> anyhow::Result<String> {
    Ok(String::from_utf8(output(command).await?)?)
}

async fn output(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let output = command.stderr(Stdio::piped()).output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}

/// What `tap` prints of one recipient's topic, in the shape of the clients' lines.
///
/// # Errors
/// Where a record does not decode.
pub async fn tapped(place: &Place, of: &Recipient) -> anyhow::Result<Vec<Value>> {
    let records = place.read_all().await.into_iter().filter(|record| record.topic == of.topic());
    let line = |record| {
        let tap =
            TapRecord::from_log(&place.rows.schemas, record).context("a record that does not decode")?;
        let event = ["ce_id", "ce_type", "ce_sequence"].map(|name| tap.headers[name].clone());
        Ok(
            json!({"topic": tap.topic, "key": tap.key, "headers": tap.headers, "value": tap.value, "event": event}),
        )
    };
    records.map(line).collect()
}
