//! What was read from a topic: taken like what is posted, under the sender's own id and the place where it stood.
//!
//! Read once more from the same place, it is the same message and no other try, however it was decided meanwhile: that is
//! what lets the offset be committed after the inbox. Nobody waits for an answer here, so whatever is not taken lies as a
//! refusal under its id. Refuses to know Kafka. Next: `answers`, which reads.

use adapters::{Refused, Source, Speaker};
use schemas::finding::{Code, Finding};
use schemas::ids::MessageId;
use schemas::key::Mac;
use schemas::recipient::Recipient;
use serde_json::Value;

use super::{Incoming, Intake, IntakeError, ItemVerdict};
use crate::store::StoreError;
use crate::store::rows::{ReceiptRow, RefusalRow};

/// How many refusals under one id are told.
const TOLD: u32 = 10;

/// One record of a topic.
#[derive(Clone, Debug)]
pub struct HeardItem {
    /// Who alone may write there.
    pub sender: String,
    /// The sender's id of it.
    pub id: String,
    /// Where it stood: the same for one record whenever it is read, and another for every other.
    pub place: String,
    pub item: Result<Value, Refused>,
}

/// What became of an answer: the last try under its id that was taken, and what was refused before anybody decided,
/// newest first.
#[derive(Clone, Debug)]
pub struct LatestAnswer {
    pub taken: Option<ReceiptRow>,
    pub refused: Vec<RefusalRow>,
}

impl Intake {
    /// Takes what was read; says what came of each after the durable commit. What stands under an id that another item has
    /// is refused as well.
    ///
    /// # Errors
    /// [`IntakeError`]: some may be stored; read again from the same places, those are not stored twice.
    pub async fn heard(
        &self,
        source: &'static dyn Source,
        records: Vec<HeardItem>,
    ) -> Result<Vec<ItemVerdict>, IntakeError> {
        let now = self.0.clock.now();
        let mut drafts = Vec::with_capacity(records.len());
        let mut kept = Vec::with_capacity(records.len());
        for HeardItem { sender, id, place, item } in records {
            let sent = item.as_ref().ok().cloned();
            let mut draft = self.draft(source, &Speaker::for_all(&sender), Some(&id), item, now)?;
            self.mark(&mut draft, &id, &place);
            drafts.push(draft);
            kept.push((sender, id, place, sent));
        }
        let verdicts = self.commit(drafts).await?;
        let conflicts = verdicts.iter().zip(kept).filter(|(verdict, _)| **verdict == ItemVerdict::Conflict);
        let mut taken = vec![];
        for (_, (sender, id, place, item)) in conflicts {
            let finding = Finding::new(Code::IdTaken, "", "another answer was accepted under this id");
            let refused = Refused { item, findings: vec![finding] };
            let mut draft = self.refusal(source.name(), &sender, refused, now)?;
            self.mark(&mut draft, &id, &place);
            taken.push(draft);
        }
        self.commit(taken).await?;
        Ok(verdicts)
    }

    /// What became of a recipient's answer: by the id that it gave it, or by its receipt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answered(
        &self,
        source: &'static dyn Source,
        recipient: &Recipient,
        id: &str,
    ) -> Result<LatestAnswer, StoreError> {
        let store = &self.0.store;
        let dedupe = self.dedupe(recipient.as_str(), source.name(), id);
        let taken = match store.message_under(dedupe).await? {
            Some(message) => store.receipt(message).await?,
            None => None,
        };
        let refused = store.refusals_under(dedupe, TOLD).await?;
        if taken.is_some() || !refused.is_empty() {
            return Ok(LatestAnswer { taken, refused });
        }
        let Ok(receipt) = id.parse::<MessageId>() else { return Ok(LatestAnswer { taken, refused }) };
        let own = |from: &str, by: &str| from == source.name() && by == recipient.as_str();
        let taken = store.receipt(receipt).await?.filter(|row| own(&row.source, &row.sender));
        let refused = store.refusal(receipt).await?.filter(|row| own(&row.source, &row.sender));
        Ok(LatestAnswer { taken, refused: refused.into_iter().collect() })
    }

    /// Writes where it stood, and under which id, to what will be stored of it.
    fn mark(&self, draft: &mut Incoming, id: &str, place: &str) {
        let vault = &self.0.vault;
        // With what it says: a topic that was made anew counts from the beginning.
        let place = |dedupe: Mac, body: Mac| {
            let text = [&dedupe.0[..], &body.0, place.as_bytes()].concat();
            Some(vault.mac("read from", &text))
        };
        match draft {
            Incoming::Take(row, _) => row.read_from = place(row.dedupe, row.body),
            Incoming::Refuse(row, _) => {
                let dedupe = self.dedupe(&row.sender, &row.source, id);
                row.dedupe = Some(dedupe);
                row.read_from = place(dedupe, Mac([0; 32]));
            }
        }
    }
}
