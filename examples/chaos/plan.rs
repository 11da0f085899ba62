//! Random fault plans: several concurrent faults of all kinds.

use std::time::Duration;

use fastrand::Rng;
use jiff::SignedDuration;
use vtask::simulator::faults::{
    CloseMode, DurationRange, FaultEffect, FaultEvent, FaultPlan, FaultRule, FaultTarget,
    ServerEvent,
};

/// Request kinds to which rules apply.
const TARGETS: [&str; 14] = [
    "*",
    "*",
    "Task/info",
    "Task/info",
    "TaskManager/recentTask",
    "ServiceInstance/CurrentTime",
    "SessionManager/Login",
    "PropertyCollector/*",
    "PropertyCollector/WaitForUpdatesEx",
    "PropertyCollector/WaitForUpdatesEx",
    "ListView/*",
    "*/Create*",
    "hello",
    "ServiceInstance/content",
];

/// HTTP statuses that a proxy may return for any request.
const STATUSES: [u16; 7] = [404, 408, 429, 500, 502, 503, 504];

fn millis(span: u64) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(span).unwrap_or(i64::MAX))
}

/// Creates a plan whose faults end after `trouble`.
pub(crate) fn plan(seed: u64, trouble: Duration) -> FaultPlan {
    let mut chance = Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let length = u64::try_from(trouble.as_millis()).unwrap_or(u64::MAX);
    let mut plan = FaultPlan {
        about: format!("chaos {seed}"),
        seed,
        ..FaultPlan::default()
    };
    for _ in 0..chance.usize(4..14) {
        plan.rules.push(rule(&mut chance, length));
    }
    for _ in 0..chance.usize(0..4) {
        let what = happening(&mut chance);
        plan.events
            .push(FaultEvent::once(millis(chance.u64(..length)), what));
    }
    plan
}

fn rule(chance: &mut Rng, length: u64) -> FaultRule {
    let is_connections = chance.u8(..8) == 0;
    let on = if is_connections {
        "connect"
    } else {
        chance.choice(TARGETS).unwrap_or("*")
    };
    let effect = if is_connections {
        on_connection(chance)
    } else {
        on_request(chance, on)
    };
    let from = chance.u64(..length / 2);
    let until = from + chance.u64(length / 8..length);
    let is_dear = matches!(effect, FaultEffect::Huge { .. });
    FaultRule {
        // A quarter of the rules affect every request.
        chance: match chance.u8(..4) {
            0 => 1.0,
            _ => 0.05 + 0.6 * chance.f64(),
        },
        skip: chance.u64(..4),
        times: (is_dear || chance.u8(..4) == 0).then(|| chance.u64(1..4)),
        from: millis(from),
        until: Some(millis(until)),
        ..FaultRule::new(on, effect)
    }
}

fn on_connection(chance: &mut Rng) -> FaultEffect {
    match chance.u8(..3) {
        0 => FaultEffect::Delay(span(chance, 600)),
        1 => FaultEffect::cut(how(chance), FaultTarget::Request),
        _ => FaultEffect::Stall {
            after: 0.0,
            time: None,
        },
    }
}

fn on_request(chance: &mut Rng, on: &str) -> FaultEffect {
    match chance.u8(..14) {
        0 => FaultEffect::Delay(span(chance, 1500)),
        1 => FaultEffect::Stall {
            after: chance.f64(),
            // A response that never continues takes the whole request timeout.
            time: chance.bool().then(|| span(chance, 3000)),
        },
        2..=4 => {
            let places = [
                FaultTarget::Request,
                FaultTarget::Answer,
                FaultTarget::Headers,
                FaultTarget::Body,
            ];
            FaultEffect::cut(how(chance), chance.choice(places).unwrap_or_default())
        }
        5..=7 => {
            // Excluded where 401 and 403 are final: the fetch loop does not retry a refused sign-in.
            let may_refuse = !matches!(
                on,
                "*" | "SessionManager/Login" | "hello" | "ServiceInstance/content"
            );
            let code = if may_refuse && chance.u8(..4) == 0 {
                chance.choice([401, 403])
            } else {
                chance.choice(STATUSES)
            };
            FaultEffect::Status {
                code: code.unwrap_or(503),
                retry_after: (chance.u8(..3) == 0).then(|| SignedDuration::from_secs(1)),
                as_date: chance.bool(),
                reached: chance.bool(),
            }
        }
        8 => FaultEffect::Page,
        9 => FaultEffect::Truncated,
        10 => FaultEffect::Malformed,
        11 => match chance.u8(..3) {
            0 => FaultEffect::ContentType("text/html".to_owned()),
            1 => FaultEffect::Redirect("http://127.0.0.1:1/elsewhere".to_owned()),
            _ => FaultEffect::Endless {
                bytes_per_second: 2_000_000,
            },
        },
        12 => FaultEffect::Huge {
            megabytes: 70,
            compressed: true,
        },
        _ => FaultEffect::Updates {
            repeat: chance.bool(),
            shuffle: chance.bool(),
        },
    }
}

fn happening(chance: &mut Rng) -> ServerEvent {
    match chance.u8(..6) {
        0 => ServerEvent::KillSessions,
        1 => ServerEvent::KillSessionsInPart,
        2 => ServerEvent::Restart(span(chance, 2500)),
        3 => ServerEvent::BreakConnections,
        4 => ServerEvent::JumpClock(millis(chance.u64(..240_000)) - SignedDuration::from_secs(120)),
        _ => ServerEvent::RenewCertificate,
    }
}

fn how(chance: &mut Rng) -> CloseMode {
    if chance.bool() {
        CloseMode::Reset
    } else {
        CloseMode::Close
    }
}

fn span(chance: &mut Rng, most: u64) -> DurationRange {
    Duration::from_millis(chance.u64(1..most)).into()
}
