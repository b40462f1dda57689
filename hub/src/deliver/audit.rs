//! What a topic must be when it is read back: numbers without a gap, one chain, each value the one it was sent with,
//! and each record the one that the ledger promised.
//!
//! Pure: records and the ledger's hashes come in, a [`Break`] comes out. Refuses to repair. Who reads: `auditor`.

use std::collections::BTreeMap;

use schemas::envelope::{Hash, chain, payload_hash};

use super::record::LogRecord;

/// What is wrong with a topic.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Break {
    /// A record without the headers that every one has.
    #[error("header {0} is missing or cannot be read")]
    Header(&'static str),
    /// A number is missing or came again.
    #[error("expected sequence {expected}, found {found}")]
    Sequence {
        /// What had to come.
        expected: u64,
        found: u64,
    },
    /// The previous number is not the one before.
    #[error("record {0} does not name the one before it")]
    Previous(u64),
    /// The chain value does not follow from the one before.
    #[error("the chain breaks at record {0}")]
    Chain(u64),
    /// The value is not the one whose hash the header holds.
    #[error("the value of record {0} is not the one it was sent with")]
    Payload(u64),
    /// The ledger promised no such record: somebody else wrote it, or the database lost it.
    #[error("the ledger knows no record {0}")]
    Unknown(u64),
    /// The ledger promised another record under this number.
    #[error("record {0} is not the one that the ledger promised")]
    Promised(u64),
}

/// A record that was read and is right in itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Read {
    pub sequence: u64,
    pub hash: Hash,
}

/// How many of the records read, from the first on, are those that the ledger promised; and the first that is not.
#[must_use]
pub fn agree(read: &[Read], promised: &[(u64, Hash)]) -> (usize, Option<Break>) {
    let promised: BTreeMap<u64, Hash> = promised.iter().copied().collect();
    for (n, Read { sequence, hash }) in read.iter().enumerate() {
        match promised.get(sequence) {
            Some(known) if known == hash => {}
            Some(_) => return (n, Some(Break::Promised(*sequence))),
            None => return (n, Some(Break::Unknown(*sequence))),
        }
    }
    (read.len(), None)
}

/// One topic as far as it was read.
#[derive(Clone, Debug)]
pub struct Audit {
    sequence: u64,
    chain: Option<Hash>,
    /// Whether the first record may come later than was expected.
    cut: bool,
}

impl Audit {
    /// A topic of which everything up to `closed` was closed before; older records may be gone. Where it is `cut`, later
    /// ones may be gone as well: nobody read them back in time.
    #[must_use]
    pub fn after(closed: u64, cut: bool) -> Self {
        Self { sequence: closed, chain: (closed == 0 && !cut).then_some([0; 32]), cut }
    }

    /// The last sequence found right.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Checks the next record.
    ///
    /// # Errors
    /// The [`Break`].
    pub fn check(&mut self, record: &LogRecord) -> Result<Read, Break> {
        let found = record.sequence().ok_or(Break::Header("ce_sequence"))?;
        let payload = hash(record, "ce_payloadhash")?;
        let value = hash(record, "ce_chain")?;
        // The first record read has nothing before it to follow from, unless it is the very first.
        let first = self.chain.is_none();
        let expected = self.sequence + 1;
        let elsewhere = first && 0 < found && (self.cut || found < expected);
        if found != expected && !elsewhere {
            return Err(Break::Sequence { expected, found });
        }
        if record.header("ce_previous").and_then(|text| text.parse().ok()) != Some(found - 1) {
            return Err(Break::Previous(found));
        }
        let previous = if found == 1 { Some([0; 32]) } else { self.chain };
        if previous.is_some_and(|previous| chain(&previous, &payload) != value) {
            return Err(Break::Chain(found));
        }
        let void = record.header("ce_type") == Some("be.vlaanderen.voortraject.void.v1");
        let right = match &record.value {
            Some(bytes) if !void => payload_hash(&hash(record, "ce_salt")?, bytes) == payload,
            Some(_) => false,
            None => void,
        };
        if !right {
            return Err(Break::Payload(found));
        }
        (self.sequence, self.chain) = (found, Some(value));
        Ok(Read { sequence: found, hash: payload })
    }
}

fn hash(record: &LogRecord, name: &'static str) -> Result<Hash, Break> {
    let bytes = record.header(name).and_then(|text| hex::decode(text).ok());
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(Break::Header(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three records of a topic: a file, a void, a file.
    fn topic() -> Vec<LogRecord> {
        let mut previous = [0; 32];
        (1..=3u64)
            .map(|sequence| {
                let (salt, value) = ([u8::try_from(sequence).unwrap(); 32], sequence.to_be_bytes().to_vec());
                let payload = payload_hash(&salt, &value);
                previous = chain(&previous, &payload);
                let kind = if sequence == 2 { "void" } else { "file" };
                let headers = [
                    ("ce_type", format!("be.vlaanderen.voortraject.{kind}.v1")),
                    ("ce_sequence", sequence.to_string()),
                    ("ce_previous", (sequence - 1).to_string()),
                    ("ce_payloadhash", hex::encode(payload)),
                    ("ce_chain", hex::encode(previous)),
                    ("ce_salt", hex::encode(salt)),
                ];
                LogRecord {
                    topic: "voortraject.bon.v1".to_owned(),
                    key: "k".to_owned(),
                    headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
                    value: (sequence != 2).then_some(value),
                }
            })
            .collect()
    }

    fn read(closed: u64, topic: &[LogRecord]) -> Result<u64, Break> {
        read_of(false, closed, topic)
    }

    fn read_of(cut: bool, closed: u64, topic: &[LogRecord]) -> Result<u64, Break> {
        let mut audit = Audit::after(closed, cut);
        topic.iter().try_for_each(|record| audit.check(record).map(drop))?;
        Ok(audit.sequence())
    }

    #[test]
    fn a_whole_topic_is_right_and_so_is_what_retention_left_of_it() {
        let topic = topic();
        assert_eq!(read(0, &topic), Ok(3));
        assert_eq!(read(2, &topic), Ok(3));
        assert_eq!(read(1, &topic[1..]), Ok(3));
        assert_eq!(read(2, &topic[1..]), Ok(3));
        assert_eq!(read(3, &[]), Ok(3));
    }

    #[test]
    fn a_topic_that_was_cut_may_begin_anywhere_and_goes_on_without_a_gap() {
        let topic = topic();
        for (closed, from) in [(0, 0), (0, 1), (0, 2), (1, 2), (2, 0)] {
            assert_eq!(read_of(true, closed, &topic[from..]), Ok(3), "{closed} {from}");
        }
        let holed = [topic[0].clone(), topic[2].clone()];
        assert_eq!(read_of(true, 0, &holed), Err(Break::Sequence { expected: 2, found: 3 }));
        let mut first = topic;
        first[0].headers.retain(|(name, _)| name != "ce_sequence");
        first[0].headers.push(("ce_sequence".to_owned(), "0".to_owned()));
        assert_eq!(read_of(true, 0, &first), Err(Break::Sequence { expected: 1, found: 0 }));
    }

    #[test]
    fn every_change_is_found() {
        let check = |closed: u64, change: &dyn Fn(&mut Vec<LogRecord>), expect: Break| {
            let mut topic = topic();
            change(&mut topic);
            assert_eq!(read(closed, &topic), Err(expect));
        };
        let set = |record: &mut LogRecord, name: &str, value: &str| {
            let header = record.headers.iter_mut().find(|(header, _)| header == name).unwrap();
            value.clone_into(&mut header.1);
        };
        check(0, &|topic| drop(topic.remove(1)), Break::Sequence { expected: 2, found: 3 });
        check(0, &|topic| drop(topic.remove(0)), Break::Sequence { expected: 1, found: 2 });
        check(1, &|topic| drop(topic.drain(..2)), Break::Sequence { expected: 2, found: 3 });
        check(0, &|topic| topic.insert(1, topic[0].clone()), Break::Sequence { expected: 2, found: 1 });
        check(0, &|topic| topic.swap(0, 1), Break::Sequence { expected: 1, found: 2 });
        check(0, &|topic| topic[0].value = Some(vec![1]), Break::Payload(1));
        check(0, &|topic| topic[0].value = None, Break::Payload(1));
        check(0, &|topic| topic[1].value = Some(vec![1]), Break::Payload(2));
        check(0, &|topic| topic[2].headers.truncate(5), Break::Header("ce_salt"));
        check(0, &|topic| set(&mut topic[1], "ce_previous", "0"), Break::Previous(2));
        check(0, &|topic| set(&mut topic[1], "ce_sequence", "x"), Break::Header("ce_sequence"));
        check(0, &|topic| set(&mut topic[1], "ce_payloadhash", &"00".repeat(32)), Break::Chain(2));
        check(0, &|topic| set(&mut topic[0], "ce_chain", &"00".repeat(32)), Break::Chain(1));
    }

    #[test]
    fn the_ledger_has_the_last_word() {
        let read = |numbers: &[(u64, u8)]| -> Vec<Read> {
            numbers.iter().map(|&(sequence, hash)| Read { sequence, hash: [hash; 32] }).collect()
        };
        let check = |topic: &[(u64, u8)], ledger: &[(u64, u8)], expect: (usize, Option<Break>)| {
            let ledger: Vec<_> = ledger.iter().map(|&(sequence, hash)| (sequence, [hash; 32])).collect();
            assert_eq!(agree(&read(topic), &ledger), expect, "{topic:?} {ledger:?}");
        };
        check(&[], &[(1, 1)], (0, None));
        check(&[(4, 1), (5, 2)], &[(4, 1), (5, 2), (6, 3)], (2, None));
        check(&[(4, 1), (5, 2)], &[(4, 1), (5, 9)], (1, Some(Break::Promised(5))));
        check(&[(4, 1), (5, 2)], &[(4, 1)], (1, Some(Break::Unknown(5))));
    }
}
