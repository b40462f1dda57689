//! The pages of codes: what each means, its usual cause, what to do; and the guides.
//!
//! A code without a page fails the test below, so every problem's `type` can be opened. The pages
//! are files in `hub/src/codes/`, compiled in.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::{Problem, ProblemCode};

/// Every page, in the order of the codes.
const PAGES: &[(&str, &str)] = &[
    ("bad-request", include_str!("../codes/bad-request.md")),
    ("bad-statement", include_str!("../codes/bad-statement.md")),
    ("birth-unreadable", include_str!("../codes/birth-unreadable.md")),
    ("busy", include_str!("../codes/busy.md")),
    ("contradiction", include_str!("../codes/contradiction.md")),
    ("database-away", include_str!("../codes/database-away.md")),
    ("destination-missing", include_str!("../codes/destination-missing.md")),
    ("doubled-key", include_str!("../codes/doubled-key.md")),
    ("enterprise-check", include_str!("../codes/enterprise-check.md")),
    ("forbidden-character", include_str!("../codes/forbidden-character.md")),
    ("hash-differs", include_str!("../codes/hash-differs.md")),
    ("id-taken", include_str!("../codes/id-taken.md")),
    ("ignored", include_str!("../codes/ignored.md")),
    ("inexact-number", include_str!("../codes/inexact-number.md")),
    ("insz-not-allowed", include_str!("../codes/insz-not-allowed.md")),
    ("internal", include_str!("../codes/internal.md")),
    ("invalid-date", include_str!("../codes/invalid-date.md")),
    ("invalid-insz", include_str!("../codes/invalid-insz.md")),
    ("invalid-message", include_str!("../codes/invalid-message.md")),
    ("invalid-reference", include_str!("../codes/invalid-reference.md")),
    ("method-not-allowed", include_str!("../codes/method-not-allowed.md")),
    ("mrz-check", include_str!("../codes/mrz-check.md")),
    ("mrz-differs", include_str!("../codes/mrz-differs.md")),
    ("names-nobody", include_str!("../codes/names-nobody.md")),
    ("no-account", include_str!("../codes/no-account.md")),
    ("no-basis-today", include_str!("../codes/no-basis-today.md")),
    ("no-restriction", include_str!("../codes/no-restriction.md")),
    ("normalised", include_str!("../codes/normalised.md")),
    ("not-a-part", include_str!("../codes/not-a-part.md")),
    ("not-allowed", include_str!("../codes/not-allowed.md")),
    ("not-allowed-here", include_str!("../codes/not-allowed-here.md")),
    ("not-as-reported", include_str!("../codes/not-as-reported.md")),
    ("not-asked", include_str!("../codes/not-asked.md")),
    ("not-found", include_str!("../codes/not-found.md")),
    ("not-one-message", include_str!("../codes/not-one-message.md")),
    ("not-yours", include_str!("../codes/not-yours.md")),
    ("occupation-form", include_str!("../codes/occupation-form.md")),
    ("old-epoch", include_str!("../codes/old-epoch.md")),
    ("order-not-allowed", include_str!("../codes/order-not-allowed.md")),
    ("other-record", include_str!("../codes/other-record.md")),
    ("quarantined", include_str!("../codes/quarantined.md")),
    ("schema", include_str!("../codes/schema.md")),
    ("source-exception", include_str!("../codes/source-exception.md")),
    ("stated-ahead", include_str!("../codes/stated-ahead.md")),
    ("statement-taken", include_str!("../codes/statement-taken.md")),
    ("statement-version", include_str!("../codes/statement-version.md")),
    ("stripped", include_str!("../codes/stripped.md")),
    ("too-large", include_str!("../codes/too-large.md")),
    ("two-hold-the-file", include_str!("../codes/two-hold-the-file.md")),
    ("unauthorised", include_str!("../codes/unauthorised.md")),
    ("unknown-code", include_str!("../codes/unknown-code.md")),
    ("unknown-field", include_str!("../codes/unknown-field.md")),
    ("unknown-handover", include_str!("../codes/unknown-handover.md")),
    ("unknown-person", include_str!("../codes/unknown-person.md")),
    ("unknown-position", include_str!("../codes/unknown-position.md")),
    ("unknown-review", include_str!("../codes/unknown-review.md")),
    ("unknown-source", include_str!("../codes/unknown-source.md")),
    ("unknown-stream", include_str!("../codes/unknown-stream.md")),
    ("unknown-verb", include_str!("../codes/unknown-verb.md")),
    ("unknown-version", include_str!("../codes/unknown-version.md")),
    ("unreadable", include_str!("../codes/unreadable.md")),
    ("write-only", include_str!("../codes/write-only.md")),
    ("wrong-format", include_str!("../codes/wrong-format.md")),
];

/// The page of a code.
fn page(code: &str) -> Option<&'static str> {
    PAGES.binary_search_by(|(known, _)| (*known).cmp(code)).ok().map(|at| PAGES[at].1)
}

/// `GET /problems/{code}`
pub(super) async fn show(Path(code): Path<String>) -> Result<Response, Problem> {
    let text = page(&code).ok_or(ProblemCode::NotFound)?;
    Ok(as_markdown(text))
}

/// The guides for who sends and who reads, and what they point to.
const GUIDES: &[(&str, &str)] = &[
    ("agencies.md", include_str!("../../../docs/agencies.md")),
    ("domain.md", include_str!("../../../docs/domain.md")),
    ("glossary.md", include_str!("../../../docs/glossary.md")),
    ("handovers.md", include_str!("../../../docs/handovers.md")),
    ("senders.md", include_str!("../../../docs/senders.md")),
];

/// `GET /guides/{name}`
pub(super) async fn guide(Path(name): Path<String>) -> Result<Response, Problem> {
    let (_, text) = GUIDES.iter().find(|(known, _)| *known == name).ok_or(ProblemCode::NotFound)?;
    Ok(as_markdown(text))
}

/// `GET /problems`
pub(super) async fn index() -> Response {
    let line = |(code, text): &(&str, &str)| {
        let title = text.lines().next().unwrap_or_default().trim_start_matches("# ");
        let title = title.strip_prefix(&format!("`{code}`: ")).unwrap_or(title);
        format!("- [`{code}`](/problems/{code}): {title}\n")
    };
    as_markdown(&format!("# Every code\n\n{}", PAGES.iter().map(line).collect::<String>()))
}

fn as_markdown(text: &str) -> Response {
    ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], text.to_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use schemas::finding::Code;

    use super::*;

    #[test]
    fn every_code_has_a_page() {
        let findings = Code::ALL.iter().map(|code| code.as_str());
        for code in findings.chain(ProblemCode::ALL.iter().map(|code| code.as_str())) {
            let page = page(code).unwrap_or_else(|| panic!("no page for {code}"));
            assert!(page.starts_with("# ") && page.contains(&format!("`{code}`")), "{code}");
        }
    }

    #[test]
    fn pages_stand_in_order() {
        assert!(PAGES.is_sorted_by(|a, b| a.0 < b.0));
    }
}
