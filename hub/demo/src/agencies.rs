//! Simulated agencies: read their feeds, store what they read, say yes.
//!
//! HTTP clients like any other, with nothing of the hub's in hand. An offer is confirmed with its sequence and
//! hash, then accepted; records without a handover are only read. Refuses to say no.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use reqwest::StatusCode;
use schemas::handover::{Answer, AnswerKind};
use schemas::recipient::Recipient;
use serde::{Deserialize, Serialize};

use super::Credentials;
use super::received::ReceivedFiles;
use hub::deliver::feed::{FeedRecord, TapRecord};

/// What one recipient has read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ReadTally {
    pub offers: u64,
    pub files: u64,
    pub ended: u64,
    /// Numbers that carried nothing.
    pub voids: u64,
    pub persons: usize,
}

/// All agencies of a story.
#[derive(Debug)]
pub(super) struct SimulatedAgencies {
    http: reqwest::Client,
    base: String,
    credentials: Credentials,
    desks: BTreeMap<Recipient, AgencyDesk>,
    answers: BTreeMap<String, u64>,
    /// Where what is read is kept as well.
    pub(super) received: Option<ReceivedFiles>,
}

/// What a feed answers.
#[derive(Deserialize)]
struct FeedPage {
    records: Vec<FeedRecord>,
}

#[derive(Debug, Default)]
struct AgencyDesk {
    read: u64,
    tally: ReadTally,
    persons: BTreeSet<String>,
}

impl SimulatedAgencies {
    pub(super) fn new(http: reqwest::Client, base: String, credentials: Credentials) -> Self {
        let (desks, answers) = (BTreeMap::new(), BTreeMap::new());
        Self { http, base, credentials, desks, answers, received: None }
    }

    /// Reads the feeds that have grown and answers; says how many records were read.
    /// `ends` spares the others a call: for each recipient, where its topic ends.
    pub(super) async fn step(&mut self, ends: &[(Recipient, u64, u64)]) -> anyhow::Result<usize> {
        let mut count = 0;
        for (recipient, end, _) in ends {
            while self.desks.entry(recipient.clone()).or_default().read < *end {
                let records = self.read(recipient).await?;
                ensure!(!records.is_empty(), "the feed of {recipient} ends before its ledger");
                count += records.len();
                for record in records {
                    let record = TapRecord::from(record);
                    self.take(recipient, &record).await?;
                }
            }
        }
        Ok(count)
    }

    /// Asks once more: that proves that everything before was stored.
    pub(super) async fn confirm(&mut self) -> anyhow::Result<()> {
        let recipients: Vec<_> = self.desks.keys().cloned().collect();
        for recipient in recipients {
            self.read(&recipient).await?;
        }
        Ok(())
    }

    pub(super) fn tallies(&self) -> BTreeMap<String, ReadTally> {
        let tally = |desk: &AgencyDesk| ReadTally { persons: desk.persons.len(), ..desk.tally.clone() };
        self.desks.iter().map(|(recipient, desk)| (recipient.to_string(), tally(desk))).collect()
    }

    pub(super) fn answers(&self) -> BTreeMap<String, u64> {
        self.answers.clone()
    }

    async fn read(&self, recipient: &Recipient) -> anyhow::Result<Vec<FeedRecord>> {
        let after = self.desks.get(recipient).map_or(0, |desk| desk.read);
        let address = format!("{}/v1/recipients/{recipient}/deliveries?after={after}", self.base);
        let request = self.http.get(address).bearer_auth(self.credentials.token(recipient.as_str()));
        let answer = request.send().await.context("the feed does not answer")?;
        ensure!(answer.status().is_success(), "the feed of {recipient} was answered {}", answer.status());
        Ok(answer.json::<FeedPage>().await?.records)
    }

    /// Stores one record; an offer is answered, and what ended is purged.
    async fn take(&mut self, recipient: &Recipient, record: &TapRecord) -> anyhow::Result<()> {
        let sequence = record.sequence;
        let desk = self.desks.entry(recipient.clone()).or_default();
        ensure!(sequence == desk.read + 1, "{recipient}: {sequence} follows {}", desk.read);
        desk.read = sequence;
        if let Some(received) = &mut self.received {
            received.keep(record)?;
        }
        desk.persons.insert(record.key.clone());
        match record.value["kind"].as_str() {
            Some("offer") => desk.tally.offers += 1,
            Some("file") => desk.tally.files += 1,
            Some("ended") => desk.tally.ended += 1,
            _ => desk.tally.voids += 1,
        }
        // Without a handover it is a provider's record, which needs no answer.
        let handover = record.value["handover"].as_str().and_then(|id| id.parse().ok());
        let (Some(handover), Some(epoch)) = (handover, record.value["epoch"].as_u64()) else { return Ok(()) };
        let epoch = u32::try_from(epoch)?;
        let answers = match record.value["kind"].as_str() {
            Some("offer") => {
                let mut payload_hash = [0; 32];
                let told = record.headers.get("ce_payloadhash").context("a record without its hash")?;
                hex::decode_to_slice(told, &mut payload_hash)?;
                vec![AnswerKind::Received { sequence, payload_hash }, AnswerKind::Accepted]
            }
            Some("ended") if record.value["ended"]["reason"] == "withdrawn" => {
                vec![AnswerKind::PurgeConfirmed]
            }
            _ => vec![],
        };
        for answer in answers {
            self.answer(recipient, &Answer { handover, epoch, answer }).await?;
        }
        Ok(())
    }

    async fn answer(&mut self, recipient: &Recipient, answer: &Answer) -> anyhow::Result<()> {
        let address = format!("{}/v1/recipients/{recipient}/answers", self.base);
        let token = self.credentials.token(recipient.as_str());
        let status = self.http.post(address).bearer_auth(token).json(answer).send().await?.status();
        let said = match status {
            StatusCode::OK => "done",
            StatusCode::ACCEPTED => "waiting",
            StatusCode::CONFLICT => "conflict",
            _ => anyhow::bail!("an answer of {recipient} was answered {status}"),
        };
        *self.answers.entry(said.to_owned()).or_default() += 1;
        Ok(())
    }
}
