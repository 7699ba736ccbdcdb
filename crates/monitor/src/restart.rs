//! Whether and when a container is started again: docker's restart manager as a pure function.
//!
//! Invariant: the delay begins at 100 ms, doubles up to a minute, and begins anew once a life lasted
//! ten seconds.

use std::time::Duration;

use crate::protocol::{RestartPlan, RestartPolicy};

const FIRST: Duration = Duration::from_millis(100);
const MOST: Duration = Duration::from_secs(60);
const LONG_LIFE: Duration = Duration::from_secs(10);

/// The policy of one container and what happened so far.
#[derive(Debug, Default)]
pub(crate) struct Restart {
    policy: RestartPolicy,
    count: u32,
    stopped: bool,
    delay: Option<Duration>,
}

impl Restart {
    /// As planned.
    pub(crate) fn new(plan: RestartPlan) -> Self {
        Self {
            policy: plan.policy,
            count: plan.count,
            stopped: false,
            delay: None,
        }
    }

    /// Restarts so far.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Somebody stops the container by hand.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether it was stopped by hand.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// A new policy, from now on.
    pub(crate) fn update(&mut self, policy: RestartPolicy) {
        self.policy = policy;
    }

    /// After an exit with `code` of a life that lasted `lived`: how long to wait before the next one,
    /// which is counted; `None` for never.
    pub(crate) fn after(&mut self, code: i32, lived: Duration) -> Option<Duration> {
        if self.stopped || !self.wanted(code) {
            return None;
        }
        let delay = match self.delay {
            Some(last) if lived < LONG_LIFE => (last * 2).min(MOST),
            _ => FIRST,
        };
        self.delay = Some(delay);
        self.count = self.count.saturating_add(1);
        Some(delay)
    }

    fn wanted(&self, code: i32) -> bool {
        match self.policy {
            RestartPolicy::No => false,
            RestartPolicy::Always | RestartPolicy::UnlessStopped => true,
            RestartPolicy::OnFailure { maximum } => {
                code != 0 && (maximum == 0 || self.count < maximum)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_secs(1);

    fn with(policy: RestartPolicy) -> Restart {
        Restart::new(RestartPlan { policy, count: 0 })
    }

    fn delays(restart: &mut Restart, lives: &[(i32, Duration)]) -> Vec<Option<u128>> {
        let after = |&(code, lived): &(i32, Duration)| restart.after(code, lived);
        lives
            .iter()
            .map(after)
            .map(|delay| delay.map(|delay| delay.as_millis()))
            .collect()
    }

    #[test]
    fn the_delay_doubles_to_a_minute_and_starts_anew_after_ten_seconds() {
        let mut restart = with(RestartPolicy::Always);
        let got = delays(&mut restart, &[(0, SHORT); 12]);
        let expected = [
            100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000,
        ];
        assert_eq!(got, expected.map(Some));
        assert_eq!(
            delays(&mut restart, &[(0, LONG_LIFE), (0, SHORT)]),
            [Some(100), Some(200)]
        );
        assert_eq!(restart.count(), 14);
    }

    #[test]
    fn each_policy_restarts_after_what_it_names() {
        assert_eq!(delays(&mut with(RestartPolicy::No), &[(1, SHORT)]), [None]);
        let mut twice = with(RestartPolicy::OnFailure { maximum: 2 });
        assert_eq!(
            delays(&mut twice, &[(1, SHORT); 3]),
            [Some(100), Some(200), None]
        );
        let mut forever = with(RestartPolicy::OnFailure { maximum: 0 });
        assert_eq!(
            delays(&mut forever, &[(1, SHORT), (0, SHORT)]),
            [Some(100), None]
        );
        let mut always = with(RestartPolicy::UnlessStopped);
        always.stop();
        assert_eq!(delays(&mut always, &[(1, SHORT)]), [None]);
    }
}
