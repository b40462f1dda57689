//! A story folder as a timeline: what each source sends, and when it arrives.
//!
//! Line order inside one file is order of arrival: an item arrives at its own time, and never before
//! the line above it. An item whose time cannot be read arrives with the line above it. Refuses to
//! read what an item says. Folders: `posts/ wewis/ register/ portal/ lms/`; Classroom's lines are counted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use schemas::time::{Day, Instant, parse_day, parse_instant, start_of};
use serde_json::Value;

/// A feed of the story: one sender at one source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Feed {
    Posts,
    Dvz,
    Wewis,
    /// First links of municipalities.
    Hints,
    Notices,
    /// Participants at the portal.
    Portal,
    /// The learning platform's statements.
    Learning,
}

impl Feed {
    /// Every feed there is.
    pub const ALL: &'static [Self] =
        &[Self::Posts, Self::Dvz, Self::Wewis, Self::Hints, Self::Notices, Self::Portal, Self::Learning];

    /// The source it goes to.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::Posts | Self::Dvz => "visa",
            Self::Wewis => "permit",
            Self::Hints | Self::Notices => "register",
            Self::Portal => "portal",
            Self::Learning => "xapi",
        }
    }

    #[must_use]
    pub fn sender(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Dvz => "dvz",
            Self::Wewis => "wewis",
            Self::Hints | Self::Notices => "magda",
            Self::Portal => "portal",
            Self::Learning => "lms",
        }
    }

    /// How it is written.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Posts | Self::Dvz | Self::Hints | Self::Portal | Self::Learning => "application/x-ndjson",
            Self::Wewis => "text/csv",
            Self::Notices => "application/xml",
        }
    }
}

/// Everything that arrives at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moment {
    pub at: Instant,
    /// What, in order: each a body for the feed's batch door.
    pub posts: Vec<(Feed, Vec<u8>)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// Its moments, in order of time.
    pub moments: Vec<Moment>,
    /// Lines that no door takes yet, by folder.
    pub skipped: BTreeMap<String, u64>,
}

/// One item on its way into the timeline.
struct StoryItem {
    at: Instant,
    feed: Feed,
    body: Vec<u8>,
}

/// Notices are published before the work of a Sunday begins.
const SUNDAY: chrono::Duration = chrono::Duration::hours(6);
/// Permit rows carry a day: they arrive when its work begins.
const MORNING: chrono::Duration = chrono::Duration::hours(8);

impl Story {
    /// Reads a story folder.
    ///
    /// # Errors
    /// Where a file of it cannot be read, or nothing in it has a time. A source without a file sends nothing.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut items = vec![];
        for path in files(&folder.join("posts"), "ndjson")? {
            let feed =
                if path.file_stem().is_some_and(|name| name == "dvz") { Feed::Dvz } else { Feed::Posts };
            lines(&path, feed, "sent_at", &mut items)?;
        }
        rows(&folder.join("wewis/single-permits.csv"), &mut items)?;
        lines(&folder.join("register/hints.ndjson"), Feed::Hints, "at", &mut items)?;
        for path in files(&folder.join("register/notifications"), "xml")? {
            let day = path.file_stem().and_then(|name| parse_day(name.to_str()?));
            let day: Day = day.with_context(|| format!("{}: the name is no day", path.display()))?;
            items.push(StoryItem { at: start_of(day) + SUNDAY, feed: Feed::Notices, body: read(&path)? });
        }
        lines(&folder.join("portal/events.ndjson"), Feed::Portal, "at", &mut items)?;
        // A platform sends what it has stored: what was done offline arrives days after it happened.
        lines(&folder.join("lms/xapi.ndjson"), Feed::Learning, "stored", &mut items)?;
        // Stable: what has one time keeps the order of its file.
        items.sort_by_key(|item| (item.at, item.feed));
        let mut moments: Vec<Moment> = vec![];
        for item in items {
            match moments.last_mut() {
                Some(moment) if moment.at == item.at => join(&mut moment.posts, item.feed, item.body),
                _ => moments.push(Moment { at: item.at, posts: vec![(item.feed, item.body)] }),
            }
        }
        ensure!(!moments.is_empty(), "{}: there is no story", folder.display());
        let skipped = count(&folder.join("lms/classroom"))?;
        Ok(Self { moments, skipped: BTreeMap::from([("classroom".to_owned(), skipped)]) })
    }

    #[must_use]
    pub fn begins(&self) -> Instant {
        self.moments.first().map_or(Instant::UNIX_EPOCH, |moment| moment.at)
    }
}

/// Adds a body to a moment: lines of one feed travel together, the header of rows once.
fn join(posts: &mut Vec<(Feed, Vec<u8>)>, feed: Feed, body: Vec<u8>) {
    match posts.last_mut() {
        Some((last, lines)) if *last == feed && feed != Feed::Notices => {
            let skip = if feed == Feed::Wewis { header(&body) } else { 0 };
            lines.extend_from_slice(&body[skip..]);
        }
        _ => posts.push((feed, body)),
    }
}

/// Where the first line ends.
fn header(body: &[u8]) -> usize {
    memchr::memchr(b'\n', body).map_or(body.len(), |end| end + 1)
}

/// Lines of JSON, each with its time in one field.
fn lines(path: &Path, feed: Feed, field: &str, items: &mut Vec<StoryItem>) -> anyhow::Result<()> {
    let Some(bytes) = there(path)? else { return Ok(()) };
    let own = |line: &[u8]| {
        let value: Value = serde_json::from_slice(line).ok()?;
        parse_instant(value.get(field)?.as_str()?)
    };
    arrivals(bytes.split_inclusive(|byte| *byte == b'\n'), own, |at, line| {
        let mut body = line.to_vec();
        if !body.ends_with(b"\n") {
            body.push(b'\n');
        }
        items.push(StoryItem { at, feed, body });
    });
    Ok(())
}

/// Rows under a header, each with its day in one column.
fn rows(path: &Path, items: &mut Vec<StoryItem>) -> anyhow::Result<()> {
    let Some(bytes) = there(path)? else { return Ok(()) };
    let (head, rest) = bytes.split_at(header(&bytes));
    let names = String::from_utf8_lossy(head);
    let column =
        names.trim_start_matches('\u{feff}').trim_end().split(';').position(|name| name == "event_date");
    let column = column.with_context(|| format!("{}: there is no column event_date", path.display()))?;
    let own = |line: &[u8]| {
        let day = parse_day(std::str::from_utf8(line).ok()?.split(';').nth(column)?.trim())?;
        Some(start_of(day) + MORNING)
    };
    arrivals(rest.split_inclusive(|byte| *byte == b'\n'), own, |at, line| {
        items.push(StoryItem { at, feed: Feed::Wewis, body: [head, line].concat() });
    });
    Ok(())
}

/// Gives each line the time it arrives: its own, and never before the line above it.
fn arrivals<'a>(
    lines: impl Iterator<Item = &'a [u8]> + Clone,
    own: impl Fn(&[u8]) -> Option<Instant>,
    mut take: impl FnMut(Instant, &'a [u8]),
) {
    // A first line without a time arrives with the first that has one.
    let Some(mut at) = lines.clone().find_map(&own) else { return };
    for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
        at = own(line).map_or(at, |own| own.max(at));
        take(at, line);
    }
}

/// What a file holds; nothing where there is none: a story need not have every source.
fn there(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    path.exists().then(|| read(path)).transpose()
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

/// The files of a folder with an ending, in the order of their names.
fn files(folder: &Path, ending: &str) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(vec![]);
    }
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|found| found == ending));
    files.sort();
    Ok(files)
}

/// How many lines of NDJSON a folder holds.
fn count(folder: &Path) -> anyhow::Result<u64> {
    let mut count = 0;
    for path in files(folder, "ndjson")? {
        count += memchr::memchr_iter(b'\n', &read(&path)?).count();
    }
    Ok(u64::try_from(count)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_arrives_before_the_one_above_it() {
        let own = |line: &[u8]| parse_instant(std::str::from_utf8(line).ok()?.trim());
        let lines = ["?", "2025-01-02T00:00:00Z", "2025-01-01T00:00:00Z", "", "?", "2025-01-03T00:00:00Z"];
        let mut days = vec![];
        arrivals(lines.iter().map(|line| line.as_bytes()), own, |at, _| {
            days.push(at.format("%d").to_string())
        });
        assert_eq!(days, ["02", "02", "02", "02", "03"]);
    }

    #[test]
    fn a_source_without_a_file_sends_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Story::read(folder.path()).is_err());
        std::fs::create_dir(folder.path().join("portal")).unwrap();
        let line = "{\"at\":\"2025-01-02T00:00:00Z\"}\n";
        std::fs::write(folder.path().join("portal/events.ndjson"), line).unwrap();
        assert_eq!(Story::read(folder.path()).unwrap().moments.len(), 1);
    }

    #[test]
    fn rows_of_one_moment_share_their_header() {
        let mut posts = vec![(Feed::Wewis, b"a;b\n1;2\n".to_vec())];
        join(&mut posts, Feed::Wewis, b"a;b\n3;4\n".to_vec());
        join(&mut posts, Feed::Notices, b"<a/>".to_vec());
        join(&mut posts, Feed::Notices, b"<b/>".to_vec());
        assert_eq!(posts[0].1, b"a;b\n1;2\n3;4\n");
        assert_eq!(posts.len(), 3);
    }

    #[test]
    fn the_story_is_read_whole_and_in_order() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("story");
        let story = Story::read(&folder).unwrap();
        assert!(story.moments.is_sorted_by(|a, b| a.at < b.at));
        let lines = |feed: Feed| -> usize {
            let bodies = story.moments.iter().flat_map(|moment| &moment.posts).filter(|post| post.0 == feed);
            bodies
                .map(|(_, body)| memchr::memchr_iter(b'\n', body).count() - usize::from(feed == Feed::Wewis))
                .sum()
        };
        assert_eq!((lines(Feed::Posts), lines(Feed::Dvz), lines(Feed::Hints)), (308, 167, 21));
        assert_eq!(lines(Feed::Wewis), 148);
        assert_eq!((lines(Feed::Portal), lines(Feed::Learning)), (208, 754));
        assert_eq!(story.skipped["classroom"], 938 + 810);
    }
}
