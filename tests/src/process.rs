//! The real binary on real parts: `hub run` on a database and topics of its own, started, killed and
//! asked as an operator would.
//!
//! Each [`Process`] has a config folder of its own in which every recipient has a name of its own, so that
//! runs share a broker without sharing topics. Refuses to know what the hub does inside.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use hub::clock::Clock;
use hub::config::Config;
use hub::deliver::audit::Audit;
use hub::deliver::kafka::KafkaLog;
use hub::deliver::record::LogRecord;
use hub::store::Store;
use schemas::recipient::Recipient;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::place::whole;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// One hub process and everything it was told.
#[derive(Debug)]
pub struct Process {
    pub base: String,
    /// Its log: JSON lines of every start.
    pub log: PathBuf,
    /// What stands before the name of each recipient.
    pub prefix: String,
    /// From which level on it logs.
    pub level: &'static str,
    folder: TempDir,
    child: Option<Child>,
}

impl Process {
    /// Writes a config for a database and a broker, migrates, and starts.
    ///
    /// # Errors
    /// Where a part cannot be used.
    pub async fn start(server: &str, brokers: &str) -> anyhow::Result<Self> {
        let mut process = Self::prepare(Some(server), Some(brokers)).await?;
        process.go()?;
        Ok(process)
    }

    /// The same without starting it. Without a server it has SQLite in its folder, without brokers no Kafka.
    ///
    /// # Errors
    /// Where a part cannot be used.
    pub async fn prepare(server: Option<&str>, brokers: Option<&str>) -> anyhow::Result<Self> {
        let prefix = format!("p{}", hex::encode(&Clock::system().seed().0[..5]));
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("config");
        copy(&crate::root().join("config"), &config)?;
        for_everybody(&config)?;
        let agencies = config.join("agencies");
        for file in std::fs::read_dir(&agencies)? {
            let file = file?.path();
            // Recipients of other names have schemas of their own, which nobody has frozen.
            if file.extension().is_some_and(|end| end == "avsc") {
                std::fs::remove_file(file)?;
                continue;
            }
            let name = file.file_name().context("a file has a name")?.to_string_lossy().into_owned();
            std::fs::rename(&file, agencies.join(format!("{prefix}-{name}")))?;
            // One organisation that sends as well has one name for both, because it has one token.
            let plain = name.trim_end_matches(".toml");
            let (own, anew) = (format!("name = \"{plain}\""), format!("name = \"{prefix}-{plain}\""));
            for source in std::fs::read_dir(config.join("sources"))? {
                let source = source?.path();
                let text = std::fs::read_to_string(&source)?;
                std::fs::write(&source, text.replace(&own, &anew))?;
            }
        }
        let database = match server {
            Some(server) => database(server, &format!("hub_{prefix}")).await?,
            None => format!("sqlite:{}", folder.path().join("hub.db").display()),
        };
        let process = Self::on(folder, prefix, &database)?;
        if let Some(brokers) = brokers {
            let prefix = &process.prefix;
            process.set(&format!(
                "[kafka]\nbrokers = \"{brokers}\"\nenvironment = \"{prefix}\"\nreplication_factor = 1\n\
                 position_topic = \"hub.{prefix}.position\"\n"
            ))?;
        }
        ensure!(process.command(&["migrate"])?.status()?.success(), "hub migrate failed");
        Ok(process)
    }

    /// One over a database that is there, with its keys and the recipients' own names: neither migrated nor started.
    /// Without a database it is the file `hub.db` in the folder.
    ///
    /// # Errors
    /// Where its config cannot be written.
    pub fn over(folder: TempDir, database: Option<&str>) -> anyhow::Result<Self> {
        copy(&crate::root().join("config"), &folder.path().join("config"))?;
        for_everybody(&folder.path().join("config"))?;
        let file = format!("sqlite:{}", folder.path().join("hub.db").display());
        Self::on(folder, String::new(), database.unwrap_or(&file))
    }

    /// Writes the settings beside the rest of the config.
    fn on(folder: TempDir, prefix: String, database: &str) -> anyhow::Result<Self> {
        hub::tls::provide();
        let port = free_port()?;
        let settings = format!(
            "environment = \"test\"\ndatabase = \"{database}\"\nlisten = \"127.0.0.1:{port}\"\nkeys = \"{}\"\n\
             [console]\nsecure_cookie = false\n\
             [limits]\nmessage_bytes = 1048576\nbatch_bytes = 67108864\nbatch_items = 100000\nconnections = 512\nidle_milliseconds = 75000\n",
            folder.path().join("keys").display()
        );
        std::fs::write(folder.path().join("config/hub.toml"), settings)?;
        let (base, log) = (format!("http://127.0.0.1:{port}"), folder.path().join("log"));
        Ok(Self { base, log, prefix, level: "info", folder, child: None })
    }

    /// Another instance of the same deployment, on an address of its own; not started.
    ///
    /// # Errors
    /// Where its config cannot be written.
    pub fn beside(&self) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        copy(&self.config(), &folder.path().join("config"))?;
        let port = free_port()?;
        let (base, log) = (format!("http://127.0.0.1:{port}"), folder.path().join("log"));
        let other = Self { base, log, prefix: self.prefix.clone(), level: self.level, folder, child: None };
        other.replace("listen", &format!("listen = \"127.0.0.1:{port}\""))?;
        Ok(other)
    }

    /// Its number while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Another command of the same binary on the same config; what it says goes to the log.
    ///
    /// # Errors
    /// Where the binary is missing: `cargo build --workspace` makes it.
    pub fn command(&self, words: &[&str]) -> anyhow::Result<Command> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(binary()?);
        command.args(words).arg("--config").arg(self.config()).env("RUST_LOG", self.level);
        command.stdout(Stdio::null()).stderr(log);
        Ok(command)
    }

    /// Starts it, again.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn go(&mut self) -> anyhow::Result<()> {
        self.go_with(&[])
    }

    /// The same with further words on its command line.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn go_with(&mut self, words: &[&str]) -> anyhow::Result<()> {
        self.child = Some(self.command(&[&["run"], words].concat())?.spawn()?);
        Ok(())
    }

    /// Starts it by way of a shell that runs these words before.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn go_after(&mut self, words: &str) -> anyhow::Result<()> {
        let hub = self.command(&["run"])?;
        let mut shell = Command::new("sh");
        shell
            .arg("-c")
            .arg(format!("{words}; exec \"$0\" \"$@\""))
            .arg(hub.get_program())
            .args(hub.get_args());
        let log = std::fs::OpenOptions::new().append(true).open(&self.log)?;
        self.child = Some(shell.stdout(Stdio::null()).stderr(log).spawn()?);
        Ok(())
    }

    /// Gives it a fresh database at another address.
    ///
    /// # Errors
    /// Where its settings cannot be written or the database cannot be made.
    pub fn set_database(&self, url: &str) -> anyhow::Result<()> {
        let file = self.config().join("hub.toml");
        let text = std::fs::read_to_string(&file)?;
        let others = text.lines().filter(|line| !line.starts_with("database"));
        let lines: Vec<String> =
            [format!("database = \"{url}\"")].into_iter().chain(others.map(str::to_owned)).collect();
        std::fs::write(file, lines.join("\n"))?;
        ensure!(self.command(&["migrate"])?.status()?.success(), "hub migrate failed");
        Ok(())
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// Where there is nothing to kill.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("it does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Asks it to end, as a service manager does, and waits until it has.
    ///
    /// # Errors
    /// Where there is nothing to stop.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("it does not run")?;
        // The shell's own kill: a bare machine has no other.
        let asked = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &child.id().to_string()]).status()?;
        ensure!(asked.success(), "it could not be asked to stop");
        child.wait()?;
        Ok(())
    }

    /// Sets its clock so many days ahead of the system's, from its next start on.
    ///
    /// # Errors
    /// Where its settings cannot be written.
    pub fn set_days_ahead(&self, days: i16) -> anyhow::Result<()> {
        self.replace("days_ahead", &format!("days_ahead = {days}"))
    }

    /// Puts a line into its settings instead of those that begin with a name.
    fn replace(&self, name: &str, line: &str) -> anyhow::Result<()> {
        let file = self.config().join("hub.toml");
        let text = std::fs::read_to_string(&file)?;
        let others = text.lines().filter(|line| !line.starts_with(name));
        let lines: Vec<&str> = [line].into_iter().chain(others).collect();
        Ok(std::fs::write(file, lines.join("\n"))?)
    }

    /// Adds settings, from its next start on.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn set(&self, settings: &str) -> anyhow::Result<()> {
        let file = self.config().join("hub.toml");
        let text = std::fs::read_to_string(&file)?;
        Ok(std::fs::write(file, format!("{text}\n{settings}\n"))?)
    }

    /// [`push`] to this one.
    ///
    /// # Errors
    /// As there.
    pub async fn push(&self, source: &str, sender: &str, kind: &str, body: &[u8]) -> anyhow::Result<String> {
        push(&self.base, source, sender, kind, body).await
    }

    /// Waits until it takes messages: it listens before it has reached its database.
    ///
    /// # Errors
    /// Where that takes too long.
    pub async fn opened(&self) -> anyhow::Result<()> {
        let ready = format!("{}/readyz", self.base);
        until("it is ready", async || reqwest::get(&ready).await.is_ok_and(|answer| answer.status() == 200))
            .await
    }

    /// Its store and what it was told, opened beside it.
    ///
    /// # Errors
    /// Where they cannot be opened.
    pub async fn inside(&self) -> anyhow::Result<(Config, Store)> {
        let config = Config::load(&self.config())?;
        let store = Store::open(&config.hub.database).await?;
        Ok((config, store))
    }

    /// The same, to read only.
    ///
    /// # Errors
    /// Where they cannot be opened.
    pub async fn inside_beside(&self) -> anyhow::Result<(Config, Store)> {
        let config = Config::load(&self.config())?;
        let store = Store::open_beside(&config.hub.database).await?;
        Ok((config, store))
    }

    /// [`settled`] of this one.
    ///
    /// # Errors
    /// As there.
    pub async fn settled(&self, store: &Store) -> anyhow::Result<BTreeMap<&'static str, u64>> {
        settled(store).await
    }

    /// Everything that a reader of committed records sees, by recipient, each topic checked: no number
    /// missing, none twice, one chain.
    ///
    /// # Errors
    /// The first break, or a broker that does not answer.
    pub async fn topics(&self, config: &Config) -> anyhow::Result<BTreeMap<Recipient, Vec<LogRecord>>> {
        let kafka = config.hub.kafka.clone().context("no broker configured")?;
        let names: Vec<Recipient> = config.bundle.contracts.iter().map(|c| c.recipient.clone()).collect();
        let log = KafkaLog::new(kafka);
        let mut read: BTreeMap<Recipient, Vec<LogRecord>> = BTreeMap::new();
        for name in names {
            let records = whole(&log, &name).await?;
            let mut audit = Audit::after(0, false);
            for record in &records {
                audit.check(record).map_err(|broken| anyhow::anyhow!("{}: {broken}", record.topic))?;
            }
            if !records.is_empty() {
                read.insert(name, records);
            }
        }
        Ok(read)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.is_some() {
            drop(self.kill());
        }
    }
}

/// A port that is free now.
fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The hub's own program: beside the benchmark, one folder above a test.
///
/// # Errors
/// Where it is missing: `cargo build --workspace` makes it.
pub fn binary() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let mut places = own.ancestors().skip(1).take(2).map(|folder| folder.join("hub"));
    let found = places.find(|file| file.exists());
    found.context("no hub here: build it first with `cargo build --workspace`")
}

/// Posts a body until it is taken, however often the hub is away meanwhile: what a sender does.
///
/// # Errors
/// Where it is not taken in time, or refused for another reason.
pub async fn push(base: &str, source: &str, sender: &str, kind: &str, body: &[u8]) -> anyhow::Result<String> {
    push_to(&[base], source, sender, kind, body).await
}

/// The same to several instances in turn, as through a balancer: who does not take it is passed over.
///
/// # Errors
/// As [`push`].
pub async fn push_to(
    bases: &[&str],
    source: &str,
    sender: &str,
    kind: &str,
    body: &[u8],
) -> anyhow::Result<String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
    let end = Instant::now() + PATIENCE;
    let mut turn = 0;
    loop {
        let url = format!("{}/v1/sources/{source}/batches", bases[turn % bases.len()]);
        turn += 1;
        let post = client.post(&url).bearer_auth(format!("dev-{sender}")).header("Content-Type", kind);
        if let Ok(answer) = post.body(body.to_vec()).send().await {
            let status = answer.status();
            if let Ok(text) = answer.text().await
                && status.is_success()
                && !text.contains("\"stopped\"")
            {
                return Ok(text);
            }
            ensure!(!status.is_client_error(), "{source} answers {status}");
        }
        ensure!(Instant::now() < end, "{source} was not taken in time");
        if turn.is_multiple_of(bases.len()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Waits until everything is decided and read back.
///
/// # Errors
/// Where that takes too long.
pub async fn settled(store: &Store) -> anyhow::Result<BTreeMap<&'static str, u64>> {
    let end = Instant::now() + PATIENCE;
    loop {
        let counts: BTreeMap<_, _> = store.counts().await?.into_iter().collect();
        if counts["undecided"] == 0 && counts["ledger_open"] == 0 {
            return Ok(counts);
        }
        ensure!(Instant::now() < end, "not settled: {counts:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Looks again and again until something holds.
///
/// # Errors
/// Where it does not in time: the words say what was waited for.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) -> anyhow::Result<()> {
    let end = Instant::now() + PATIENCE;
    while !holds().await {
        ensure!(Instant::now() < end, "did not come in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// A fresh database on a server: its address.
///
/// # Errors
/// Where the server makes none of this name.
pub async fn database(server: &str, name: &str) -> anyhow::Result<String> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&mut connection).await?;
    let (path, options) = server.split_once('?').map_or((server, None), |(path, rest)| (path, Some(rest)));
    let (base, _) = path.rsplit_once('/').context("the address names no database")?;
    Ok(options.map_or_else(|| format!("{base}/{name}"), |options| format!("{base}/{name}?{options}")))
}

/// Lets each sender of a config speak for everybody in its source: here one of them tells a whole story. Who speaks for
/// whom is proved in `door/speaking.rs`.
fn for_everybody(config: &Path) -> std::io::Result<()> {
    for file in std::fs::read_dir(config.join("sources"))? {
        let file = file?.path();
        let bound = std::fs::read_to_string(&file)?;
        let free = |line: &str| {
            if line.starts_with("speaks_for") {
                "speaks_for = [\"*\"]\n".to_owned()
            } else {
                format!("{line}\n")
            }
        };
        std::fs::write(&file, bound.lines().map(free).collect::<String>())?;
    }
    Ok(())
}

/// Copies a config folder.
///
/// # Errors
/// Where a file cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
