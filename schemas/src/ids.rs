//! Ids: opaque 128-bit values, one type per thing. An id never carries a personal value.
//!
//! Message ids are ordered by time and made at intake; every other id is *derived* from the sealed
//! seed of the message that caused it, so that deciding again gives the same ids (invariant I2).
//! Next: [`crate::time`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The secret randomness of one message, sealed with it in the inbox: 32 bytes.
///
/// All ids, pseudonyms and salts a message gives rise to come from here, each with its own label,
/// so none can be guessed from another and all are the same when the message is decided again.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// 32 bytes for one labelled use; `n` tells several uses with one label apart.
    #[must_use]
    pub fn derive(&self, label: &str, n: u32) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(n.to_be_bytes());
        hash.update(label.as_bytes());
        hash.finalize().into()
    }

    fn uuid(&self, label: &str, n: u32) -> Uuid {
        let bytes = self.derive(label, n);
        let mut head = [0; 16];
        head.copy_from_slice(&bytes[..16]);
        uuid::Builder::from_custom_bytes(head).into_uuid()
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $label:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The `n`th id of this kind that the message with this seed gives rise to.
            #[must_use]
            pub fn derive(seed: &Seed, n: u32) -> Self {
                Self(seed.uuid($label, n))
            }

            /// The 16 bytes as stored.
            #[must_use]
            pub fn bytes(&self) -> [u8; 16] {
                *self.0.as_bytes()
            }

            /// Back from the 16 bytes as stored.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.simple().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A message in the inbox, and the record it became: ordered by the time it was received.
    MessageId,
    "message"
);
id!(
    /// A person as the hub knows them. Never reused; an absorbed id redirects for ever.
    PersonId,
    "person"
);
id!(
    /// The passing of responsibility for one person to one recipient. Named in what the recipient
    /// reads and in its answers.
    HandoverId,
    "handover"
);
id!(
    /// One handover under one contract, from its first record to its `Ended`.
    StreamId,
    "stream"
);
id!(
    /// The only name a recipient has for a person, different for every recipient (invariant I12).
    Pseudonym,
    "pseudonym"
);
id!(
    /// A request the hub makes of the outside.
    TaskId,
    "task"
);
id!(
    /// A link that a human must decide.
    ReviewId,
    "review"
);
id!(
    /// One record on a topic: its CloudEvents id.
    DeliveryId,
    "delivery"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_are_stable_and_told_apart_by_label_and_number() {
        let seed = Seed([7; 32]);
        assert_eq!(PersonId::derive(&seed, 0), PersonId::derive(&seed, 0));
        assert_ne!(PersonId::derive(&seed, 0), PersonId::derive(&seed, 1));
        assert_ne!(PersonId::derive(&seed, 0).0, Pseudonym::derive(&seed, 0).0);
        let id = PersonId::derive(&seed, 3);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(PersonId::from_bytes(id.bytes()), id);
    }

    #[test]
    fn a_seed_never_prints_itself() {
        assert_eq!(format!("{:?}", Seed([9; 32])), "Seed(..)");
    }
}
