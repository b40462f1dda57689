//! What somebody did by hand, as a row: words and opaque ids, no personal value.
//! Written before it is done. Next: `message`.

use schemas::actor::ActorName;
use schemas::key::Mac;
use schemas::time::Instant;

/// One thing that somebody did, or was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRow {
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

impl AuditRow {
    /// What the seal of the row with this number is made of. No word has a line's end in it, so that no two rows read alike.
    #[must_use]
    pub fn sealed(&self, n: u64, before: Option<&Mac>) -> Vec<u8> {
        let Self { at, actor, roles, action, about, why, allowed } = self;
        let (at, before) = (at.timestamp_micros(), before.map(|mac| hex::encode(mac.0)).unwrap_or_default());
        format!("{n}\n{at}\n{actor}\n{roles}\n{action}\n{about}\n{why}\n{allowed}\n{before}").into_bytes()
    }
}

/// An audit row in its place in the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainedRow {
    /// 1, 2, 3 … without a gap.
    pub n: u64,
    pub row: AuditRow,
    pub seal: Mac,
}
