//! Which fields a view may show on a day: those of its contract, without those that only a basis lets out that names
//! them.
//!
//! The one place that says so: the views, invariant I4 and the receipts ask here. What a kind of recipient may have at
//! all is [`schemas::canonical`]'s, and proved when the bundle is read.

use schemas::time::Day;

use crate::bundle::Contract;
use crate::person::ViewKind;

/// The fields that a view of this kind may show on a day.
pub fn allowed(contract: &Contract, kind: ViewKind, on: Day) -> impl Iterator<Item = &String> {
    let fields = match kind {
        ViewKind::Offer => contract.offer.as_slice(),
        ViewKind::File => contract.file.as_slice(),
        ViewKind::Ended => &[],
    };
    let basis = contract.basis(on);
    let names = move |field: &String| basis.is_some_and(|basis| basis.names.contains(field));
    fields.iter().filter(move |field| !contract.must_be_named(field) || names(field))
}
