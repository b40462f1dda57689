//! Whether the audit rows are what was written: their numbers without a gap, and each one's seal.
//!
//! A seal is made with the hub's secret over the row and the seal before it, so nobody changes, adds, moves or removes a row
//! between others without that secret. Rows that are cut off at the end are missed by whoever kept the number and the seal of the last
//! one they saw. Refuses to mend.

use schemas::key::Mac;

use crate::store::rows::ChainedRow;
use crate::store::{Store, StoreError};
use crate::vault::Vault;

const PAGE: u32 = 500;

/// How far the chain holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChainState {
    pub rows: u64,
    /// The seal of the last row.
    pub last: Option<Mac>,
}

/// Where the chain does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// A number is missing.
    #[error("row {0} is missing")]
    Missing(u64),
    /// It is not what was written.
    #[error("row {0} is not what was written, or the one before it was another")]
    Changed(u64),
    /// The chain was cut off and made anew, or another database is looked at.
    #[error("row {0} has another seal than the one that was kept of it")]
    Other(u64),
    #[error("the audit rows cannot be read")]
    Store(#[from] StoreError),
}

/// Follows the chain to its end; past a row of which somebody kept the number and the seal.
///
/// # Errors
/// [`ChainError`] names the first row that is wrong.
pub async fn follow(
    store: &Store,
    vault: &Vault,
    kept: Option<(u64, Mac)>,
) -> Result<ChainState, ChainError> {
    let mut state = ChainState::default();
    let mut size = PAGE;
    loop {
        let page = match store.audit_after(state.rows, size).await {
            // A row of no form was changed: it is the next one, once they are read one by one.
            Err(StoreError::Damaged(_)) if size == 1 => return Err(ChainError::Changed(state.rows + 1)),
            Err(StoreError::Damaged(_)) => {
                size = 1;
                continue;
            }
            page => page?,
        };
        if page.is_empty() {
            break;
        }
        for ChainedRow { n, row, seal } in page {
            if n != state.rows + 1 {
                return Err(ChainError::Missing(state.rows + 1));
            }
            if vault.mac("audit", &row.sealed(n, state.last.as_ref())) != seal {
                return Err(ChainError::Changed(n));
            }
            if kept.is_some_and(|(at, kept)| at == n && kept != seal) {
                return Err(ChainError::Other(n));
            }
            state = ChainState { rows: n, last: Some(seal) };
        }
    }
    match kept {
        Some((at, _)) if at > state.rows => Err(ChainError::Missing(state.rows + 1)),
        _ => Ok(state),
    }
}
