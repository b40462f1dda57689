//! What the answer that two are one would touch, in words, for who is about to give it.
//!
//! Rehearsed on what is stored (`crate::blast`); handovers and recipients, no personal value. Refuses to answer.

use schemas::recipient::Recipient;

use super::Console;
use super::words::review::{self, DeskLanguage};
use crate::blast::{BlastError, BlastRadius, EndedStream, MovedHandover, Rehearsal, WouldLeave};
use crate::story::rows;
use schemas::ids::{PersonId, ReviewId};

/// What one answer would touch.
#[derive(Debug, Default)]
pub(super) struct WouldTouch {
    pub(super) lines: Vec<String>,
    /// Whether a second person must say the same.
    pub(super) needs_second: bool,
}

impl WouldTouch {
    /// If a review's person is this one.
    pub(super) async fn of(
        console: &Console,
        review: ReviewId,
        person: PersonId,
        w: DeskLanguage,
    ) -> Result<Self, BlastError> {
        let Console { store, vault, config, clock, .. } = console;
        let rehearsal = Rehearsal { store, vault, bundle: &config.bundle, now: clock.now() };
        let radius = rehearsal.same(review, person).await?;
        let name = |recipient: &Recipient| console.name(recipient);
        Ok(Self { lines: lines(&radius, name, w), needs_second: radius.needs_second })
    }
}

fn lines(radius: &BlastRadius, name: impl Fn(&Recipient) -> String, w: DeskLanguage) -> Vec<String> {
    if let Some(code) = &radius.refused {
        let text = if code == "two-hold-the-file" { review::TWO_FILES } else { review::REFUSED };
        return vec![w.say(text).to_owned()];
    }
    let mut lines = vec![];
    for MovedHandover { recipient, row, .. } in &radius.handovers {
        let at = recipient.as_ref().map_or_else(|| w.say(review::NOBODY_YET).to_owned(), &name);
        let because = rows::words(row).map_or("", |words| w.say([&words.nl, &words.fr, &words.en]));
        lines.push(format!("{} ({at}): {because}.", w.say(review::HANDOVER_AT)));
    }
    for EndedStream { recipient, told, .. } in &radius.streams {
        let (ends, until) = (w.say(review::ENDS), w.say(review::TOLD));
        lines.push(format!("{ends} {} ({told} {until}).", name(recipient)));
    }
    for WouldLeave { recipient, kind } in &radius.deliveries {
        let (leaves, kind) = (w.say(review::LEAVES), w.named(review::LEAVING, kind));
        lines.push(format!("{leaves} {}: {kind}.", name(recipient)));
    }
    if lines.is_empty() {
        lines.push(w.say(review::UNTOUCHED).to_owned());
    }
    if radius.asked > 0 {
        lines.push(format!("{}: {}.", w.say(review::ASKED), radius.asked));
    }
    lines
}
