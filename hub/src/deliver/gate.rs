//! The gate at send time: an outbox row becomes a record, or a void.
//!
//! A row whose line was closed, whose person is restricted or erased since it was decided goes out
//! with its number and chain but no salt and no value, so numbers stay gapless. An `Ended` passes.
//! A row that is not what its envelope says is damaged. Used by the relay and by the feed alike.

use schemas::envelope::{Envelope, payload_hash};

use super::halt::Halt;
use super::record::LogRecord;
use crate::contract::Schemas;
use crate::contract::avro::frame;
use crate::store::rows::Outgoing;
use crate::vault::{Access, Shut, Vault, Why};

/// Opens, checks and frames one row.
///
/// # Errors
/// [`Halt::Damaged`] where the row does not open or its hashes differ,
/// [`Halt::Contract`] where nobody can read it.
pub fn pass(vault: &Vault, schemas: &Schemas, outgoing: &Outgoing) -> Result<LogRecord, Halt> {
    let row = &outgoing.row;
    let damaged = |what| Halt::Damaged { recipient: row.recipient.clone(), sequence: row.sequence, what };
    let mut envelope: Envelope = serde_json::from_str(&row.envelope).map_err(|_| damaged("its envelope"))?;
    let as_told = envelope.recipient == row.recipient
        && envelope.sequence == row.sequence
        && envelope.key == row.pseudonym
        && envelope.payload_hash == row.payload_hash;
    if !as_told || row.sequence == 0 {
        return Err(damaged("its envelope is another row's"));
    }
    let subject = schemas.of(&row.recipient)?;
    // Without the person's key nothing can be read: not even an `Ended` has a value then.
    let wrapped = outgoing.key.as_deref().filter(|_| outgoing.open || row.always);
    let value = match (wrapped, envelope.salt) {
        (Some(wrapped), Some(salt)) => {
            let body = vault.body(row, Some(wrapped), Access::hub(Why::Deliver)).map_err(|shut| {
                damaged(if shut == Shut::Damaged("outbox.body") { "its body" } else { "its person's key" })
            })?;
            let framed = frame(row.schema_id, &body);
            if payload_hash(&salt, &framed) != envelope.payload_hash {
                return Err(damaged("its payload hash"));
            }
            Some(framed)
        }
        (Some(_) | None, _) => {
            "void".clone_into(&mut envelope.kind);
            envelope.salt = None;
            None
        }
    };
    Ok(LogRecord {
        topic: subject.topic.clone(),
        key: envelope.key.to_string(),
        headers: envelope.headers().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        value,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::avro::tests::delivery;
    use crate::contract::tests::schemas;
    use crate::store::rows::OutboxRow;
    use crate::vault::Place;

    fn outgoing(vault: &Vault, schemas: &Schemas, view: serde_json::Value) -> Outgoing {
        let delivery = delivery(view);
        let encoded = schemas.encode(&delivery, 1, &[0; 32]).unwrap();
        let person = vault.new_person(delivery.person).unwrap();
        let mut outgoing = Outgoing {
            row: OutboxRow {
                position: 1,
                recipient: delivery.recipient,
                sequence: 1,
                person: delivery.person,
                pseudonym: delivery.pseudonym,
                delivery: delivery.id,
                envelope: serde_json::to_string(&encoded.envelope).unwrap(),
                payload_hash: encoded.envelope.payload_hash,
                always: delivery.view.ended().is_some(),
                schema_id: encoded.schema_id,
                body: vec![],
            },
            key: Some(person.wrapped),
            open: true,
            closed_at: None,
        };
        outgoing.row.body = vault.seal(&person.key, Place::body(&outgoing.row), &encoded.body).unwrap();
        outgoing
    }

    #[test]
    fn the_gate_lets_through_what_may_leave_and_voids_the_rest() {
        let (vault, schemas) = (Vault::new([1; 32], &[], [2; 32]).unwrap(), schemas());
        let file = outgoing(&vault, &schemas, json!({"File": {"insz": {"text": "85673012345"}}}));
        let ended = outgoing(&vault, &schemas, json!({"Ended": {"reason": "closed", "successor": null}}));
        let check = |given: &Outgoing, change: fn(&mut Outgoing), kind: &str| {
            let mut given = given.clone();
            change(&mut given);
            let record = pass(&vault, &schemas, &given).unwrap();
            let expect = format!("be.vlaanderen.voortraject.{kind}.v1");
            assert_eq!(record.header("ce_type"), Some(expect.as_str()));
            assert_eq!(record.value.is_none(), kind == "void");
            assert_eq!(record.header("ce_salt").is_none(), kind == "void");
            assert_eq!(record.header("ce_payloadhash"), Some(hex::encode(given.row.payload_hash).as_str()));
            assert_eq!((record.sequence(), record.header("ce_previous")), (Some(1), Some("0")));
        };
        check(&file, |_| (), "file");
        check(&file, |given| given.open = false, "void");
        check(&file, |given| given.key = None, "void");
        check(&ended, |given| given.open = false, "ended");
        check(&ended, |given| given.key = None, "void");
    }

    #[test]
    fn a_row_that_was_changed_is_refused() {
        let (vault, schemas) = (Vault::new([1; 32], &[], [2; 32]).unwrap(), schemas());
        let good = outgoing(&vault, &schemas, json!({"File": {"insz": {"text": "85673012345"}}}));
        let other = outgoing(&vault, &schemas, json!({"File": {}}));
        let check = |change: &dyn Fn(&mut Outgoing), what: &str| {
            let mut given = good.clone();
            change(&mut given);
            let refused = pass(&vault, &schemas, &given).unwrap_err().to_string();
            assert_eq!(refused, format!("outbox row {} of bapa-bxl is damaged: {what}", given.row.sequence));
        };
        check(&|given| given.row.sequence = 2, "its envelope is another row's");
        check(&|given| given.row.payload_hash[0] ^= 1, "its envelope is another row's");
        check(&|given| given.row.envelope.truncate(9), "its envelope");
        check(&|given| given.key.clone_from(&other.key), "its body");
        check(&|given| given.key = Some(vec![0; 60]), "its person's key");
        check(
            &|given| {
                given.key.clone_from(&other.key);
                given.row.body.clone_from(&other.row.body);
            },
            "its payload hash",
        );
    }
}
