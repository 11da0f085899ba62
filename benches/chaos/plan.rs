//! Random fault plans: several concurrent faults of all kinds.

use std::time::Duration;

use fastrand::Rng;
use jiff::SignedDuration;
use vtask::simulator::fault_injection::{
    CloseMode, CutPoint, DurationRange, FaultEffect, FaultEvent, FaultPlan, FaultRule, ServerEvent,
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

/// Creates a plan whose faults end after `fault_duration`.
pub(crate) fn plan(seed: u64, fault_duration: Duration) -> FaultPlan {
    let mut rng = Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let length = u64::try_from(fault_duration.as_millis()).unwrap_or(u64::MAX);
    let mut plan = FaultPlan {
        about: format!("chaos {seed}"),
        seed,
        ..FaultPlan::default()
    };
    for _ in 0..rng.usize(4..14) {
        plan.rules.push(rule(&mut rng, length));
    }
    for _ in 0..rng.usize(0..4) {
        let event = server_event(&mut rng);
        plan.events
            .push(FaultEvent::once(millis(rng.u64(..length)), event));
    }
    plan
}

fn rule(rng: &mut Rng, length: u64) -> FaultRule {
    let is_connection = rng.u8(..8) == 0;
    let on = if is_connection {
        "connect"
    } else {
        rng.choice(TARGETS).unwrap_or("*")
    };
    let effect = if is_connection {
        connection_effect(rng)
    } else {
        request_effect(rng, on)
    };
    let from = rng.u64(..length / 2);
    let until = from + rng.u64(length / 8..length);
    let is_expensive = matches!(effect, FaultEffect::Huge { .. });
    FaultRule {
        // A quarter of the rules affect every request.
        chance: match rng.u8(..4) {
            0 => 1.0,
            _ => 0.05 + 0.6 * rng.f64(),
        },
        skip: rng.u64(..4),
        times: (is_expensive || rng.u8(..4) == 0).then(|| rng.u64(1..4)),
        from: millis(from),
        until: Some(millis(until)),
        ..FaultRule::new(on, effect)
    }
}

fn connection_effect(rng: &mut Rng) -> FaultEffect {
    match rng.u8(..3) {
        0 => FaultEffect::Delay(duration(rng, 600)),
        1 => FaultEffect::cut(close_mode(rng), CutPoint::Request),
        _ => FaultEffect::Stall {
            after: 0.0,
            time: None,
        },
    }
}

fn request_effect(rng: &mut Rng, on: &str) -> FaultEffect {
    match rng.u8(..14) {
        0 => FaultEffect::Delay(duration(rng, 1500)),
        1 => FaultEffect::Stall {
            after: rng.f64(),
            // A response that never continues takes the whole request timeout.
            time: rng.bool().then(|| duration(rng, 3000)),
        },
        2..=4 => {
            let targets = [
                CutPoint::Request,
                CutPoint::Answer,
                CutPoint::Headers,
                CutPoint::Body,
            ];
            FaultEffect::cut(close_mode(rng), rng.choice(targets).unwrap_or_default())
        }
        5..=7 => {
            // Excluded where 401 and 403 are final: the fetch loop does not retry a refused sign-in.
            let may_refuse = !matches!(
                on,
                "*" | "SessionManager/Login" | "hello" | "ServiceInstance/content"
            );
            let code = if may_refuse && rng.u8(..4) == 0 {
                rng.choice([401, 403])
            } else {
                rng.choice(STATUSES)
            };
            FaultEffect::Status {
                code: code.unwrap_or(503),
                retry_after: (rng.u8(..3) == 0).then(|| SignedDuration::from_secs(1)),
                as_date: rng.bool(),
                reached: rng.bool(),
            }
        }
        8 => FaultEffect::Page,
        9 => FaultEffect::Truncated,
        10 => FaultEffect::Malformed,
        11 => match rng.u8(..3) {
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
            repeat: rng.bool(),
            shuffle: rng.bool(),
        },
    }
}

fn server_event(rng: &mut Rng) -> ServerEvent {
    match rng.u8(..6) {
        0 => ServerEvent::KillSessions,
        1 => ServerEvent::KillSessionsInPart,
        2 => ServerEvent::Restart(duration(rng, 2500)),
        3 => ServerEvent::BreakConnections,
        4 => ServerEvent::JumpClock(millis(rng.u64(..240_000)) - SignedDuration::from_secs(120)),
        _ => ServerEvent::RenewCertificate,
    }
}

fn close_mode(rng: &mut Rng) -> CloseMode {
    if rng.bool() {
        CloseMode::Reset
    } else {
        CloseMode::Close
    }
}

fn duration(rng: &mut Rng, max: u64) -> DurationRange {
    Duration::from_millis(rng.u64(1..max)).into()
}
