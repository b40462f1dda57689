//! Whether somebody keeps SQLite's one lock for writing: asked of the system's list of locks, so that no file is opened
//! and none of this process's own locks is lost.
//!
//! A hub takes the lock for each commit, so only who keeps it through many looks is told. Refuses to guess where the
//! system has no such list.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// How often it is looked, and how long between two looks: no commit of a hub takes so long.
const LOOKS: u32 = 40;
const BETWEEN: Duration = Duration::from_millis(50);
/// In how many looks it may be missing: the system gives its list in pieces, and while many locks come and go one may be
/// in none of them.
const MISSED: u32 = 2;
/// The byte of the file `-shm` that who writes has locked (`UNIX_SHM_BASE` in SQLite's `os_unix.c`).
const WRITING: u64 = 120;

/// Who keeps the lock of a database file, in words.
pub(super) async fn kept(database: &Path) -> Option<String> {
    let mut beside = database.as_os_str().to_owned();
    beside.push("-shm");
    let inode = fs::metadata(beside).ok()?.ino();
    let look = || holder(&fs::read_to_string("/proc/locks").ok()?, inode);
    let first = look().or_else(look)?;
    let mut missed = 0;
    for _ in 1..LOOKS {
        tokio::time::sleep(BETWEEN).await;
        match look() {
            Some(holder) if holder == first => {}
            None if missed < MISSED => missed += 1,
            _ => return None,
        }
    }
    Some(format!("process {first} keeps the lock for writing"))
}

/// Which process has locked the byte, by a list like `1: POSIX  ADVISORY  WRITE 4711 fd:01:1234 120 120`.
fn holder(locks: &str, inode: u64) -> Option<u32> {
    let holds = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Who only waits has an arrow before its kind, and so one word more.
        let [_, "POSIX", _, "WRITE", process, file, from, to] = words[..] else { return None };
        let locked = file.rsplit(':').next()?.parse() == Ok(inode);
        let covers = from.parse().is_ok_and(|from: u64| from <= WRITING)
            && (to == "EOF" || to.parse().is_ok_and(|to: u64| WRITING <= to));
        (locked && covers).then(|| process.parse().ok())?
    };
    locks.lines().find_map(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_byte_is_found_and_nobody_else() {
        let locks = "1: POSIX  ADVISORY  WRITE 7 00:2b:55 124 124\n2: POSIX  ADVISORY  READ 8 00:2b:55 120 120\n\
                     3: FLOCK  ADVISORY  WRITE 9 00:2b:55 0 EOF\n4: POSIX  ADVISORY  WRITE 10 00:2b:56 120 120\n\
                     5: -> POSIX  ADVISORY  WRITE 11 00:2b:55 120 120\n";
        assert_eq!(holder(locks, 55), None);
        assert_eq!(holder(&format!("{locks}6: POSIX  ADVISORY  WRITE 12 00:2b:55 120 121\n"), 55), Some(12));
        assert_eq!(holder("6: POSIX  ADVISORY  WRITE 13 fd:01:55 0 EOF", 55), Some(13));
    }
}
