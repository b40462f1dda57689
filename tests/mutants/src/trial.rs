//! The heart's tests one by one: how long each takes, which mutants it comes past, and whether one of them notices a mutant.
//!
//! A mutant is tried by the tests that come past it, the quick ones together and first. Refuses to say what a mutant
//! that survives means: that is told in docs/mutants.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};

/// How many run at the same time.
const WORKERS: usize = 2;
/// How much runs first in one go; each later one may take twice as long.
const FIRST: Duration = Duration::from_millis(400);
/// However busy the machine is, none takes longer.
const EVER: &str = "900";
/// What a program may have of memory at most, in KiB: a mutant that never ends may well fill it.
const MEMORY: &str = "4000000";

/// One test, as it runs with every switch off.
#[derive(Debug)]
pub(crate) struct Test {
    program: PathBuf,
    name: String,
    took: Duration,
    reached: BTreeSet<usize>,
}

/// What became of a mutant.
pub(crate) enum End {
    Caught(String),
    Survived,
    /// No test comes past it.
    Passed,
}

/// All tests of these programs, the quick ones first.
///
/// # Errors
/// Where one of them fails without a mutant.
pub(crate) fn tests(root: &Path, programs: &[PathBuf]) -> anyhow::Result<Vec<Test>> {
    let mut all = vec![];
    for program in programs {
        let told = Command::new(program).args(["--list", "--format=terse"]).output()?;
        let names = String::from_utf8(told.stdout)?;
        all.extend(names.lines().filter_map(|line| Some((program, line.strip_suffix(": test")?.to_owned()))));
    }
    let folder = root.join("target/mutants/reached");
    fs::create_dir_all(&folder)?;
    let mut tests = together(&all, |(program, name)| {
        let mut test = Test {
            program: (*program).clone(),
            name: name.clone(),
            took: Duration::ZERO,
            reached: BTreeSet::new(),
        };
        let file = folder.join(name.replace(':', "_"));
        let begun = Instant::now();
        let mut command = command(&[&test], Duration::from_secs(300));
        let output =
            command.env("MUTANTS_REACHED", &file).output().context("timeout of coreutils is not there")?;
        ensure!(output.status.success(), "{name} fails without a mutant");
        test.took = begun.elapsed();
        let numbers = fs::read_to_string(&file).unwrap_or_default();
        test.reached = numbers.lines().filter_map(|line| line.parse().ok()).collect();
        Ok(test)
    })?;
    tests.sort_by_key(|test| test.took);
    Ok(tests)
}

/// A run of some tests of one program, which may have so much of a processor.
fn command(tests: &[&Test], patience: Duration) -> Command {
    let mut command = Command::new("bash");
    let limited = format!("ulimit -v {MEMORY} -t {}; exec timeout {EVER} \"$@\"", patience.as_secs().max(1));
    command.args(["-c", &limited, "bash"]).arg(&tests[0].program).arg("--exact");
    command.args(tests.iter().map(|test| &test.name));
    command.env("RUST_TEST_THREADS", "1").env("HUB_WALKS", "200").env("HUB_DEPTH", "6");
    command.stdin(Stdio::null());
    command
}

/// What notices a mutant first, by a test that fails or by not ending.
///
/// # Errors
/// Where a test cannot be run.
pub(crate) fn of(tests: &[Test], mutant: usize) -> anyhow::Result<End> {
    let mut reaching: Vec<&Test> = tests.iter().filter(|test| test.reached.contains(&mutant)).collect();
    if reaching.is_empty() {
        return Ok(End::Passed);
    }
    let mut patience = FIRST;
    while let Some(first) = reaching.first() {
        let (program, mut took) = (first.program.clone(), Duration::ZERO);
        let (mut now, mut later) = (vec![], vec![]);
        for test in reaching {
            let fits = test.program == program && (now.is_empty() || took + test.took < patience);
            if fits {
                took += test.took;
                now.push(test);
            } else {
                later.push(test);
            }
        }
        let mut command = command(&now, took * 8 + Duration::from_secs(5));
        let output = command.env("MUTANT", mutant.to_string()).output()?;
        if let Some(by) = noticed(&output) {
            return Ok(End::Caught(by));
        }
        (reaching, patience) = (later, patience * 2);
    }
    Ok(End::Survived)
}

/// By what a run ended badly, if it did.
fn noticed(output: &Output) -> Option<String> {
    if output.status.success() {
        return None;
    }
    if output.status.code().is_none_or(|code| code == 124 || code > 128) {
        return Some("does not end".to_owned());
    }
    let told = String::from_utf8_lossy(&output.stdout);
    let failed = told.lines().find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    Some(failed.unwrap_or("it ended otherwise").to_owned())
}

/// Does something with each, a few at a time; what it gives back comes in any order.
///
/// # Errors
/// The first error of any.
pub(crate) fn together<T: Sync, R: Send>(
    all: &[T],
    each: impl Fn(&T) -> anyhow::Result<R> + Sync,
) -> anyhow::Result<Vec<R>> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![]));
    std::thread::scope(|scope| {
        let work = || -> anyhow::Result<()> {
            while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                let given = each(one)?;
                done.lock().map_err(|_| anyhow!("a worker panicked"))?.push(given);
            }
            Ok(())
        };
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| Err(anyhow!("a worker panicked"))))
    })?;
    done.into_inner().map_err(|_| anyhow!("a worker panicked"))
}
