//! What came of an item, as senders read it.
//!
//! One place for the words, so that a single push and a line of a batch say the same.

use schemas::finding::Finding;
use serde_json::{Value, json};

use super::problem::{self, Problem, ProblemCode};
use crate::intake::{IntakeError, ItemVerdict};

/// One item's result: `status` is accepted, again, conflict or refused.
pub(super) fn as_json(verdict: &ItemVerdict) -> Value {
    let status = verdict.word();
    let receipt = |id: &dyn std::fmt::Display| json!({ "status": status, "receipt": id.to_string() });
    let list = |findings: &[Finding]| findings.iter().map(problem::finding).collect::<Value>();
    match verdict {
        ItemVerdict::Accepted { receipt: id, warnings } => {
            let mut value = receipt(id);
            if !warnings.is_empty() {
                value["warnings"] = list(warnings);
            }
            value
        }
        ItemVerdict::Again { receipt: id } => receipt(id),
        ItemVerdict::Conflict => json!({ "status": status, "code": ProblemCode::IdTaken.as_str() }),
        ItemVerdict::Refused { receipt: id, findings } => {
            let mut value = receipt(id);
            value["errors"] = list(findings);
            value
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        let code = match &error {
            IntakeError::Busy => ProblemCode::Busy,
            IntakeError::Away(_) => ProblemCode::Away,
            IntakeError::Broken(cause) => {
                tracing::error!(error = %crate::decider::chain(&**cause), "intake failed");
                ProblemCode::Internal
            }
        };
        code.into()
    }
}

impl From<crate::store::StoreError> for Problem {
    fn from(error: crate::store::StoreError) -> Self {
        tracing::warn!(%error, "the store did not answer");
        ProblemCode::Away.into()
    }
}
