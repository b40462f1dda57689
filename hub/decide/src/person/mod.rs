//! The aggregate: one person as the fold of their journal.
//!
//! [`words`] and [`event`] are what a journal says, [`state`] and [`claims`] what a person is, [`fold`] how the one
//! makes the other, [`past`] what a split folds anew, [`responsible`] who answers for them. Next: [`crate::journey`], which reads the facts.

pub mod words;
pub mod claims;
pub mod facing;
pub mod first_load;
pub mod stage;
pub mod state;
pub mod event;
pub mod fold;
pub mod past;
pub mod responsible;

pub use claims::{ANSWERS_KEPT, Cell, Claim, Claims, Stated, VOIDED_KEPT};
pub(crate) use claims::{cell_against, later};
pub use event::{Event, Evidence, Weighed};
pub use facing::Facing;
pub use first_load::FirstLoad;
pub use fold::{Records, UnknownRecord};
pub use past::Past;
pub use responsible::{Mandate, Responsible};
pub use stage::{Holds, Stage};
pub use state::{
    Handover, Household, Line, Matching, OpenReview, Outline, Person, PersonState, StoppedIn, Stream,
    VIEWS_KEPT,
};
pub use words::{Capacity, Join, Reason, ReviewReason, TaskKind, ViewKind};
