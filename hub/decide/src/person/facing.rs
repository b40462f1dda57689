//! What facts can say to a handover: a few values, which the state table reads.
//!
//! Which of them it is today is `handover`'s to find. Next: [`super::stage`], where a handover stands.

use schemas::handover::HoldReason;
use serde::{Deserialize, Serialize};

use super::stage::Stage;

/// What the facts say to one handover.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facing {
    /// Nothing leads anywhere yet, or no home is known today.
    Unclear,
    /// Granted, and no home here yet.
    Expected,
    /// At home where an agency is competent; no grant is known, but registration proves it. Said of no handover yet.
    Arrived,
    /// Its agency is competent; any, where it has none yet.
    Competent,
    /// Another agency than its own is competent.
    Elsewhere,
    /// The agency that is competent has the file under another handover, or its trajectory has started.
    Served,
    /// They must choose an office first.
    Choosing,
    /// No agency is competent.
    Nowhere,
    /// At home under a code that no table knows.
    Unplaced,
    /// A human must say whether they belong to the target group.
    Doubtful,
    /// Its agency is competent or may become so again, and its legal basis has ended.
    Lapsed,
    /// Another agency is competent, and has no legal basis.
    Barred,
    /// They chose another office than the one that has the file.
    Rival,
    /// They object to being handed over.
    Objecting,
    /// Not, or no longer, in the target group. Said of no handover yet where what they had applied for has ended.
    Out,
    /// They left the country, or died.
    Gone,
    /// The desk had stopped the offer that comes before it. Said of no handover yet.
    Stopped,
    /// What stopped it lasts.
    Unchanged,
    /// A handover that has ended serves them. Said of no handover yet.
    Settled,
}

use Facing::{
    Arrived, Barred, Choosing, Competent, Doubtful, Elsewhere, Expected, Gone, Lapsed, Nowhere, Objecting,
    Out, Rival, Served, Settled, Stopped, Unchanged, Unclear, Unplaced,
};

impl Facing {
    pub const ALL: [Self; 19] = [
        Unclear, Expected, Arrived, Competent, Elsewhere, Served, Choosing, Nowhere, Unplaced, Doubtful,
        Lapsed, Barred, Rival, Objecting, Out, Gone, Stopped, Unchanged, Settled,
    ];

    /// Its name in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Unclear => "unclear",
            Expected => "expected",
            Arrived => "arrived",
            Competent => "competent",
            Elsewhere => "elsewhere",
            Served => "served",
            Choosing => "choosing",
            Nowhere => "nowhere",
            Unplaced => "unplaced",
            Doubtful => "doubtful",
            Lapsed => "lapsed",
            Barred => "barred",
            Rival => "rival",
            Objecting => "objecting",
            Out => "out",
            Gone => "gone",
            Stopped => "stopped",
            Unchanged => "unchanged",
            Settled => "settled",
        }
    }

    /// Whether facts can say this to a handover that stands there.
    #[must_use]
    pub fn is_said_of(self, stage: Stage) -> bool {
        let held =
            matches!(stage, Stage::HeldBefore | Stage::HeldOffer | Stage::HeldRefused | Stage::HeldFile);
        match self {
            Arrived | Settled | Stopped => stage == Stage::Unopened,
            Gone => stage != Stage::Unopened,
            Unchanged => held,
            Lapsed => stage.has_offer() || stage.has_file() || stage == Stage::HeldRefused,
            Elsewhere => {
                stage.has_offer() || stage.has_file() || matches!(stage, Stage::HeldRefused | Stage::Rejected)
            }
            Served | Barred | Rival => !stage.has_file(),
            Unclear | Expected | Competent | Choosing | Nowhere | Unplaced | Doubtful | Objecting | Out => {
                true
            }
        }
    }

    /// Why a handover is held that faces this.
    #[must_use]
    pub fn hold(self) -> Option<HoldReason> {
        match self {
            Unplaced => Some(HoldReason::DataIncomplete),
            Doubtful | Rival | Stopped => Some(HoldReason::Manual),
            Lapsed | Barred => Some(HoldReason::NoBasis),
            Objecting => Some(HoldReason::Restricted),
            _ => None,
        }
    }
}
