//! Where somebody lives, and where that leads. Next: [`super::situation`].

use schemas::municipality::NisCode;
use schemas::time::Day;

use crate::routing::Route;

/// Where somebody lives, and where that leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Whereabouts {
    pub(crate) route: Route,
    pub(crate) nis: NisCode,
    pub(crate) began: Day,
}
