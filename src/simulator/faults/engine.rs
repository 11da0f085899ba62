//! Active fault plans: selects the effects for each request and triggers the events.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::effect::{Effect, Span};
use super::event::Event;
use super::rule::Rule;
use super::{Plan, ServerEvent};
use crate::simulator::server::ServerCore;

/// Active rules and events.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Faults {
    /// Fast check on every request: true if there are any rules.
    is_armed: AtomicBool,
    befallen: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    armed: Vec<ActiveRule>,
    chance: fastrand::Rng,
    /// Cancels pending events.
    events: CancellationToken,
}

/// Rule with its counters.
#[derive(Debug)]
struct ActiveRule {
    rule: Rule,
    began: Duration,
    met: u64,
    fired: u64,
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the effects on a request of this kind (or on a connection) at `now`, in real time since the server's
    /// start: any number of delays and at most one other effect.
    pub(in crate::simulator) fn meet(&self, kind: &str, now: Duration) -> Vec<Effect> {
        if !self.is_armed.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut state = self.state();
        let State { armed, chance, .. } = &mut *state;
        let mut effects = Vec::new();
        let mut is_over = false;
        for armed in armed {
            let is_delay = matches!(armed.rule.effect, Effect::Delay(_));
            if (is_over && !is_delay) || !armed.matching(kind, now, chance) {
                continue;
            }
            is_over |= !is_delay;
            effects.push(armed.rule.effect.clone());
        }
        // Delays are applied before the other effect.
        effects.sort_by_key(|effect| !matches!(effect, Effect::Delay(_)));
        if !effects.is_empty() {
            self.befallen.fetch_add(1, Ordering::Relaxed);
        }
        effects
    }

    /// Draws a random duration.
    pub(in crate::simulator) fn draw(&self, span: Span) -> Duration {
        span.draw(&mut self.state().chance)
    }

    /// Returns a new random generator derived from the plan's seed.
    pub(super) fn chance(&self) -> fastrand::Rng {
        self.state().chance.fork()
    }

    /// Returns the number of requests and connections affected by faults.
    pub(in crate::simulator) fn befallen(&self) -> u64 {
        self.befallen.load(Ordering::Relaxed)
    }

    /// Removes all rules and pending events. Effects in progress (a stalled body, a restart) continue.
    pub(in crate::simulator) fn end(&self) {
        let mut state = self.state();
        state.armed.clear();
        std::mem::take(&mut state.events).cancel();
        self.is_armed.store(false, Ordering::Relaxed);
    }

    fn arm(&self, plan: &Plan, now: Duration) -> CancellationToken {
        let mut state = self.state();
        state.chance = fastrand::Rng::with_seed(plan.seed);
        let armed = plan.rules.iter().map(|rule| ActiveRule {
            rule: rule.clone(),
            began: now,
            met: 0,
            fired: 0,
        });
        state.armed.extend(armed);
        self.is_armed
            .store(!state.armed.is_empty(), Ordering::Relaxed);
        state.events.clone()
    }
}

impl ActiveRule {
    fn matching(&mut self, kind: &str, now: Duration, chance: &mut fastrand::Rng) -> bool {
        if !self.rule.on.matches(kind) || !self.rule.is_time(now.saturating_sub(self.began)) {
            return false;
        }
        self.met += 1;
        let is_spent = self.rule.times.is_some_and(|times| self.fired >= times);
        if self.met <= self.rule.skip || is_spent || chance.f64() >= self.rule.chance {
            return false;
        }
        self.fired += 1;
        true
    }
}

impl ServerCore {
    /// Activates a plan in addition to those already active. Must be called within a Tokio runtime.
    pub(in crate::simulator) fn take_up(self: &Arc<Self>, plan: &Plan) {
        let ended = self.faults.arm(plan, self.real_time());
        for event in plan.events.iter().cloned() {
            let (running, ended) = (self.clone(), ended.clone());
            tokio::spawn(async move {
                let stop = running.stop.clone();
                let coming = ended.run_until_cancelled(running.come(event));
                stop.run_until_cancelled(coming).await
            });
        }
    }

    async fn come(self: &Arc<Self>, event: Event) {
        let wait = |span| Duration::try_from(span).unwrap_or(Duration::ZERO);
        tokio::time::sleep(wait(event.at)).await;
        self.happen(&event.what);
        let Some(every) = event.every else {
            return;
        };
        let mut clock = tokio::time::interval(wait(every).max(Duration::from_millis(1)));
        // The first tick completes immediately.
        clock.tick().await;
        loop {
            clock.tick().await;
            self.happen(&event.what);
        }
    }

    /// Triggers a server event.
    pub(in crate::simulator) fn happen(&self, what: &ServerEvent) {
        match what {
            ServerEvent::KillSessions => {
                self.with(crate::simulator::service::Core::end_sessions);
            }
            ServerEvent::KillSessionsInPart => {
                self.with(crate::simulator::service::Core::revoke_collectors);
            }
            ServerEvent::Restart(span) => {
                self.gate.close_for(self.faults.draw(*span));
                self.with(crate::simulator::service::Core::end_sessions);
            }
            ServerEvent::BreakConnections => self.gate.break_all(),
            ServerEvent::JumpClock(by) => self.with(|core| {
                let now = core.world.now();
                core.calendar.jump(now, *by);
            }),
            ServerEvent::RenewCertificate => {
                if let Some(next) = self
                    .gate
                    .identity()
                    .and_then(|identity| identity.renewed().ok())
                {
                    self.gate.show(next);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn armed(rules: Vec<Rule>) -> Faults {
        let faults = Faults::default();
        let plan = Plan {
            rules,
            ..Plan::default()
        };
        faults.arm(&plan, Duration::ZERO);
        faults
    }

    #[test]
    fn a_rule_skips_counts_and_ends() {
        let faults = armed(vec![
            Rule::new("Task/info", Effect::Page).after(2).times(1),
            Rule::new("*", Effect::Delay(Duration::from_secs(1).into())),
        ]);
        let met: Vec<usize> = (0..5)
            .map(|_| faults.meet("Task/info", Duration::ZERO).len())
            .collect();
        assert_eq!(met, [1, 1, 2, 1, 1]);
        assert_eq!(faults.meet("connect", Duration::ZERO), []);
        faults.end();
        assert_eq!(faults.meet("Task/info", Duration::ZERO), []);
        assert_eq!(faults.befallen(), 5);
    }

    #[test]
    fn delays_come_first_and_other_effects_singly() {
        let faults = armed(vec![
            Rule::new("*", Effect::Page),
            Rule::new("*", Effect::Malformed),
            Rule::new("*", Effect::Delay(Duration::ZERO.into())),
        ]);
        let effects = faults.meet("hello", Duration::ZERO);
        assert_eq!(
            effects,
            [Effect::Delay(Duration::ZERO.into()), Effect::Page]
        );
    }

    #[test]
    fn chance_is_as_likely_as_it_says_and_the_same_again() {
        let draw = || {
            let faults = armed(vec![Rule::new("*", Effect::Page).chance(0.25)]);
            (0..1000)
                .map(|_| faults.meet("hello", Duration::ZERO).len())
                .collect::<Vec<_>>()
        };
        let first = draw();
        assert_eq!(first, draw());
        assert!((200..300).contains(&first.iter().sum::<usize>()));
    }
}
