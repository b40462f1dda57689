//! The demonstration: a story played through the real doors, in one process.
//!
//! Sources push in the order of their times over HTTP, a declared clock follows them, a stand-in
//! answers for the register, simulated agencies read their feeds and answer, a simulated coordinator ends a line where
//! somebody in Brussels chose another office. Time moves on once
//! the hub has settled. Nothing in here is known to the hub: what plays uses its public doors only.
//! Next: `story` for the timeline, `agencies` and `register` for the others, `app` for the hub itself.

mod agencies;
mod coordinator;
mod received;
mod register;
mod stage;
mod story;
mod summary;

pub use stage::{DemoHub, PEOPLE};
pub use story::{Feed, Moment, Story};
pub use summary::Summary;

use std::time::Duration;

use anyhow::{Context, ensure};
use schemas::ids::Seed;
use schemas::message::Body;
use schemas::time::{day_of, start_of};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use agencies::SimulatedAgencies;
use hub::app::Hub;
use hub::config::{ANSWER, Senders};
use hub::request::Requests;

pub use register::StandInRegister;

/// How long the hub may take to decide what one moment brought.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked for something new after the story.
const ATTENTION: Duration = Duration::from_millis(500);

/// The credentials of one demonstration, made when it starts: who has which, and for which sources.
#[derive(Clone, Debug)]
pub struct Credentials {
    seed: Seed,
}

impl Credentials {
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self { seed }
    }

    /// The token of a sender.
    #[must_use]
    pub fn token(&self, sender: &str) -> String {
        hex::encode(self.seed.derive(sender, 0))
    }

    /// Who may do what: the senders of the feeds their sources, recipients their answers.
    pub fn senders(&self, recipients: impl Iterator<Item = String>) -> Senders {
        let feeds = Feed::ALL.iter().map(|feed| (feed.sender().to_owned(), feed.source()));
        let all = feeds.chain(recipients.map(|name| (name, ANSWER)));
        Senders::made_up(all.map(|(name, source)| {
            let token = self.token(&name);
            (name, source.to_owned(), token)
        }))
    }
}

/// One demonstration under way.
#[derive(Debug)]
pub struct Demo {
    hub: Hub,
    requests: Requests,
    http: reqwest::Client,
    base: String,
    credentials: Credentials,
    agencies: SimulatedAgencies,
    summary: Summary,
}

impl Demo {
    /// Prepares a demonstration of a hub that is served at `base` and whose decider runs.
    ///
    /// # Errors
    /// Where no client can be built.
    pub fn new(hub: Hub, base: String, credentials: Credentials) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(PATIENCE).build().context("no HTTP client")?;
        let agencies = SimulatedAgencies::new(http.clone(), base.clone(), credentials.clone());
        let requests = hub.requests()?.context("no register to ask")?;
        Ok(Self { hub, requests, http, base, credentials, agencies, summary: Summary::default() })
    }

    /// Plays a story from its first moment to its last, and says what came of it.
    ///
    /// # Errors
    /// Where a door does not answer, or the hub does not settle.
    pub async fn play(&mut self, story: &Story) -> anyhow::Result<Summary> {
        let hash = self.hub.config.bundle.hash.clone();
        let id = format!("bundle:{}", hash.0);
        self.hub.intake.internal("bundle", &id, Body::Bundle(hash)).await?;
        self.settle().await?;
        for moment in &story.moments {
            self.days_until(moment.at).await?;
            self.hub.clock.advance(moment.at);
            if coordinator::step(&self.hub).await? > 0 {
                self.settle().await?;
            }
            for (feed, body) in &moment.posts {
                self.push(*feed, body.clone()).await?;
            }
            self.settle().await?;
        }
        if coordinator::step(&self.hub).await? > 0 {
            self.settle().await?;
        }
        self.agencies.confirm().await?;
        self.summary.skipped.clone_from(&story.skipped);
        self.summary.recipients = self.agencies.tallies();
        self.summary.answers = self.agencies.answers();
        self.summary.ended_at = Some(self.hub.clock.now());
        let counts = self.hub.store.counts().await?;
        self.summary.counts = counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        Ok(self.summary.clone())
    }

    /// Lets every day before a moment come on which something is due, one after the other.
    async fn days_until(&mut self, moment: schemas::time::Instant) -> anyhow::Result<()> {
        while let Some((_, day)) = self.hub.store.due(day_of(moment), None, 1).await?.first() {
            self.hub.clock.advance(start_of(*day));
            ensure!(self.hub.intake.bring_due().await? > 0, "what was due stays due");
            self.settle().await?;
        }
        Ok(())
    }

    /// Goes on after the story: what somebody pushes by hand is answered as everything before.
    ///
    /// # Errors
    /// As [`Demo::play`].
    pub async fn attend(&mut self, stop: &CancellationToken) -> anyhow::Result<()> {
        while !stop.is_cancelled() {
            self.settle().await?;
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(ATTENTION) => {}
            }
        }
        Ok(())
    }

    /// Pushes some items of one feed, and counts what is said of each.
    async fn push(&mut self, feed: Feed, body: Vec<u8>) -> anyhow::Result<()> {
        let address = format!("{}/v1/sources/{}/batches", self.base, feed.source());
        let request = self
            .http
            .post(address)
            .bearer_auth(self.credentials.token(feed.sender()))
            .header("Content-Type", feed.content_type())
            .body(body);
        let answer = request.send().await.context("the door does not answer")?;
        ensure!(answer.status().is_success(), "{} was answered {}", feed.source(), answer.status());
        for line in answer.text().await?.lines() {
            let line: Value = serde_json::from_str(line).context("a result is no JSON")?;
            let status = line["status"].as_str().unwrap_or("unknown");
            ensure!(status != "stopped", "{} was not taken to its end: {}", feed.source(), line["code"]);
            self.summary.item(feed.source(), status);
        }
        Ok(())
    }

    /// Lets everything follow that follows at this moment: decisions, tasks, answers, in turn until none is left.
    async fn settle(&mut self) -> anyhow::Result<()> {
        loop {
            self.decided().await?;
            let performed = self.requests.step().await?;
            let news = self.hub.store.ledger_ends().await?;
            let answered = self.agencies.step(&news).await?;
            if performed + answered == 0 {
                return Ok(());
            }
        }
    }

    /// Waits until nothing is undecided.
    async fn decided(&self) -> anyhow::Result<()> {
        ensure!(self.hub.desk.decisions().all(PATIENCE).await?, "the decider does not move on");
        Ok(())
    }
}
