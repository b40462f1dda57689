//! Where somebody lives, and where that leads. Next: [`super::situation`].

use schemas::municipality::NisCode;
use schemas::time::{Day, Instant};

use crate::routing::Route;

/// Where somebody lives, and where that leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Whereabouts {
    pub(crate) route: Route,
    pub(crate) nis: NisCode,
    pub(crate) began: Day,
    /// When they chose whom it leads to; none where nobody is chosen.
    pub(crate) chosen: Option<Instant>,
}

impl Whereabouts {
    /// Whether whom it leads to was chosen after that.
    pub(crate) fn is_chosen_since(&self, at: Instant) -> bool {
        self.chosen.is_some_and(|chosen| at < chosen)
    }
}
