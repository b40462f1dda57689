//! The columns of the state table: what a row is made of, and what each of its words does.
//!
//! Next: [`super::table`], the rows themselves. Refuses to know any row.

use schemas::handover::{AnswerName, OrderName, Owner, State};

use crate::person::facing::Facing;
use crate::person::stage::Stage;

/// One row of the state table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its number in docs/handovers.md: a name for people, on which nothing hangs.
    pub id: &'static str,
    /// What fires it: any of these.
    pub on: &'static [Trigger],
    pub to: To,
    /// Who must move next.
    pub owner: Acts,
    /// What it does beside that.
    pub also: &'static [Also],
}

impl Row {
    #[must_use]
    pub fn does(&self, also: Also) -> bool {
        self.also.contains(&also)
    }
}

/// What a row does beside leading somewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Also {
    /// It is held for what the agency's code says.
    HoldByCode,
    /// The home that decides is the one of today.
    FollowHome,
    /// What was sent goes out once more as it is.
    IssueAgain,
    /// Whichever agency had the file is relieved.
    RelieveFormer,
    /// The day of the purge is kept.
    KeepPurge,
    /// Its agency goes on by itself.
    Done,
}

impl Also {
    pub const ALL: [Self; 6] = [
        Self::HoldByCode,
        Self::FollowHome,
        Self::IssueAgain,
        Self::RelieveFormer,
        Self::KeepPurge,
        Self::Done,
    ];

    /// Its name in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HoldByCode => "hold by code",
            Self::FollowHome => "follow the home",
            Self::IssueAgain => "issue again",
            Self::RelieveFormer => "relieve the former agency",
            Self::KeepPurge => "keep the purge",
            Self::Done => "done",
        }
    }
}

/// What fires a row: this, to a handover that stands there.
#[derive(Clone, Copy, Debug)]
pub struct Trigger {
    pub from: &'static [Stage],
    pub cause: Cause,
}

/// What moves a handover.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// Today's facts say one of these to it.
    Facts(&'static [Facing], When),
    Answer(AnswerName),
    /// The agency says that it has an active file already: a no with that code.
    AlreadyKnown,
    /// What the agency stored is not what was sent.
    Differs,
    /// The day after its deadline has come.
    Deadline,
    /// Somebody of the desk orders it.
    Order(OrderName),
    /// The next agency has said yes.
    Successor,
    /// Two persons were merged, and another handover goes on.
    Merge,
    /// Two persons were merged, and its agency has the file of the other one.
    TakenOver,
    /// A split: its agency was told of both as if they were one.
    Exposed,
    /// The same, and the agency has answered meanwhile.
    ExposedAnswered,
    /// A split: it was opened for both, or ended for both, and its agency was told nothing of them.
    Split,
    /// A split: its agency answered while both were one, and was told nothing of both.
    Unbound,
    /// The permit of somebody who comes with them has come to an end.
    Household,
}

/// What must be so beside the facts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum When {
    Always,
    /// Another handover's agency has the file.
    FileHeld,
    /// No other agency has the file.
    NoFile,
    /// They live elsewhere than when it was last looked at.
    Moved,
    NotMoved,
}

/// Where a row leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum To {
    State(State),
    /// It stays where it is.
    Stay,
    /// Where it was before it was held.
    Back,
}

/// Who must move next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acts {
    Is(Owner),
    /// By the reason why it is held.
    Holder,
    /// Who had to before: of a state that goes on, or that it comes back to.
    AsBefore,
    /// The coordinator; the data protection officer where data must come back or an objection stands.
    Late,
}

/// Where nothing is to be done: facts that say these to a handover that stands there leave it.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    pub from: &'static [Stage],
    pub facing: &'static [Facing],
    pub when: When,
    /// Why, in a sentence.
    pub because: &'static str,
}

/// What is true of a handover's person beside its facing: the bits that [`When`] asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Circumstances {
    pub file_held: bool,
    pub moved: bool,
}

impl When {
    pub(super) fn holds(self, around: Circumstances) -> bool {
        match self {
            Self::Always => true,
            Self::FileHeld => around.file_held,
            Self::NoFile => !around.file_held,
            Self::Moved => around.moved,
            Self::NotMoved => !around.moved,
        }
    }
}
