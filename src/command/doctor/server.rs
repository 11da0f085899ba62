//! A server: certificate, connection, clock, session, privileges, long poll.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::page::Page;
use crate::{
    task::ServerClock,
    text::duration,
    vim::{
        self, Address, CertificateProbe, Client, Error, ReportedFields, TaskCollector, TrustPolicy,
        types::UserSession,
    },
};

/// Length of the wait that tests if the long poll reaches the server and stays open.
const TEST_WAIT: Duration = Duration::from_secs(3);
/// Clock difference from which certificates and remaining times may be affected.
const LARGE_OFFSET: SignedDuration = SignedDuration::from_mins(5);

pub(super) async fn certificate(page: &mut Page, address: &Address, trust: &TrustPolicy) {
    if !address.is_tls() {
        page.row("Certificate", "none: plain HTTP");
        return;
    }
    match vim::probe_certificate(address, trust).await {
        Ok(probe) => page.result("Certificate", &described(&probe)),
        Err(error) => page.problem("Certificate", &error.to_string()),
    }
}

fn described(probe: &CertificateProbe) -> Result<String, String> {
    let certificate = &probe.certificate;
    let details = match &certificate.details {
        Some(details) => format!(
            "{}, issued by {}, valid until {}",
            details.subject,
            details.issuer,
            details.until.strftime("%Y-%m-%d")
        ),
        None => "unreadable contents".to_owned(),
    };
    let text = format!("{details}, SHA-256 {}", certificate.fingerprint);
    match &probe.rejection {
        None => Ok(format!("trusted: {text}")),
        Some(rejection) => Err(format!("not trusted, {}: {text}", rejection.reason())),
    }
}

/// Checks a connected server. The session is left open.
pub(super) async fn session(page: &mut Page, client: &Arc<Client>) -> Result<(), Error> {
    let session = client.sign_in().await?;
    let session = match session {
        Some(session) => Some(session),
        None => client.current_session().await?,
    };
    match &session {
        Some(session) => {
            let locale = session.locale.as_deref().unwrap_or("unknown");
            page.row(
                "Session",
                &format!("{}, locale {locale}", session.user_name),
            );
        }
        None => page.problem("Session", "the server does not recognize the session"),
    }
    page.result("Clock", &clock(client).await);
    page.result("Privilege", &privilege(client, session.as_ref()).await);
    let recent = client.recent_tasks().await;
    let recent = recent.map(|tasks| tasks.len().to_string());
    page.result("Recent tasks", &recent.map_err(|error| error.to_string()));
    page.result("Long poll", &long_poll(client).await);
    Ok(())
}

pub(super) fn connection(page: &mut Page, client: &Client, took: Duration) {
    let about = &client.content().about;
    page.row(
        "Server",
        &format!(
            "{} (build {}, {})",
            about.full_name, about.build, about.api_type
        ),
    );
    page.row(
        "API release",
        &format!("{}, after {} ms", client.release(), took.as_millis()),
    );
}

async fn clock(client: &Client) -> Result<String, String> {
    let sent = Timestamp::now();
    let server = client.current_time().await;
    let server = server.map_err(|error| error.to_string())?;
    let offset = ServerClock::from_reading(server, sent, Timestamp::now()).offset;
    let text = match offset.as_secs() {
        0 => "less than a second from this machine's".to_owned(),
        seconds => {
            let side = if seconds > 0 { "ahead of" } else { "behind" };
            format!("{} {side} this machine's", duration(offset.abs()))
        }
    };
    if offset.abs() < LARGE_OFFSET {
        Ok(text)
    } else {
        Err(text)
    }
}

async fn privilege(client: &Client, session: Option<&UserSession>) -> Result<String, String> {
    let (Some(root), Some(session)) = (&client.content().root_folder, session) else {
        return Ok("to cancel tasks: not known".to_owned());
    };
    let granted = client.has_cancel_privilege(root, &session.key).await;
    let granted = granted.map_err(|error| error.to_string())?;
    let granted = match granted {
        Some(true) => "granted",
        Some(false) => "not granted",
        None => "not reported",
    };
    Ok(format!(
        "Global.CancelTask on the root folder: {granted}; own tasks can be cancelled without it"
    ))
}

async fn long_poll(client: &Arc<Client>) -> Result<String, String> {
    let unavailable = |error: Error| format!("not available, tasks are polled: {error}");
    let collector = TaskCollector::create(client.clone(), ReportedFields::default(), true);
    let collector = collector.await.map_err(unavailable)?;
    let tested = test_wait(&collector).await.map_err(unavailable);
    collector.destroy().await;
    let recent = if collector.watches_recent() {
        "with the list of recent tasks"
    } else {
        "without the list of recent tasks"
    };
    Ok(format!("available {recent}; {}", tested?))
}

async fn test_wait(collector: &TaskCollector) -> Result<String, Error> {
    // The first answer has the present state and comes at once.
    let first = collector.wait("", TEST_WAIT).await?;
    let version = first.map(|first| first.version).unwrap_or_default();
    let begun = Instant::now();
    let answer = collector.wait(&version, TEST_WAIT).await?;
    let took = begun.elapsed().as_secs_f64();
    let end = match answer {
        Some(_) => "a change",
        None => "no change",
    };
    Ok(format!("a wait ended after {took:.1} s with {end}"))
}
