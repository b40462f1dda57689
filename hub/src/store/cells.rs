//! Between rows and cells: numbers, times, words and ids as the two engines keep them.
//!
//! Writing never fails; reading fails with the name of the table, never with the value. Next:
//! [`super::rows`].

use schemas::time::{Day, Instant, from_micros, to_micros};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::rows::Outcome;

/// A number as stored. None of ours comes near the end of `bigint`; a caller's `after` may, and means "the end".
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A time as stored.
pub(super) fn time(at: Instant) -> i64 {
    to_micros(at)
}

/// A day as stored.
pub(super) fn day(day: Day) -> String {
    day.to_string()
}

/// A word of a closed list as stored: its name in JSON.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("a word is a string, not {other:?}"),
    }
}

/// A value of ours as JSON.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value)
        .unwrap_or_else(|error| unreachable!("a value of ours has a form in JSON: {error}"))
}

/// An outcome as stored.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Decided => "decided",
        Outcome::Waiting => "waiting",
        Outcome::Refused => "refused",
        Outcome::Quarantined => "quarantined",
        Outcome::Closed => "closed",
    }
}

/// Reads the cells of one table.
#[derive(Clone, Copy)]
pub(super) struct CellReader(pub(super) &'static str);

impl CellReader {
    /// What is there, or the row is damaged.
    pub(super) fn some<T>(self, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or(StoreError::Damaged(self.0))
    }

    /// An id or a hash of fixed length.
    pub(super) fn fixed<const N: usize>(self, bytes: Vec<u8>) -> Result<[u8; N], StoreError> {
        bytes.try_into().map_err(|_| StoreError::Damaged(self.0))
    }

    /// An id, made by its type's `from_bytes`.
    pub(super) fn id<T>(self, make: fn([u8; 16]) -> T, bytes: Vec<u8>) -> Result<T, StoreError> {
        self.fixed(bytes).map(make)
    }

    /// An id that may be empty.
    pub(super) fn id_or<T>(
        self,
        make: fn([u8; 16]) -> T,
        bytes: Option<Vec<u8>>,
    ) -> Result<Option<T>, StoreError> {
        bytes.map(|bytes| self.id(make, bytes)).transpose()
    }

    pub(super) fn number<T: TryFrom<i64>>(self, number: i64) -> Result<T, StoreError> {
        self.some(T::try_from(number).ok())
    }

    pub(super) fn time(self, micros: i64) -> Result<Instant, StoreError> {
        self.some(from_micros(micros))
    }

    /// A word of a closed list, or anything else that is a string in JSON.
    pub(super) fn word<T: DeserializeOwned>(self, word: String) -> Result<T, StoreError> {
        self.some(serde_json::from_value(serde_json::Value::String(word)).ok())
    }

    /// A value kept as JSON.
    pub(super) fn json<T: DeserializeOwned>(self, text: &str) -> Result<T, StoreError> {
        self.some(serde_json::from_str(text).ok())
    }

    pub(super) fn outcome(self, word: &str) -> Result<Outcome, StoreError> {
        self.some(Outcome::ALL.into_iter().find(|known| outcome(*known) == word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let reader = CellReader("inbox");
        for known in Outcome::ALL {
            assert_eq!(reader.outcome(outcome(known)).unwrap(), known);
        }
        for aside in decide::world::Aside::ALL {
            assert_eq!(word(&aside), aside.code());
        }
        let kind = decide::person::TaskKind::GivePerson;
        assert_eq!(word(&kind), "give_person");
        assert_eq!(reader.word::<decide::person::TaskKind>(word(&kind)).unwrap(), kind);
        assert_eq!(int(u64::MAX), i64::MAX);
    }

    #[test]
    fn a_damaged_cell_tells_its_table_only() {
        let reader = CellReader("person");
        let told = |error: StoreError| error.to_string();
        assert_eq!(told(reader.fixed::<16>(vec![1]).unwrap_err()), "a row of table person cannot be read");
        assert!(reader.number::<u64>(-1).is_err());
        assert!(reader.outcome("else").is_err());
        assert!(reader.time(i64::MAX).is_err());
    }
}
