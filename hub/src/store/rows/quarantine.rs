//! Messages that were put aside, and what was done about them by hand.
//! A putting-aside is named by its message and the number of its decision; about each, one thing is done. Next: `message`.

use decide::world::Aside;
use schemas::ids::MessageId;
use schemas::time::Instant;

use super::Sealed;

/// A message that was put aside, and that nobody has seen to yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AsideRow {
    pub id: MessageId,
    /// The number of the decision that put it aside.
    pub n: u64,
    pub code: Aside,
    pub at: Instant,
    pub source: String,
    pub sender: String,
    /// When it was received.
    pub received_at: Instant,
}

/// What can be done about a message that was put aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// It is decided again.
    Repeat,
    /// It is closed: nothing follows from it.
    Close,
}

impl Remedy {
    /// Its name in rows and lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeat => "repeat",
            Self::Close => "close",
        }
    }
}

/// Something that was done about messages that were put aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActRow {
    pub id: MessageId,
    pub remedy: Remedy,
    pub actor: String,
    pub at: Instant,
    /// Why, sealed: free words may name a person.
    pub reason: Sealed,
    pub key: Sealed,
}
