//! Active fault plans: selects the effects for each request.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::effect::FaultEffect;
use super::plan::FaultPlan;
use super::rule::FaultRule;
use crate::duration_range::DurationRange;

/// Active rules and events.
#[derive(Debug, Default)]
pub(crate) struct FaultInjector {
    /// Fast check on every request: true if there are any rules.
    has_rules: AtomicBool,
    injected: AtomicU64,
    state: Mutex<ActiveFaults>,
}

#[derive(Debug, Default)]
struct ActiveFaults {
    rules: Vec<ActiveRule>,
    rng: fastrand::Rng,
    /// Cancels pending events.
    events: CancellationToken,
}

/// Rule with its counters.
#[derive(Debug)]
struct ActiveRule {
    rule: FaultRule,
    activated: Duration,
    matched: u64,
    applied: u64,
}

impl FaultInjector {
    fn state(&self) -> MutexGuard<'_, ActiveFaults> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the effects on a request of this kind (or on a connection) at `now`, in real time since the server's
    /// start: any number of delays and at most one other effect.
    pub(crate) fn effects_for(&self, kind: &str, now: Duration) -> Vec<FaultEffect> {
        if !self.has_rules.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut state = self.state();
        let ActiveFaults { rules, rng, .. } = &mut *state;
        let mut effects = Vec::new();
        let mut has_effect = false;
        for rule in rules {
            let is_delay = matches!(rule.rule.effect, FaultEffect::Delay(_));
            if (has_effect && !is_delay) || !rule.applies(kind, now, rng) {
                continue;
            }
            has_effect |= !is_delay;
            effects.push(rule.rule.effect.clone());
        }
        // Delays are applied before the other effect.
        effects.sort_by_key(|effect| !matches!(effect, FaultEffect::Delay(_)));
        if !effects.is_empty() {
            self.injected.fetch_add(1, Ordering::Relaxed);
        }
        effects
    }

    /// Draws a random duration.
    pub(crate) fn draw(&self, range: DurationRange) -> Duration {
        range.draw(&mut self.state().rng)
    }

    /// Returns a new random generator derived from the plan's seed.
    pub(super) fn fork_rng(&self) -> fastrand::Rng {
        self.state().rng.fork()
    }

    /// Returns the number of requests and connections affected by faults.
    pub(crate) fn injected(&self) -> u64 {
        self.injected.load(Ordering::Relaxed)
    }

    /// Removes all rules and pending events. Effects in progress (a stalled body, a restart) continue.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.rules.clear();
        std::mem::take(&mut state.events).cancel();
        self.has_rules.store(false, Ordering::Relaxed);
    }

    /// Adds the rules of a plan. Returns the token that cancels its scheduled events.
    pub(crate) fn activate(&self, plan: &FaultPlan, now: Duration) -> CancellationToken {
        let mut state = self.state();
        state.rng = fastrand::Rng::with_seed(plan.seed);
        let rules = plan.rules.iter().map(|rule| ActiveRule {
            rule: rule.clone(),
            activated: now,
            matched: 0,
            applied: 0,
        });
        state.rules.extend(rules);
        self.has_rules
            .store(!state.rules.is_empty(), Ordering::Relaxed);
        state.events.clone()
    }
}

impl ActiveRule {
    fn applies(&mut self, kind: &str, now: Duration, rng: &mut fastrand::Rng) -> bool {
        if !self.rule.on.matches(kind) || !self.rule.is_time(now.saturating_sub(self.activated)) {
            return false;
        }
        self.matched += 1;
        let is_exhausted = self.rule.times.is_some_and(|times| self.applied >= times);
        if self.matched <= self.rule.skip || is_exhausted || rng.f64() >= self.rule.chance {
            return false;
        }
        self.applied += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active_faults(rules: Vec<FaultRule>) -> FaultInjector {
        let faults = FaultInjector::default();
        let plan = FaultPlan {
            rules,
            ..FaultPlan::default()
        };
        faults.activate(&plan, Duration::ZERO);
        faults
    }

    #[test]
    fn rules_respect_skip_and_times() {
        let faults = active_faults(vec![
            FaultRule::new("Task/info", FaultEffect::Page)
                .after(2)
                .times(1),
            FaultRule::new("*", FaultEffect::Delay(Duration::from_secs(1).into())),
        ]);
        let matched: Vec<usize> = (0..5)
            .map(|_| faults.effects_for("Task/info", Duration::ZERO).len())
            .collect();
        assert_eq!(matched, [1, 1, 2, 1, 1]);
        assert_eq!(faults.effects_for("connect", Duration::ZERO), []);
        faults.clear();
        assert_eq!(faults.effects_for("Task/info", Duration::ZERO), []);
        assert_eq!(faults.injected(), 5);
    }

    #[test]
    fn delays_precede_a_single_other_effect() {
        let faults = active_faults(vec![
            FaultRule::new("*", FaultEffect::Page),
            FaultRule::new("*", FaultEffect::Malformed),
            FaultRule::new("*", FaultEffect::Delay(Duration::ZERO.into())),
        ]);
        let effects = faults.effects_for("hello", Duration::ZERO);
        assert_eq!(
            effects,
            [FaultEffect::Delay(Duration::ZERO.into()), FaultEffect::Page]
        );
    }

    #[test]
    fn chance_matches_its_probability_and_is_reproducible() {
        let draw = || {
            let faults = active_faults(vec![FaultRule::new("*", FaultEffect::Page).chance(0.25)]);
            (0..1000)
                .map(|_| faults.effects_for("hello", Duration::ZERO).len())
                .collect::<Vec<_>>()
        };
        let first = draw();
        assert_eq!(first, draw());
        assert!((200..300).contains(&first.iter().sum::<usize>()));
    }
}
