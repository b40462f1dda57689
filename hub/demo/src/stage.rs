//! The stage: a hub with everything around it in one process, ready to play a story.
//!
//! Sets up the store, the register's stand-in, the HTTP door and the decider; used by `hub demo` and by
//! the proofs, so that both play the same way. Refuses a broker: recipients read the feed here.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::received::ReceivedFiles;
use super::{Credentials, Demo, StandInRegister, Story, Summary};
use hub::app::{self, Hub, Start};
use hub::clock::Clock;
use hub::config::{Config, ConsoleSettings, DeskRole, People, RequestSettings};
use schemas::recipient::Recipient;

/// Who may do something by hand in a demonstration; their credentials are `dev-` and the name. `config/people.toml` has
/// the same, so that commands on its data know them.
pub const PEOPLE: [(&str, &[DeskRole]); 6] = [
    ("noor", &[DeskRole::Operations]),
    ("lucas", &[DeskRole::Review]),
    ("amina", &[DeskRole::Coordinator]),
    ("elif", &[DeskRole::Dpo]),
    ("tom", &[DeskRole::Rules]),
    ("nora", &[DeskRole::Review]),
];

/// Who of them decides about handovers while the story is played.
pub(super) const COORDINATOR: &str = "amina";

/// A hub on its own store, served on an address, with a story to play.
#[derive(Debug)]
pub struct DemoHub {
    pub hub: Hub,
    pub address: SocketAddr,
    story: Story,
    demo: Demo,
    stop: CancellationToken,
    server: JoinHandle<()>,
    decider: JoinHandle<anyhow::Result<()>>,
}

impl DemoHub {
    /// Sets up: the story of one folder, the data in another, HTTP on `listen`.
    ///
    /// # Errors
    /// Where a folder cannot be used or the address is taken.
    pub async fn set(
        mut config: Config,
        story: &Path,
        data: &Path,
        listen: SocketAddr,
    ) -> anyhow::Result<Self> {
        let read = Story::read(story)?;
        let clock = Clock::declared(read.begins());
        let stop = CancellationToken::new();
        tokio::fs::create_dir_all(data).await.with_context(|| data.display().to_string())?;
        app::in_data(data, &mut config);
        config.hub.kafka = None;
        config.people = People::made_up(&PEOPLE);
        config.hub.console = Some(ConsoleSettings { secure_cookie: false });

        let register = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        config.hub.request = Some(RequestSettings {
            register_url: format!("http://{}/", register.local_addr()?),
            ca: None,
            certificate: None,
            key: None,
            timeout_seconds: 10,
            identity: "voortraject.example/hub".to_owned(),
            capacity: "9999".to_owned(),
        });
        tokio::spawn(app::serve(
            register,
            StandInRegister::read(story, clock.clone())?.router(),
            config.hub.limits,
            stop.clone(),
        ));

        let credentials = Credentials::new(clock.seed());
        let recipients = config.bundle.contracts.iter().map(|contract| contract.recipient.to_string());
        config.senders = credentials.senders(recipients);
        let hub = Hub::open(config, Start::Migrated(clock)).await?;
        hub.store.note_story().await?;

        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(app::serve(listener, hub.router(), hub.config.hub.limits, stop.clone()));
        let decider = tokio::spawn(hub.clone().decide(stop.clone()));
        let demo = Demo::new(hub.clone(), format!("http://{address}"), credentials)?;
        Ok(Self { hub, address, story: read, demo, stop, server, decider })
    }

    /// Each recipient, with the credential that it reads and answers with here.
    pub fn recipients(&self) -> impl Iterator<Item = (&Recipient, String)> {
        self.hub.config.agencies.keys().map(|name| (name, self.demo.credentials.token(name.as_str())))
    }

    /// Keeps what each agency reads in a file of its own, from here on: see `Received`.
    ///
    /// # Errors
    /// Where a file cannot be made.
    pub fn keep_received(&mut self, folder: &Path) -> anyhow::Result<()> {
        let recipients = self.hub.config.agencies.keys();
        self.demo.agencies.received = Some(ReceivedFiles::new(folder, recipients)?);
        Ok(())
    }

    /// Plays the story to its end.
    ///
    /// # Errors
    /// Where a door does not answer, the hub does not settle or the decider ended.
    pub async fn play(&mut self) -> anyhow::Result<Summary> {
        tokio::select! {
            played = self.demo.play(&self.story) => played,
            // Without a decider the story would wait for ever: say why it ended.
            ended = &mut self.decider => {
                ended??;
                bail!("the decider ended");
            }
        }
    }

    /// Goes on answering until interrupted.
    ///
    /// # Errors
    /// Where an agency's door does not answer.
    pub async fn attend(&mut self) -> anyhow::Result<()> {
        tokio::select! {
            () = app::interrupted() => Ok(()),
            ended = self.demo.attend(&self.stop) => ended,
        }
    }

    /// Ends everything softly.
    ///
    /// # Errors
    /// Where a part did not end well.
    pub async fn leave(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.server.await?;
        self.decider.await?
    }
}
