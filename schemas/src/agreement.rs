//! What two people must say before it is done: a hash of the order, the same whoever gives it and whyever.
//!
//! Where a national number is involved nobody decides alone who is who. Refuses to know who agreed: the person's own
//! state keeps who was first, and the heart looks whether the second is somebody else.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::MessageId;

/// An order that two people must agree on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Agreement([u8; 32]);

impl Agreement {
    /// That these records are somebody else's.
    #[must_use]
    pub fn split(records: &BTreeSet<MessageId>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"split");
        records.iter().for_each(|id| hash.update(id.bytes()));
        Self(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Seed;

    #[test]
    fn two_agree_on_the_same_order_and_on_no_other() {
        let record = |n| MessageId::derive(&Seed([n; 32]), 0);
        let split = |of: &[u8]| Agreement::split(&of.iter().map(|n| record(*n)).collect());
        assert_eq!(split(&[1, 2]), split(&[2, 1]));
        assert_ne!(split(&[1, 2]), split(&[1]));
    }
}
