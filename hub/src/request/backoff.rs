//! How long a task waits before it is tried again.
//!
//! A pure function: 30 seconds, doubled with each attempt, never more than six hours. The id of the
//! task spreads those that failed together over a quarter of the wait.

use std::time::Duration;

use schemas::ids::TaskId;

const FIRST: u64 = 30;
const LONGEST: u64 = 6 * 3600;

/// The wait after so many attempts.
#[must_use]
pub fn backoff(task: TaskId, attempts: u32) -> Duration {
    let base = FIRST.saturating_mul(1 << attempts.min(20)).min(LONGEST);
    let spread = u64::from(task.bytes()[15]) * base / 4 / 255;
    Duration::from_secs(base + spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_six_hours_and_spread() {
        let task = |last| {
            let mut bytes = [0; 16];
            bytes[15] = last;
            TaskId::from_bytes(bytes)
        };
        for (attempts, seconds) in [(0, 30), (1, 60), (5, 960), (10, 21_600), (u32::MAX, 21_600)] {
            assert_eq!(backoff(task(0), attempts).as_secs(), seconds, "{attempts}");
        }
        assert_eq!(backoff(task(255), 2).as_secs(), 150);
    }
}
