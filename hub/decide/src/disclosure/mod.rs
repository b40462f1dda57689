//! What may leave: views by contract, deliveries by difference.
//!
//! For each stream the view is computed anew; it is a delivery if it differs from the last one that
//! was issued. No visible change, no record. [`View`] can only be made here, by picking what a
//! contract names, so nothing unfiltered can be encoded. Source: docs/disclosure.md.

mod allowed;
mod streams;

pub use crate::change::View;
pub use allowed::allowed;
pub(crate) use streams::{close, part, recall, redeliver, release};
