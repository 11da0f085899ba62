//! Execution of server events: restarts, session loss, clock jumps and certificate renewal.

use std::sync::Arc;
use std::time::Duration;

use super::fault_injection::{FaultEvent, FaultPlan, ServerEvent};
use super::server::ServerCore;
use super::service::Core;

impl ServerCore {
    /// Activates a fault plan in addition to those already active. Must be called within a Tokio runtime.
    pub(super) fn activate_faults(self: &Arc<Self>, plan: &FaultPlan) {
        let cancelled = self.faults.activate(plan, self.real_time());
        for event in plan.events.iter().cloned() {
            let (server, cancelled) = (self.clone(), cancelled.clone());
            tokio::spawn(async move {
                let stop = server.stop.clone();
                let triggering = cancelled.run_until_cancelled(server.trigger_on_schedule(event));
                stop.run_until_cancelled(triggering).await
            });
        }
    }

    async fn trigger_on_schedule(self: &Arc<Self>, event: FaultEvent) {
        let delay = |span| Duration::try_from(span).unwrap_or(Duration::ZERO);
        tokio::time::sleep(delay(event.at)).await;
        self.trigger(&event.what);
        let Some(every) = event.every else {
            return;
        };
        let mut interval = tokio::time::interval(delay(every).max(Duration::from_millis(1)));
        // The first tick completes immediately.
        interval.tick().await;
        loop {
            interval.tick().await;
            self.trigger(&event.what);
        }
    }

    /// Executes a server event.
    pub(super) fn trigger(&self, event: &ServerEvent) {
        match event {
            ServerEvent::KillSessions => {
                self.with(Core::end_sessions);
            }
            ServerEvent::KillSessionsInPart => {
                self.with(Core::revoke_collectors);
            }
            ServerEvent::Restart(downtime) => {
                self.listener_control.close_for(self.faults.draw(*downtime));
                self.with(Core::end_sessions);
            }
            ServerEvent::BreakConnections => self.listener_control.break_connections(),
            ServerEvent::JumpClock(by) => self.with(|core| {
                let now = core.world.now();
                core.calendar.jump(now, *by);
            }),
            ServerEvent::RenewCertificate => {
                if let Some(next) = self
                    .listener_control
                    .certificate()
                    .and_then(|certificate| certificate.renewed().ok())
                {
                    self.listener_control.set_certificate(next);
                }
            }
        }
    }
}
