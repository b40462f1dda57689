//! Forms of what is said in a scenario and of what is told in return: answers in whichever form, verdicts by their codes.
//!
//! Refuses to know what follows. Next: [`super::stage`], which plays it.

use decide::round::Verdict;
use ring::digest::{SHA256, digest};
use schemas::actor::ActorName;
use schemas::envelope::Hash;
use schemas::finding::Finding;
use schemas::handover::AnswerKind;
use schemas::key::{Key, Mac};

use super::file::{AnswerForm, ScenarioAnswer};
use super::words::{tokens, unknown, word_of};

/// The payload hash of every record: the heart only compares.
pub(super) const HASH: Hash = [0xab; 32];

pub(super) fn desk() -> Result<ActorName, String> {
    ActorName::parse("amina").map_err(|error| error.to_string())
}

pub(super) fn mac(key: &Key) -> Mac {
    let mut mac = [0; 32];
    mac.copy_from_slice(digest(&SHA256, key.text().as_bytes()).as_ref());
    Mac(mac)
}

/// The codes of a verdict that is no plain decision.
pub(super) fn code(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Decided(_) => vec![],
        Verdict::Waiting(_) => vec!["waiting".to_owned()],
        Verdict::Refused(refusal) => vec!["refused".to_owned(), refusal.code().to_owned()],
        Verdict::Failed(aside) => vec![aside.code().to_owned()],
    }
}

pub(super) fn found_at_the_door(finding: &Finding) -> String {
    format!("{} {}: {}", finding.code, finding.pointer, finding.detail)
}

pub(super) fn is_code(word: &str) -> bool {
    schemas::finding::Code::ALL.iter().any(|code| word_of(&code.to_string()) == word)
}

/// What an answer says, in whichever of its forms.
pub(super) fn kind(answer: &ScenarioAnswer, sequence: u64) -> Result<AnswerKind, String> {
    let (name, mut code) = match &answer.kind {
        AnswerForm::Name(text) => {
            let mut words = tokens(text).into_iter();
            (words.next().unwrap_or_default(), words.next())
        }
        AnswerForm::Table(table) => {
            let (name, said) = table.iter().next().ok_or("an answer says something")?;
            let code = said.get("code").and_then(toml::Value::as_str).map(word_of);
            (word_of(name), code)
        }
    };
    code = answer.code.as_deref().map(word_of).or(code);
    let wrong = answer.hash.as_deref().is_some_and(|hash| hash != "right");
    let payload_hash = if wrong { [0xcd; 32] } else { HASH };
    Ok(match name.as_str() {
        "received" => AnswerKind::Received { sequence, payload_hash },
        "bounced" | "differs" => AnswerKind::Received { sequence, payload_hash: [0xcd; 32] },
        "accepted" => AnswerKind::Accepted,
        "rejected" => {
            let code = code.ok_or("a no has a code")?;
            let known = schemas::handover::RejectCode::ALL;
            let names: Vec<String> = known.iter().map(super::words::written).collect();
            let at = names.iter().position(|name| *name == code);
            let at = at.ok_or_else(|| unknown("code", &code, names.iter().map(String::as_str)))?;
            AnswerKind::Rejected { code: known[at] }
        }
        "purge-confirmed" | "purged" => AnswerKind::PurgeConfirmed,
        "trajectory-started" | "started" => AnswerKind::TrajectoryStarted,
        other => {
            let known = schemas::handover::AnswerName::ALL.into_iter().map(|name| name.as_str());
            return Err(unknown("answer", other, known));
        }
    })
}
