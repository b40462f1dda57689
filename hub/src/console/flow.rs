//! The picture of the flow: sources on the left, the hub in the middle, recipients on the right.
//!
//! Layout only: heights are shares, bands are curves between them, what leaves the flow goes down and carries
//! its pattern. Every number in it stands in the tables beside it. Refuses to count: see [`crate::store`].

use super::times::number;
use super::words;

/// How high all messages together are drawn.
const HEIGHT: f64 = 232.0;
const GAP: f64 = 14.0;
/// Where the first bar begins: below the names of the stages.
const TOP: f64 = 34.0;
/// A bar is seen, however small its share.
const LEAST: f64 = 1.5;
/// A label needs this much.
const LABEL: f64 = 22.0;
/// The left edges of the bars: sources, intake, decide, recipients.
const X: [f64; 4] = [178.0, 402.0, 590.0, 796.0];
/// How wide a bar is.
const BAR: f64 = 10.0;

/// What is drawn: a name and its share.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) name: String,
    pub(super) count: u64,
}

/// What leaves the flow before a decision: its share, its tone, its pattern.
#[derive(Clone, Debug)]
pub(super) struct Exit {
    pub(super) share: Share,
    pub(super) tone: &'static str,
    pub(super) pattern: Option<&'static str>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) tone: &'static str,
    pub(super) x: String,
    pub(super) y: String,
    pub(super) height: String,
}

/// A band between two bars.
#[derive(Debug)]
pub(super) struct Band {
    pub(super) tone: &'static str,
    pub(super) pattern: Option<&'static str>,
    pub(super) path: String,
    pub(super) title: String,
}

/// A text at a place.
#[derive(Debug)]
pub(super) struct Label {
    pub(super) class: &'static str,
    pub(super) x: String,
    pub(super) y: String,
    pub(super) text: String,
}

#[derive(Debug, Default)]
pub(super) struct Picture {
    pub(super) height: String,
    pub(super) bands: Vec<Band>,
    pub(super) nodes: Vec<Node>,
    pub(super) labels: Vec<Label>,
}

fn point(value: f64) -> String {
    format!("{value:.1}")
}

impl Picture {
    /// Draws messages by source, what left before a decision, and records by recipient. Nothing where
    /// nothing came in.
    pub(super) fn draw(sources: &[Share], exits: &[Exit], recipients: &[Share]) -> Option<Self> {
        let total: u64 = sources.iter().map(|share| share.count).sum();
        if total == 0 {
            return None;
        }
        let mut picture = Self::default();
        let scale = |count: u64| (count as f64 / total as f64 * HEIGHT).max(LEAST);
        let (mut left, mut inside) = (TOP, TOP);
        for source in sources {
            let height = scale(source.count);
            picture.node("", X[0], left, height);
            let title = words::band(&source.name, words::INTAKE, source.count);
            picture.band("in", None, (X[0] + BAR, left), (X[1], inside), height, title);
            picture.pair((0.0, X[0] - 10.0), left + height / 2.0, source);
            left += height.max(LABEL - GAP) + GAP;
            inside += height;
        }
        let outside: u64 = exits.iter().map(|exit| exit.share.count).sum();
        let decided = Share { name: words::DECIDE.to_owned(), count: total.saturating_sub(outside) };
        let through = scale(decided.count);
        picture.node("", X[1], TOP, inside - TOP);
        picture.node("", X[2], TOP, through);
        let title = words::band(words::INTAKE, words::DECIDE, decided.count);
        picture.band("", None, (X[1] + BAR, TOP), (X[2], TOP), through, title);
        picture.stage(X[1], words::INTAKE, total);
        picture.stage(X[2], words::DECIDE, decided.count);
        let right = picture.recipients(recipients, through);
        let low = picture.exits(exits, TOP + through, right.max(TOP + through + GAP), &scale);
        picture.height = point(low.max(left).max(inside) + 4.0);
        Some(picture)
    }

    /// Records on a scale of their own: together as high as the decisions they come from.
    fn recipients(&mut self, recipients: &[Share], through: f64) -> f64 {
        let records: u64 = recipients.iter().map(|share| share.count).sum();
        let (mut from, mut to) = (TOP, 8.0);
        for recipient in recipients {
            let height = if records == 0 { 0.0 } else { recipient.count as f64 / records as f64 * through };
            let seen = height.max(LEAST);
            self.node("", X[3], to, seen);
            let title = words::band(words::DECIDE, &recipient.name, recipient.count);
            if recipient.count > 0 {
                self.band("", None, (X[2] + BAR, from), (X[3], to), seen, title);
            }
            self.pair((X[3] + 22.0, 1022.0), to + seen / 2.0, recipient);
            from += height;
            to += seen.max(LABEL - GAP) + GAP;
        }
        to
    }

    /// What leaves before a decision, downwards.
    fn exits(&mut self, exits: &[Exit], from: f64, below: f64, scale: &impl Fn(u64) -> f64) -> f64 {
        let (mut from, mut to) = (from, below + 4.0);
        for exit in exits.iter().filter(|exit| exit.share.count > 0) {
            let height = scale(exit.share.count);
            self.node(exit.tone, X[3], to, height);
            let title = words::band(words::INTAKE, &exit.share.name, exit.share.count);
            self.band(exit.tone, exit.pattern, (X[1] + BAR, from), (X[3], to), height, title);
            self.pair((X[3] + 22.0, 1022.0), to + height / 2.0, &exit.share);
            from += height;
            to += height.max(LABEL - GAP) + GAP;
        }
        to
    }

    fn node(&mut self, tone: &'static str, x: f64, y: f64, height: f64) {
        self.nodes.push(Node { tone, x: point(x), y: point(y), height: point(height) });
    }

    fn band(
        &mut self,
        tone: &'static str,
        pattern: Option<&'static str>,
        (x1, y1): (f64, f64),
        (x2, y2): (f64, f64),
        height: f64,
        title: String,
    ) {
        let (middle, low1, low2) = ((x1 + x2) / 2.0, y1 + height, y2 + height);
        let path = format!(
            "M{x1:.1} {y1:.1}C{middle:.1} {y1:.1} {middle:.1} {y2:.1} {x2:.1} {y2:.1}V{low2:.1}\
             C{middle:.1} {low2:.1} {middle:.1} {low1:.1} {x1:.1} {low1:.1}z"
        );
        self.bands.push(Band { tone, pattern, path, title });
    }

    /// A name and its number on one line.
    fn pair(&mut self, (name, count): (f64, f64), y: f64, share: &Share) {
        let y = point(y + 4.0);
        self.labels.push(Label { class: "", x: point(name), y: y.clone(), text: share.name.clone() });
        self.labels.push(Label { class: "e tb", x: point(count), y, text: number(share.count) });
    }

    /// A stage's name and number above its bar.
    fn stage(&mut self, x: f64, name: &str, count: u64) {
        let x = point(x + BAR / 2.0);
        self.labels.push(Label { class: "m tb", x: x.clone(), y: "12".to_owned(), text: name.to_owned() });
        self.labels.push(Label { class: "m", x, y: "27".to_owned(), text: number(count) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(name: &str, count: u64) -> Share {
        Share { name: name.to_owned(), count }
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(Picture::draw(&[share("visa", 0)], &[], &[share("atlas", 0)]).is_none());
    }

    #[test]
    fn every_share_has_its_bar_and_its_number() {
        let exits = [
            Exit { share: share("quarantaine", 1), tone: "bad", pattern: Some("pb") },
            Exit { share: share("wacht", 0), tone: "warn", pattern: Some("pw") },
        ];
        let recipients = [share("atlas", 3), share("amal", 0)];
        let picture = Picture::draw(&[share("visa", 9), share("permit", 1)], &exits, &recipients).unwrap();
        // Two sources, two stages, two recipients, one exit: the empty one is not drawn.
        assert_eq!(picture.nodes.len(), 7);
        // A recipient without records has a bar and no band.
        assert_eq!(picture.bands.len(), 5);
        let texts: Vec<_> = picture.labels.iter().map(|label| label.text.as_str()).collect();
        assert!(
            texts.contains(&"Beslissen") && texts.contains(&"9") && !texts.contains(&"wacht"),
            "{texts:?}"
        );
    }
}
