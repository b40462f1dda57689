//! What came of an item, as senders read it.
//!
//! One place for the words, so that a single push and a line of a batch say the same.

use schemas::finding::Finding;
use serde_json::{Value, json};

use super::problem::{self, Problem, ProblemCode};
use crate::intake::{CommitError, IntakeError, Verdict};

/// One item's result: `status` is accepted, again, conflict or refused.
pub(super) fn as_json(verdict: &Verdict) -> Value {
    let receipt =
        |status: &str, id: &dyn std::fmt::Display| json!({ "status": status, "receipt": id.to_string() });
    let list = |findings: &[Finding]| findings.iter().map(problem::finding).collect::<Value>();
    match verdict {
        Verdict::Accepted { receipt: id, warnings } => {
            let mut value = receipt("accepted", id);
            if !warnings.is_empty() {
                value["warnings"] = list(warnings);
            }
            value
        }
        Verdict::Again { receipt: id } => receipt("again", id),
        Verdict::Conflict => json!({ "status": "conflict", "code": ProblemCode::IdTaken.as_str() }),
        Verdict::Refused { receipt: id, findings } => {
            let mut value = receipt("refused", id);
            value["errors"] = list(findings);
            value
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        let code = match &error {
            IntakeError::Commit(CommitError::Busy | CommitError::Stopping) => ProblemCode::Busy,
            IntakeError::Commit(CommitError::Away) | IntakeError::Store(_) => ProblemCode::Away,
            IntakeError::Commit(CommitError::Data)
            | IntakeError::Seal(_)
            | IntakeError::Encode(_)
            | IntakeError::Json(_) => {
                tracing::error!(%error, "intake failed");
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
