//! Whether a mutant is on: a module that is put into the copy of the heart, and into no other code. Where the
//! environment asks for it, every number that was asked about is told in a file, once.

/// Whether this one is on.
pub(crate) fn mutant(number: usize) -> bool {
    use std::io::Write as _;
    use std::sync::{LazyLock, Mutex};
    type Reached = Option<Mutex<(std::fs::File, std::collections::BTreeSet<usize>)>>;
    static ON: LazyLock<usize> =
        LazyLock::new(|| std::env::var("MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0));
    static REACHED: LazyLock<Reached> = LazyLock::new(|| {
        let file = std::env::var("MUTANTS_REACHED").ok()?;
        Some(Mutex::new((std::fs::File::create(file).ok()?, Default::default())))
    });
    if let Some(reached) = &*REACHED
        && let Ok(mut reached) = reached.lock()
        && reached.1.insert(number)
    {
        let _ = writeln!(reached.0, "{number}");
    }
    *ON == number
}
