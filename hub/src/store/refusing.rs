//! Whether a database that answers also takes what is written: a full disk is read from as ever.
//!
//! A table that did not take something says so until it takes something again, or for a while where nothing is
//! tried. By table, because the few bytes of a lease may fit where a message does not. Refuses to try anything itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long nothing is tried where whoever routes the senders heeds `/readyz`: after that, let them try.
const FORGOTTEN: Duration = Duration::from_secs(10);

/// When each table did not take what was written last. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusing(Arc<Mutex<BTreeMap<&'static str, Instant>>>);

impl Refusing {
    /// Tells whether these tables took what was written.
    pub(super) fn tell(&self, tables: &[&'static str], taken: bool) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken {
            refused.retain(|table, _| !tables.contains(table));
        } else {
            let now = Instant::now();
            refused.extend(tables.iter().map(|table| (*table, now)));
        }
    }

    /// Whether anything is not taken at the moment.
    pub(super) fn anything(&self) -> bool {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.values().any(|at| at.elapsed() < FORGOTTEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_refuses_until_it_takes_something() {
        let refusing = Refusing::default();
        assert!(!refusing.anything());
        refusing.clone().tell(&["inbox", "journal"], false);
        refusing.tell(&["lease"], true);
        refusing.tell(&["journal"], true);
        assert!(refusing.anything(), "the inbox took nothing since");
        refusing.tell(&["inbox"], true);
        assert!(!refusing.anything());
    }
}
