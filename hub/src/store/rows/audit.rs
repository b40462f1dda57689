//! What somebody did by hand, as a row: words and opaque ids, no personal value.
//! Written before it is done. Next: `message`.

use schemas::actor::ActorName;
use schemas::ids::MessageId;
use schemas::time::Instant;

/// One thing that somebody did, or was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRow {
    /// Its id, ordered by time.
    pub id: MessageId,
    pub at: Instant,
    pub actor: ActorName,
    /// The roles they had then, with blanks.
    pub roles: String,
    pub action: String,
    pub about: String,
    /// Why: a word of a closed list.
    pub why: String,
    /// Whether they were let.
    pub allowed: bool,
}
