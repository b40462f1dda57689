//! Servers of a test's own, by the scripts in `deploy/`: for tests that stop them, or fill them with what nobody
//! else may find. Refuses to touch a server that others use.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server with a folder of its own; stopped at the end.
#[derive(Debug)]
pub struct Server {
    script: PathBuf,
    folder: tempfile::TempDir,
    /// Where it listens, on the loopback address.
    pub port: u16,
}

impl Server {
    /// Prepares one; `script` is its file in `deploy/`.
    ///
    /// # Panics
    /// Where no folder or port is to be had.
    #[must_use]
    pub fn new(script: &str) -> Self {
        let (script, folder) = (crate::root().join("deploy").join(script), tempfile::tempdir().unwrap());
        // A server that runs as another user reaches its folder through this one.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self { script, folder, port: listener.local_addr().unwrap().port() }
    }

    /// A Kafka of its own with settings of its own, started, and its address.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn kafka(settings: &str) -> (Self, String) {
        Self::kafka_with(|_| settings.to_owned(), "")
    }

    /// The same, with settings that name the port it will have, and users that it knows.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn kafka_with(settings: impl FnOnce(u16) -> String, users: &str) -> (Self, String) {
        let server = Self::new("kafka.sh");
        let folder = server.folder.path().join("server");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("more.properties"), settings(server.port)).unwrap();
        std::fs::write(folder.join("users"), users).unwrap();
        let address = server.start();
        (server, address)
    }

    /// A PostgreSQL of its own, started, and its address.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn postgres() -> (Self, String) {
        let server = Self::new("postgres.sh");
        let address = format!("postgres://hub@{}/postgres", server.start());
        (server, address)
    }

    /// A PgBouncer of its own before a PostgreSQL, started, and its address; `mode` is when it lends a connection to
    /// the next.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn pooler(postgres: &str, mode: &str) -> (Self, String) {
        let (_, behind) = postgres.split_once("127.0.0.1:").unwrap();
        let (behind, _) = behind.split_once('/').unwrap();
        let server = Self::new("pgbouncer.sh");
        let port = server.port.to_string();
        assert!(server.tell(&["start", &port, behind, mode]), "{}", server.script.display());
        let address = format!("postgres://hub@127.0.0.1:{port}/postgres");
        (server, address)
    }

    /// Everything it writes: its data, and its log beside them.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn tell(&self, words: &[&str]) -> bool {
        let mut command = Command::new(&self.script);
        command.arg(words[0]).arg(self.folder.path().join("server")).args(&words[1..]);
        // Not piped: a server keeps what it was started with.
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    /// Starts it and gives its address.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(&self) -> String {
        assert!(self.tell(&["start", &self.port.to_string()]), "{}", self.script.display());
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts a Kafka that speaks TLS, with the files of this folder, and gives its address.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_with_tls(&self, files: &Path) -> String {
        let (port, files) = (self.port.to_string(), files.display().to_string());
        assert!(self.tell(&["start", &port, &files]), "{}", self.script.display());
        format!("localhost:{port}")
    }

    /// Stops it.
    ///
    /// # Panics
    /// Where it does not stop.
    pub fn stop(&self) {
        assert!(self.tell(&["stop"]), "{}", self.script.display());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tell(&["stop"]);
    }
}

/// Runs one of Kafka's own tools as an operator would: what it says, for who wants to know.
///
/// # Panics
/// Where it fails.
pub fn kafka_tool(class: &str, brokers: &str, words: &[&str]) -> String {
    let mut command = Command::new(crate::root().join("deploy/kafka.sh"));
    command.args(["tool", class, "--bootstrap-server", brokers]).args(words);
    let output = tokio::task::block_in_place(|| command.output().unwrap());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
