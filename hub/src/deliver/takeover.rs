//! The take-over: the only place where the relay reads what is true.
//!
//! After fencing, the log says how far it is and the ledger says how far it should be. Where a
//! topic is beyond the position a commit was torn: what stands there counts as sent. Where log and
//! ledger contradict each other one of them lost data: refuses to guess and halts. Source: docs/exactly-once.md#the-take-over.

use std::collections::{BTreeMap, BTreeSet};

use schemas::recipient::Recipient;

use super::DeliverError;
use super::health::Health;
use super::log::{Ends, Log, Outbox, Position};

/// Where the relay goes on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Standing {
    /// The last position sent.
    pub(super) position: Position,
    /// Up to which sequence each topic holds records already.
    pub(super) floors: BTreeMap<Recipient, u64>,
}

/// Fences, reads the log back and compares it with the ledger.
pub(super) async fn take_over<O: Outbox, L: Log>(
    outbox: &O,
    log: &mut L,
    recipients: &[Recipient],
    health: &Health,
) -> Result<Standing, DeliverError> {
    let ends = log.take_over(recipients).await?;
    let ledger = outbox.ledger_ends().await?;
    let (standing, torn) = compare(ends, &ledger, recipients)?;
    let at = standing.position.position;
    if at > 0 {
        // The row may be gone after its retention; where it is there it must be the one that was sent.
        let row = outbox.outgoing(at - 1, 1).await?.into_iter().find(|outgoing| outgoing.row.position == at);
        if row.is_some_and(|outgoing| hex::encode(outgoing.row.payload_hash) != standing.position.hash) {
            return Err(DeliverError::DatabaseDiverged(at));
        }
    }
    if torn > 0 {
        health.counts.torn.inc_by(torn as u64);
        tracing::error!(topics = torn, "a commit was torn: records beyond the position count as sent");
    }
    Ok(standing)
}

/// The pure part: what the log's ends and the ledger's ends together mean, and how many topics hold
/// records beyond the position.
fn compare(
    ends: Ends,
    ledger: &[(Recipient, u64, u64)],
    recipients: &[Recipient],
) -> Result<(Standing, usize), DeliverError> {
    let Ends { position, tails } = ends;
    let (mut floors, mut torn) = (BTreeMap::new(), 0);
    let known: BTreeSet<&Recipient> = recipients.iter().chain(tails.keys()).collect();
    for recipient in known {
        let sent = position.topics.get(recipient).copied().unwrap_or(0);
        let log = tails.get(recipient).copied().unwrap_or(0).max(sent);
        torn += usize::from(log > sent);
        let row = ledger.iter().find(|(name, ..)| name == recipient);
        let (last, closed) = row.map_or((0, 0), |(_, last, closed)| (*last, *closed));
        let recipient = recipient.clone();
        if log > last {
            return Err(DeliverError::DatabaseRegressed { recipient, log, store: last });
        }
        if closed > log {
            return Err(DeliverError::KafkaRegressed { recipient, log, store: closed });
        }
        floors.insert(recipient, log);
    }
    Ok((Standing { position, floors }, torn))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_and_ledger_are_compared() {
        let bon = Recipient::parse("bon").unwrap();
        // (sent by the position, tail on the topic, last and closed in the ledger) → floor and torn topics
        let check =
            |sent: u64, tail: Option<u64>, ledger: Option<(u64, u64)>, expect: Result<(u64, usize), &str>| {
                let position =
                    Position { position: sent, topics: [(bon.clone(), sent)].into(), hash: String::new() };
                let ends =
                    Ends { position, tails: tail.map(|tail| (bon.clone(), tail)).into_iter().collect() };
                let ledger: Vec<_> =
                    ledger.map(|(last, closed)| (bon.clone(), last, closed)).into_iter().collect();
                let found = compare(ends, &ledger, std::slice::from_ref(&bon))
                    .map(|(standing, torn)| (standing.floors[&bon], torn))
                    .map_err(|error| error.to_string());
                assert_eq!(found, expect.map_err(str::to_owned), "{sent} {tail:?} {ledger:?}");
            };
        check(0, None, None, Ok((0, 0)));
        check(0, None, Some((9, 0)), Ok((0, 0)));
        check(5, Some(5), Some((9, 5)), Ok((5, 0)));
        check(5, None, Some((9, 5)), Ok((5, 0)));
        check(5, Some(7), Some((9, 5)), Ok((7, 1)));
        let database = "database regressed: bon was sent up to 7, the ledger ends at 6";
        check(5, Some(7), Some((6, 5)), Err(database));
        check(7, None, Some((6, 6)), Err(database));
        check(1, Some(1), None, Err("database regressed: bon was sent up to 1, the ledger ends at 0"));
        let kafka = "Kafka regressed: bon was read back up to 6, the log ends at 5";
        check(5, Some(5), Some((9, 6)), Err(kafka));
        check(0, None, Some((9, 1)), Err("Kafka regressed: bon was read back up to 1, the log ends at 0"));
    }
}
