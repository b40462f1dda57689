//! Simulated agencies: read their feeds, store what they read, say yes.
//!
//! HTTP clients like any other, with nothing of the hub's in hand. An offer is confirmed with its sequence and
//! hash, then accepted; records without a handover are only read. Refuses to say no.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use reqwest::StatusCode;
use schemas::handover::{Answer, AnswerKind};
use schemas::recipient::Recipient;
use serde::Serialize;
use serde_json::Value;

use super::Credentials;

/// What one recipient has read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Tally {
    /// Offers.
    pub offers: u64,
    /// Files.
    pub files: u64,
    /// Ends.
    pub ended: u64,
    /// Numbers that carried nothing.
    pub voids: u64,
    /// Persons.
    pub persons: usize,
}

/// All agencies of a story.
#[derive(Debug)]
pub(super) struct Agencies {
    http: reqwest::Client,
    base: String,
    credentials: Credentials,
    desks: BTreeMap<Recipient, Desk>,
    answers: BTreeMap<String, u64>,
}

/// One agency.
#[derive(Debug, Default)]
struct Desk {
    read: u64,
    tally: Tally,
    persons: BTreeSet<String>,
}

impl Agencies {
    pub(super) fn new(http: reqwest::Client, base: String, credentials: Credentials) -> Self {
        Self { http, base, credentials, desks: BTreeMap::new(), answers: BTreeMap::new() }
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
                for record in &records {
                    self.take(recipient, record).await?;
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

    pub(super) fn tallies(&self) -> BTreeMap<String, Tally> {
        let tally = |desk: &Desk| Tally { persons: desk.persons.len(), ..desk.tally.clone() };
        self.desks.iter().map(|(recipient, desk)| (recipient.to_string(), tally(desk))).collect()
    }

    pub(super) fn answers(&self) -> BTreeMap<String, u64> {
        self.answers.clone()
    }

    async fn read(&self, recipient: &Recipient) -> anyhow::Result<Vec<Value>> {
        let after = self.desks.get(recipient).map_or(0, |desk| desk.read);
        let address = format!("{}/v1/recipients/{recipient}/deliveries?after={after}", self.base);
        let request = self.http.get(address).bearer_auth(self.credentials.token(recipient.as_str()));
        let answer = request.send().await.context("the feed does not answer")?;
        ensure!(answer.status().is_success(), "the feed of {recipient} was answered {}", answer.status());
        let mut page: Value = answer.json().await?;
        Ok(page["records"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    /// Stores one record; an offer is answered.
    async fn take(&mut self, recipient: &Recipient, record: &Value) -> anyhow::Result<()> {
        let headers = &record["headers"];
        let sequence = record["sequence"].as_u64().context("a record has no sequence")?;
        let desk = self.desks.entry(recipient.clone()).or_default();
        ensure!(sequence == desk.read + 1, "{recipient}: {sequence} follows {}", desk.read);
        desk.read = sequence;
        let kind = headers["ce_type"].as_str().and_then(|kind| kind.rsplit('.').nth(1)).unwrap_or_default();
        match kind {
            "offer" => desk.tally.offers += 1,
            "file" => desk.tally.files += 1,
            "ended" => desk.tally.ended += 1,
            _ => desk.tally.voids += 1,
        }
        desk.persons.extend(headers["ce_subject"].as_str().map(str::to_owned));
        let value = &record["value"];
        let handover = seek(value, "handover").and_then(text).and_then(|id| id.parse().ok());
        let (Some(handover), "offer") = (handover, kind) else { return Ok(()) };
        let epoch = seek(value, "epoch").and_then(Value::as_u64).context("an offer has no epoch")?;
        let epoch = u32::try_from(epoch)?;
        let payload_hash = headers["ce_payloadhash"].as_str().unwrap_or_default().to_owned();
        for answer in [AnswerKind::Received { sequence, payload_hash }, AnswerKind::Accepted] {
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

/// The first member of this name, at any depth.
fn seek<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(name).or_else(|| map.values().find_map(|value| seek(value, name))),
        Value::Array(list) => list.iter().find_map(|value| seek(value, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// A text, bare or as the named branch of an Avro union.
fn text(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.as_object()?.values().next()?.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_found_at_any_depth_bare_or_in_a_union() {
        let bare = json!({ "handover": "a", "epoch": 2 });
        let inner = json!({ "body": { "handover": { "string": "a" } } });
        for value in [bare, inner] {
            assert_eq!(seek(&value, "handover").and_then(text), Some("a"), "{value}");
        }
        assert_eq!(seek(&json!({ "handover": null }), "handover").and_then(text), None);
    }
}
