//! What agencies answer to what they read, and when: at once, late, wrong, never, with every code of a no.
//!
//! Whatever an agency does hangs on the seed, on the life and on which offer of that life it is. AgII is down for some days in
//! October. Refuses to read what is not in the record.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant as Moment;

use chrono::Days;
use decide::person::ViewKind;
use hub::store::rows::{OutboxRow, Outgoing};
use schemas::handover::{Answer, AnswerKind, RejectCode};
use schemas::ids::HandoverId;
use schemas::message::Body;
use schemas::recipient::Recipient;
use serde_json::Value;

use super::{Dice, Running, Spoken, begins, day};
use crate::ACCESS;

const CODES: [RejectCode; 9] = [
    RejectCode::NotCompetent,
    RejectCode::NotTargetGroup,
    RejectCode::AlreadyKnown,
    RejectCode::IdentityDoubt,
    RejectCode::InsufficientData,
    RejectCode::NoBasis,
    RejectCode::NotArrived,
    RejectCode::DuplicateOffer,
    RejectCode::PersonDeclines,
];

/// What agencies have read, and what they are about to answer.
#[derive(Default)]
pub(super) struct Agencies {
    /// The place of the last record that was read.
    after: u64,
    answers: BTreeMap<u16, Vec<Spoken>>,
    /// How many offers of each life were read.
    offers: HashMap<u32, u64>,
    given: u64,
    last: BTreeMap<Recipient, u64>,
    pub(super) records: BTreeMap<String, u64>,
    pub(super) broken: Vec<String>,
}

/// A record as its recipient knows it.
struct Read<'a> {
    row: &'a OutboxRow,
    handover: HandoverId,
    epoch: u32,
    life: u32,
    at: u16,
}

impl Agencies {
    /// What is answered on a day.
    pub(super) fn due(&mut self, at: u16) -> Vec<Spoken> {
        self.answers.remove(&at).unwrap_or_default()
    }

    /// Reads all that left since the last look, and makes up what is answered to it.
    pub(super) async fn read(&mut self, running: &mut Running<'_>, at: u16) {
        let started = Moment::now();
        loop {
            let page = running.hub.store.outgoing(self.after, 500).await.unwrap();
            let Some(last) = page.last() else { break };
            self.after = last.row.position;
            for outgoing in &page {
                self.one(running, outgoing, at).await;
            }
        }
        running.spent("answers", started);
    }

    async fn one(&mut self, running: &mut Running<'_>, outgoing: &Outgoing, at: u16) {
        let row = &outgoing.row;
        let before = self.last.insert(row.recipient.clone(), row.sequence).unwrap_or(0);
        if row.sequence != before + 1 {
            self.broken.push(format!("I3: {} goes from {before} to {}", row.recipient, row.sequence));
        }
        let subject = running.hub.schemas.of(&row.recipient).unwrap();
        let body = running.hub.vault.body(row, outgoing.key.as_deref(), ACCESS).unwrap();
        let value = subject.codec.decode(&body).unwrap();
        let kind = value["kind"].as_str().unwrap();
        *self.records.entry(format!("{} {kind}", row.recipient)).or_default() += 1;
        let contract = running.hub.config.bundle.contract(&row.recipient).unwrap();
        if kind != ViewKind::Ended.as_str() && contract.basis(begins() + Days::new(at.into())).is_none() {
            self.broken.push(format!("I5: {}:{} without a legal basis", row.recipient, row.sequence));
        }
        // Without a handover it is a provider's record, which needs no answer.
        let Some(handover) = value["handover"].as_str().and_then(|id| id.parse().ok()) else { return };
        let epoch = u32::try_from(value["epoch"].as_u64().unwrap()).unwrap();
        let life = running.life_of(row.person).await;
        let read = Read { row, handover, epoch, life, at };
        self.answer(running.seed, &read, kind, &value);
    }

    fn answer(&mut self, seed: u64, read: &Read<'_>, kind: &str, value: &Value) {
        let count = self.offers.entry(read.life).or_default();
        *count += 1;
        let mut dice = Dice::of(seed, read.life, 1_000 + *count);
        let received = |hash| AnswerKind::Received { sequence: read.row.sequence, payload_hash: hash };
        let right = received(read.row.payload_hash);
        match kind {
            "offer" => {
                let (first, then) = (1 + dice.roll(2), 1 + dice.roll(6));
                match dice.roll(100) {
                    0..76 => self.later(read, &[(first, right), (first + then, AnswerKind::Accepted)]),
                    76..85 => {
                        let no = AnswerKind::Rejected { code: dice.pick(&CODES) };
                        self.later(read, &[(first, right), (first + then, no)]);
                    }
                    85..89 => {}
                    89..93 => {
                        let late = 6 + dice.roll(15);
                        self.later(read, &[(late, right), (late + then, AnswerKind::Accepted)]);
                    }
                    93..95 => {
                        let again = [
                            (first, received([0xcd; 32])),
                            (first + 9, right),
                            (first + 12, AnswerKind::Accepted),
                        ];
                        self.later(read, &again);
                    }
                    // A yes before it was stored is refused; it comes again.
                    95..97 => {
                        let yes = [(1, AnswerKind::Accepted), (3, right), (4, AnswerKind::Accepted)];
                        self.later(read, &yes);
                    }
                    _ => self.later(read, &[(first, right)]),
                }
            }
            "file" if dice.percent(25) => {
                self.later(read, &[(15 + dice.roll(40), AnswerKind::TrajectoryStarted)]);
            }
            "ended" if value["ended"]["reason"] == "withdrawn" && dice.percent(85) => {
                self.later(read, &[(1 + dice.roll(6), AnswerKind::PurgeConfirmed)]);
            }
            _ => {}
        }
    }

    /// Says these, each so many days later.
    fn later(&mut self, read: &Read<'_>, answers: &[(u64, AnswerKind)]) {
        let recipient = &read.row.recipient;
        let today = begins() + Days::new(read.at.into());
        let down = recipient.as_str() == "agii" && (day("2024-10-11")..day("2024-10-16")).contains(&today);
        for (days, kind) in answers {
            self.given += 1;
            let at = read.at + u16::try_from(days + if down { 5 } else { 0 }).unwrap();
            let answer = Answer { handover: read.handover, epoch: read.epoch, answer: kind.clone() };
            let body = Body::Answer { recipient: recipient.clone(), answer };
            let name = format!("{recipient}/{}", self.given);
            let spoken = Spoken { source: "answer", name, life: read.life, body };
            self.answers.entry(at).or_default().push(spoken);
        }
    }
}
