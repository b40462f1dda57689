//! The take-over of one topic: the only place where the relay reads what is true.
//!
//! After fencing, the log says how far it is and the ledger says how far it should be. Where the topic is beyond its
//! position a commit was torn: what stands there counts as sent. Where log and ledger contradict each other one of them
//! lost data: refuses to guess and halts the topic, until somebody orders where it goes on. Source: docs/exactly-once.md#the-take-over.

use schemas::envelope::Hash;
use schemas::recipient::Recipient;

use super::DeliverError;
use super::halt::Halt;
use super::health::Health;
use super::log::{Making, Outbox, Writer};
use super::record::{Ends, Position, TopicState};
use crate::store::rows::LedgerEnd;

/// Where the relay goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Resumption {
    /// The last sequence that the topic holds or held.
    pub(super) sequence: u64,
    /// Its payload hash; none where nothing was sent yet.
    pub(super) hash: Option<Hash>,
    /// The position as it was written last.
    pub(super) position: Option<Position>,
    /// Whether the topic holds records beyond its position.
    torn: bool,
}

/// Fences, reads the log back and compares it with the ledger.
pub(super) async fn take_over<O: Outbox>(
    outbox: &O,
    writer: &mut impl Writer,
    to: &Recipient,
    health: &Health,
) -> Result<Resumption, DeliverError> {
    let ordered = outbox.restart(to).await?;
    // A topic of which something was read back is never made anew by the hub itself.
    let making = match (ordered, outbox.ledger_end(to).await?.read_back) {
        (Some(_), _) => Making::Anew,
        (None, 0) => Making::Unsent,
        (None, _) => Making::Never,
    };
    let mut ends = writer.take_over(making).await?;
    if let Some(base) = ordered {
        let promised = outbox.promised(to, base, base).await?;
        let position = begin(&ends, base, promised.first().map(|(_, hash)| *hash))?;
        writer.begin(position).await?;
        // Only now: an order that is taken twice begins at the same place, because nothing was sent in between.
        outbox.restarted(to, base).await?;
        tracing::warn!(topic = %to.topic(), base, "the topic goes on after a number, as was ordered");
        ends.position = Some(position);
    }
    ends.position = ends.position.filter(|position| position.sequence > 0);
    // Read once nobody else sends any more: before, whoever had the lease may still have sent rows that were new.
    let standing = compare(&ends, outbox.ledger_end(to).await?)?;
    if let Some(hash) = standing.hash {
        let promised = outbox.promised(to, standing.sequence, standing.sequence).await?;
        if promised != [(standing.sequence, hash)] {
            return Err(Halt::DatabaseDiverged(standing.sequence).into());
        }
    }
    if standing.torn {
        health.counts.torn.inc();
        tracing::error!(topic = %to.topic(), "a commit was torn: records beyond the position count as sent");
    }
    Ok(standing)
}

/// The pure part: what the topic's ends and the ledger's end together mean. What a feed proved is sent to the topic all the
/// same: a topic has every number, whichever transport its recipient read before.
fn compare(ends: &Ends, ledger: LedgerEnd) -> Result<Resumption, Halt> {
    let Ends { position, state, tail } = ends;
    judge(state, position.as_ref())?;
    let sent = position.as_ref().map_or(0, |position| position.sequence);
    if let Some(position) = position {
        // Retention takes records from the front, and a commit adds them behind: the record at the position, where it is
        // not past its retention, is the last one or has others behind it.
        let (low, end) = state.ends.unwrap_or_default();
        let there = tail.as_ref().map_or(low > position.offset, |tail| tail.sequence >= sent);
        if !there {
            let Position { sequence, offset, .. } = *position;
            return Err(Halt::Remade { sequence, offset, end });
        }
    }
    let log = tail.as_ref().map_or(sent, |tail| tail.sequence.max(sent));
    if log > ledger.last {
        return Err(Halt::DatabaseRegressed { log, store: ledger.last });
    }
    if ledger.read_back > log {
        return Err(Halt::KafkaRegressed { log, store: ledger.read_back });
    }
    let hash = tail.as_ref().map(|tail| tail.hash).or(position.as_ref().map(|position| position.hash));
    Ok(Resumption { sequence: log, hash, position: *position, torn: log > sent })
}

/// Where a topic begins that is ordered to go on after a number: it has to end with the record of that number, or be empty.
fn begin(ends: &Ends, base: u64, promised: Option<Hash>) -> Result<Position, Halt> {
    judge(&ends.state, None)?;
    let hash = if base == 0 { [0; 32] } else { promised.ok_or(Halt::DatabaseDiverged(base))? };
    match &ends.tail {
        Some(tail) if tail.sequence != base => return Err(Halt::Occupied { base, tail: tail.sequence }),
        Some(tail) if tail.hash != hash => return Err(Halt::DatabaseDiverged(base)),
        Some(_) | None => {}
    }
    let (_, end) = ends.state.ends.ok_or_else(|| Halt::Stuck("its ends are not told".to_owned()))?;
    Ok(Position { sequence: base, hash, offset: end - 1 })
}

/// Whether a topic, as it is now, can take records in order; `sent` is the last position that was written to it.
///
/// # Errors
/// What stops it.
pub(super) fn judge(state: &TopicState, sent: Option<&Position>) -> Result<(), Halt> {
    if let Some(why) = &state.refused {
        return Err(Halt::Refused(why.clone()));
    }
    match (state.partitions, sent) {
        (Some(1), _) => {}
        // Nothing was sent yet: the relay makes it.
        (None, None) => return Ok(()),
        (None, Some(sent)) => return Err(Halt::Gone(sent.sequence)),
        (Some(partitions), _) => return Err(Halt::Partitions(partitions)),
    }
    if let Some(policy) = state.policy.as_ref().filter(|policy| policy.contains("compact")) {
        return Err(Halt::Compacted(policy.clone()));
    }
    if let (Some((_, end)), Some(sent)) = (state.ends, sent)
        && end <= sent.offset
    {
        return Err(Halt::Remade { sequence: sent.sequence, offset: sent.offset, end });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::record::Tail;

    #[test]
    fn a_topic_is_judged_by_its_shape_and_its_end() {
        let check = |spoil: &dyn Fn(&mut TopicState), sent: Option<i64>, expect: Option<&str>| {
            let mut state = TopicState::new("voortraject.bon.v1".to_owned());
            state.partitions = Some(1);
            state.policy = Some("delete".to_owned());
            state.ends = Some((0, 10));
            spoil(&mut state);
            let sent = sent.map(|offset| Position { sequence: 7, offset, hash: [0; 32] });
            let found = judge(&state, sent.as_ref()).err().map(|halt| halt.to_string());
            assert_eq!(found.as_deref(), expect, "{state:?}");
        };
        check(&|_| (), None, None);
        check(&|_| (), Some(9), None);
        // What retention deleted is no loss: the end stays where it was.
        check(&|state| state.ends = Some((10, 10)), Some(9), None);
        check(&|state| state.partitions = None, None, None);
        check(
            &|state| state.partitions = None,
            Some(9),
            Some("the topic is not there any more; record 7 was sent to it"),
        );
        check(&|state| state.partitions = Some(3), None, Some("the topic has 3 partitions, not 1"));
        check(
            &|state| state.policy = Some("compact,delete".to_owned()),
            None,
            Some("the topic has the cleanup.policy compact,delete: only delete keeps every record"),
        );
        check(
            &|state| state.refused = Some("no right".to_owned()),
            None,
            Some("the broker refuses the hub's user: no right"),
        );
        let remade = "the topic was made anew or cut: it ends at offset 9, and record 7 was sent to 9";
        check(&|state| state.ends = Some((0, 9)), Some(9), Some(remade));
        let remade = "the topic was made anew or cut: it ends at offset 0, and record 7 was sent to 9";
        check(&|state| state.ends = Some((0, 0)), Some(9), Some(remade));
    }

    #[test]
    fn a_topic_that_is_ordered_to_go_on_is_empty_or_ends_there() {
        let check = |tail: Option<(u64, u8)>, end: i64, base: u64, expect: Result<i64, &str>| {
            let mut state = TopicState::new("voortraject.bon.v1".to_owned());
            (state.partitions, state.ends) = (Some(1), Some((0, end)));
            let tail = tail.map(|(sequence, hash)| Tail { sequence, hash: [hash; 32] });
            let ends = Ends { position: None, state, tail };
            let found = begin(&ends, base, (base > 0 && base < 9).then_some([7; 32]));
            let hash = if base == 0 { [0; 32] } else { [7; 32] };
            let expect = expect.map(|offset| Position { sequence: base, hash, offset });
            assert_eq!(found.map_err(|halt| halt.to_string()), expect.map_err(str::to_owned), "{ends:?}");
        };
        check(None, 0, 0, Ok(-1));
        check(None, 0, 5, Ok(-1));
        check(None, 40, 5, Ok(39));
        check(Some((5, 7)), 12, 5, Ok(11));
        let occupied =
            "it is ordered to go on after record 5, but the topic ends with record 4: remove it, or order 4";
        check(Some((4, 7)), 12, 5, Err(occupied));
        let other = "the database regressed: its record 5 is not the one that was sent";
        check(Some((5, 8)), 12, 5, Err(other));
        check(None, 0, 9, Err("the database regressed: its record 9 is not the one that was sent"));
        let mut many = TopicState::new("voortraject.bon.v1".to_owned());
        many.partitions = Some(3);
        let ends = Ends { position: None, state: many, tail: None };
        assert!(matches!(begin(&ends, 0, None), Err(Halt::Partitions(3))));
    }

    #[test]
    fn log_and_ledger_are_compared() {
        let hash = |sequence: u64| [u8::try_from(sequence).unwrap(); 32];
        let topic = |low: i64, end: i64| {
            let mut state = TopicState::new("voortraject.bon.v1".to_owned());
            (state.partitions, state.ends) = (Some(1), Some((low, end)));
            state
        };
        // Sequence n stands at offset n + 9. (sent by the position, tail on the topic and its first offset, last and
        // read back in the ledger) → the last sequence that counts as sent, and whether a commit was torn.
        let check = |sent: u64,
                     tail: Option<u64>,
                     (low, end),
                     (last, read_back),
                     expect: Result<(u64, bool), &str>| {
            let offset = |sequence: u64| i64::try_from(sequence + 9).unwrap();
            let position =
                (sent > 0).then(|| Position { sequence: sent, hash: hash(sent), offset: offset(sent) });
            let tail = tail.map(|sequence| Tail { sequence, hash: hash(sequence) });
            let ends = Ends { position, state: topic(low, end), tail };
            // A feed proved all of it, which means nothing here.
            let found = compare(&ends, LedgerEnd { last, closed: last, read_back });
            if let Ok(standing) = &found {
                assert_eq!(standing.hash, (standing.sequence > 0).then(|| hash(standing.sequence)));
            }
            let found =
                found.map(|standing| (standing.sequence, standing.torn)).map_err(|halt| halt.to_string());
            assert_eq!(found, expect.map_err(str::to_owned), "{sent} {:?} {last} {read_back}", ends.tail);
        };
        check(0, None, (0, 0), (0, 0), Ok((0, false)));
        check(0, None, (0, 0), (9, 0), Ok((0, false)));
        check(5, Some(5), (0, 16), (9, 5), Ok((5, false)));
        // Retention left nothing, or only what comes behind the position.
        check(5, None, (16, 16), (9, 5), Ok((5, false)));
        check(5, None, (16, 16), (9, 3), Ok((5, false)));
        check(5, Some(7), (16, 18), (9, 5), Ok((7, true)));
        check(5, Some(7), (0, 18), (9, 5), Ok((7, true)));
        let database = "the database regressed: record 7 was sent, the ledger ends at 6";
        check(5, Some(7), (0, 18), (6, 5), Err(database));
        check(7, None, (18, 18), (6, 6), Err(database));
        check(
            1,
            Some(1),
            (0, 12),
            (0, 0),
            Err("the database regressed: record 1 was sent, the ledger ends at 0"),
        );
        check(5, Some(5), (0, 16), (9, 6), Err("Kafka regressed: record 6 was read back, the log ends at 5"));
        check(0, None, (0, 0), (9, 1), Err("Kafka regressed: record 1 was read back, the log ends at 0"));
        // Made anew: empty, with less than there was, or with another's records up to there.
        let remade = |end: i64| {
            format!("the topic was made anew or cut: it ends at offset {end}, and record 5 was sent to 14")
        };
        check(5, None, (0, 0), (9, 5), Err(&remade(0)));
        check(5, Some(3), (0, 13), (9, 5), Err(&remade(13)));
        check(5, Some(3), (0, 20), (9, 5), Err(&remade(20)));
        check(5, None, (0, 20), (9, 5), Err(&remade(20)));
    }
}
