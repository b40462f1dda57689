//! Trains the dictionary that message contents are compressed with: on the doors' fixtures, and on invented people in
//! their sources' forms.
//!
//! `cargo run -p tests --bin dictionary -- FILE` writes it. What stands under `hub/src/vault/dictionary/` is never
//! replaced: contents were written with it. A better one becomes the next number.

use std::collections::BTreeSet;
use std::path::PathBuf;

use adapters::Context;
use anyhow::Context as _;
use hub::vault::Content;
use schemas::ids::Seed;
use tests::people::visa_lines;

/// How large it may be: what does not help is left out.
const LARGEST: usize = 16 << 10;
/// How many invented people.
const PEOPLE: usize = 120;

fn main() -> anyhow::Result<()> {
    let file = std::env::args_os().nth(1).context("which file?")?;
    let config = tests::config();
    let bundle = &config.bundle;
    let context = Context {
        municipalities: &bundle.municipalities,
        places: &bundle.places,
        countries: &bundle.countries,
        choosable: &BTreeSet::from_iter(bundle.contracts.iter().map(|contract| contract.recipient.clone())),
        environment: config.hub.environment,
        sender: &adapters::Speaker::for_all("atlas"),
        now: schemas::time::parse_instant("2100-01-01T00:00:00Z").context("no time")?,
    };
    let mut samples = Vec::new();
    let mut add = |source: &'static dyn adapters::Source, item| {
        // What is refused is never compressed so.
        let Ok(checked) = adapters::check(source, item, &context) else { return Ok(()) };
        let seed = Seed(Seed([0; 32]).derive(checked.id(), 0));
        let content = Content {
            seed,
            source: source.name().to_owned(),
            translator: source.version(),
            item: serde_json::to_string(checked.item())?,
            body: decide::prepare(checked.said().clone(), &tests::mac),
        };
        samples.push(content.plain()?);
        anyhow::Ok(())
    };
    for source in adapters::SOURCES {
        for path in fixtures(source.name())? {
            let items = adapters::read(*source, &std::fs::read(path)?);
            items.into_iter().flatten().try_for_each(|item| add(*source, item))?;
        }
    }
    let visa = adapters::source("visa").context("no visa door")?;
    (0..PEOPLE).flat_map(|n| visa_lines(n * 7_919)).try_for_each(|item| add(visa, item))?;
    let dictionary = zstd::dict::from_samples(&samples, LARGEST)?;
    std::fs::write(file, dictionary)?;
    Ok(())
}

fn fixtures(source: &str) -> anyhow::Result<Vec<PathBuf>> {
    let folder = tests::root().join("adapters/src").join(source).join("fixtures");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        files.push(entry?.path());
    }
    files.retain(|path| !path.to_string_lossy().ends_with(".expected.json"));
    files.sort();
    Ok(files)
}
