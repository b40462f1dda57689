//! The whole story as a script for a process that runs: every item of six doors in the order of its times, days that
//! come, and agencies that answer.
//!
//! Owns the order of it; what holds at its end is `tests/faults.rs`'s. Refuses what a demonstration has and a process
//! has not: a clock that follows each message. Days come a few at a time instead.

use anyhow::{Context as _, bail};
use demo::{Feed, Story};
use schemas::time::{Day, Instant, day_of, parse_day, start_of};

/// In how many parts the story's days pass.
const ERAS: usize = 4;
/// How long after the story the last clock stands: choices are overdue then.
const AFTERWARDS: chrono::Days = chrono::Days::new(400);
/// One post: source, sender, form and one item; a document may hold several.
pub type Post = (&'static str, &'static str, &'static str, Vec<u8>);

/// One step of a run.
#[derive(Clone, Debug)]
pub enum Step {
    /// A post is sent.
    Post(Post),
    /// Everything has settled, and this day has come.
    Day(Day),
    /// Everything has settled, and the agencies read and answer; the last time all of them.
    Answers {
        /// Whether the late one does as well.
        all: bool,
    },
}

/// The story item by item in the order of its times, with what the register would answer.
fn posts() -> anyhow::Result<Vec<(Instant, Post)>> {
    let folder = crate::story::folder();
    let mut posts = vec![];
    for moment in Story::read(&folder)?.moments {
        for (feed, body) in moment.posts {
            let sender = if feed == Feed::Posts { "post-fih" } else { feed.sender() };
            let post = |body| (moment.at, (feed.source(), sender, feed.content_type(), body));
            let lines: Vec<&[u8]> = body.split_inclusive(|byte| *byte == b'\n').collect();
            match feed {
                Feed::Notices => posts.push(post(body)),
                Feed::Wewis => posts.extend(lines[1..].iter().map(|line| post([lines[0], line].concat()))),
                Feed::Posts | Feed::Dvz | Feed::Hints | Feed::Portal | Feed::Learning => {
                    posts.extend(lines.into_iter().map(|line| post(line.to_vec())));
                }
            }
        }
    }
    let index = std::fs::read_to_string(folder.join("register/index.csv"))?;
    for row in index.lines().skip(1) {
        let mut cells = row.split(',').skip(1);
        let (Some(day), Some(file)) = (cells.next().and_then(parse_day), cells.next()) else {
            bail!("the register's index has another form");
        };
        let body = std::fs::read(folder.join("register").join(file))?;
        posts.push((
            start_of(day) + chrono::Duration::hours(12),
            ("register", "magda", "application/xml", body),
        ));
    }
    posts.sort_by_key(|(at, _)| *at);
    Ok(posts)
}

/// The story in eras, each under the clock of its last day.
///
/// # Errors
/// Where the story cannot be read.
pub fn script() -> anyhow::Result<Vec<Step>> {
    let (posts, mut steps) = (posts()?, vec![]);
    let last = posts.last().map(|(at, _)| day_of(*at)).context("there is no story")?;
    for era in posts.chunks(posts.len().div_ceil(ERAS)) {
        steps.extend(era.last().map(|(at, _)| Step::Day(day_of(*at))));
        steps.extend(era.iter().map(|(_, post)| Step::Post(post.clone())));
        steps.push(Step::Answers { all: false });
    }
    steps.extend([Step::Day(last + AFTERWARDS), Step::Answers { all: true }]);
    Ok(steps)
}
