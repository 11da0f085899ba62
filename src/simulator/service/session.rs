//! Sessions, and the objects that each session has created.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::content::DEFAULT_COLLECTOR;
use super::context::ReadContext;
use super::event_filter::EventFilter;
use super::history_collector::HistoryCollector;
use super::property_collector::PropertyCollector;
use super::property_filter::PropertyFilter;
use super::retrieval::TruncatedRetrieval;
use super::task_history::TaskRecords;
use super::uuid::uuid;
use super::views::View;
use crate::method_fault::MethodFault;
use crate::open_objects::OpenObjects;
use crate::value::MoRef;
use crate::world::time::{Calendar, WorldTime};

#[derive(Debug, Default)]
pub(crate) struct Session {
    /// `UserSession.key`, which differs from the value of the header.
    pub key: String,
    pub user: String,
    /// Requested locale, which has no effect.
    pub locale: String,
    /// Header `User-Agent` of the login; empty if missing.
    pub user_agent: String,
    login: WorldTime,
    /// Time of the last call.
    last_call: WorldTime,
    calls: u64,
    last_active: Duration,
    /// Number of waits in progress; the session is not idle meanwhile.
    pub pending_waits: usize,
    /// True if the collectors and views of the session are unusable.
    pub collectors_revoked: bool,
    /// Views by ID.
    pub views: HashMap<String, View>,
    /// Property collectors by ID, including the default one.
    pub(super) collectors: HashMap<String, PropertyCollector>,
    /// Task history collectors by ID.
    pub(super) task_history_collectors: HashMap<String, HistoryCollector<TaskRecords>>,
    /// Event history collectors by ID.
    pub(super) event_history_collectors: HashMap<String, HistoryCollector<EventFilter>>,
    /// Truncated retrievals.
    pub(super) retrievals: Vec<TruncatedRetrieval>,
}

impl Session {
    /// Returns the `UserSession`.
    pub(crate) fn to_json(&self, calendar: &Calendar) -> Value {
        json!({
            "_typeName": "UserSession",
            "key": self.key,
            "userName": self.user,
            "fullName": self.user.rsplit('\\').next().unwrap_or(&self.user),
            "loginTime": calendar.to_timestamp(self.login).to_string(),
            "lastActiveTime": calendar.to_timestamp(self.last_call).to_string(),
            "locale": self.locale,
            "messageLocale": self.locale,
            "extensionSession": false,
            "ipAddress": "127.0.0.1",
            "userAgent": self.user_agent,
            "callCount": self.calls,
        })
    }

    /// True if this collector, filter or history collector belongs to the session.
    pub(super) fn owns(&self, object: &MoRef) -> bool {
        match &*object.kind {
            "PropertyCollector" => self.collectors.contains_key(&*object.id),
            "PropertyFilter" => self.filter(object).is_some(),
            "TaskHistoryCollector" => self.task_history_collectors.contains_key(&*object.id),
            "EventHistoryCollector" => self.event_history_collectors.contains_key(&*object.id),
            _ => false,
        }
    }

    fn filter(&self, reference: &MoRef) -> Option<&PropertyFilter> {
        self.collectors
            .values()
            .flat_map(PropertyCollector::filters)
            .find(|filter| filter.reference == *reference)
    }

    pub(super) fn used(&mut self, unscaled: Duration) {
        self.last_active = unscaled;
    }

    /// Returns references to the session's views.
    pub(crate) fn view_list(&self) -> Value {
        let mut views: Vec<_> = self.views.iter().collect();
        views.sort_unstable_by_key(|(id, _)| *id);
        views
            .into_iter()
            .map(|(id, view)| MoRef::new(view.type_name(), id.as_str()).to_json())
            .collect()
    }

    /// Returns a property of an object that belongs to the session.
    pub(super) fn property(
        &self,
        object: &MoRef,
        name: &str,
        context: ReadContext<'_>,
    ) -> Option<Value> {
        if let Some(history) = self.task_history_collectors.get(&*object.id) {
            return Some(match name {
                "latestPage" => history.latest_page(context).into(),
                _ => history.raw.clone(),
            });
        }
        if let Some(collector) = self.event_history_collectors.get(&*object.id) {
            return Some(match name {
                "latestPage" => collector.latest_page(context).into(),
                "initialized" => true.into(),
                _ => collector.raw.clone(),
            });
        }
        if &*object.kind == "PropertyCollector" {
            let collector = self.collectors.get(&*object.id)?;
            let filters = collector.filters();
            return Some(filters.map(|filter| filter.reference.to_json()).collect());
        }
        let filter = self.filter(object)?;
        Some(match name {
            "partialUpdates" => filter.partial.into(),
            _ => filter.raw.clone(),
        })
    }

    /// Fails if the session has `maximum` history collectors of tasks and events.
    pub(super) fn check_collector_limit(&self, maximum: usize) -> Result<(), MethodFault> {
        if self.task_history_collectors.len() + self.event_history_collectors.len() < maximum {
            return Ok(());
        }
        Err(MethodFault::invalid_state(
            "The maximum number of history collectors of this session exist already.",
        ))
    }

    /// Returns an ID for a new object of this session.
    pub(crate) fn new_id(&self, rng: &mut fastrand::Rng) -> String {
        format!("session[{}]{}", self.key, uuid(rng))
    }
}

/// All sessions, by header value.
#[derive(Debug)]
pub(crate) struct Sessions {
    open: HashMap<String, Session>,
    idle_limit: Duration,
    rng: fastrand::Rng,
}

impl Sessions {
    /// Creates an empty set. A session expires when idle for longer than `idle_limit`, in unscaled time.
    pub(crate) fn new(idle_limit: Duration, seed: u64) -> Self {
        Self {
            open: HashMap::new(),
            idle_limit,
            rng: fastrand::Rng::with_seed(seed ^ 0x5e55),
        }
    }

    /// Opens a session and returns its header value.
    pub(crate) fn open(&mut self, user: &str, now: WorldTime, unscaled: Duration) -> String {
        let token = uuid(&mut self.rng).replace('-', "");
        self.open_with(token.clone(), user, now, unscaled);
        token
    }

    /// Opens a session with a given header value.
    pub(crate) fn open_with(
        &mut self,
        token: String,
        user: &str,
        now: WorldTime,
        unscaled: Duration,
    ) {
        let key = uuid(&mut self.rng);
        let first = self.rng.u64(1..1_000_000) * 1000;
        let session = Session {
            key,
            user: user.to_owned(),
            locale: "en_US".to_owned(),
            login: now,
            last_call: now,
            last_active: unscaled,
            collectors: HashMap::from([(
                DEFAULT_COLLECTOR.to_owned(),
                PropertyCollector::new(first),
            )]),
            ..Session::default()
        };
        self.open.insert(token, session);
    }

    pub(crate) fn close(&mut self, token: &str) {
        self.open.remove(token);
    }

    pub(crate) fn close_all(&mut self) -> usize {
        let count = self.open.len();
        self.open.clear();
        count
    }

    /// Makes the collectors and views of all sessions unusable.
    pub(crate) fn revoke_collectors(&mut self) {
        for session in self.open.values_mut() {
            session.collectors_revoked = true;
        }
    }

    /// Destroys all history collectors and returns their number.
    pub(crate) fn drop_histories(&mut self) -> usize {
        let sessions = self.open.values_mut();
        sessions
            .map(|session| {
                session.task_history_collectors.drain().count()
                    + session.event_history_collectors.drain().count()
            })
            .sum()
    }

    /// Counts the objects of all sessions.
    pub(crate) fn open_objects(&self) -> OpenObjects {
        let mut open = OpenObjects::default();
        for session in self.open.values() {
            open.collectors += session.collectors.len().saturating_sub(1);
            open.filters += session
                .collectors
                .values()
                .map(|collector| collector.filters().count())
                .sum::<usize>();
            open.views += session.views.len();
            open.retrievals += session.retrievals.len();
            open.histories +=
                session.task_history_collectors.len() + session.event_history_collectors.len();
        }
        open
    }

    /// Returns the secrets of the open sessions: header values and keys.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let secrets = self.open.iter();
        secrets
            .flat_map(|(token, session)| [token.clone(), session.key.clone()])
            .collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.open.len()
    }

    /// Removes expired sessions with all their objects.
    pub(crate) fn expire(&mut self, unscaled: Duration) {
        let limit = self.idle_limit;
        self.open.retain(|_, session| {
            session.pending_waits > 0 || unscaled.saturating_sub(session.last_active) <= limit
        });
    }

    /// Marks a session as used; false if it does not exist.
    pub(crate) fn touch(&mut self, token: &str, now: WorldTime, unscaled: Duration) -> bool {
        self.expire(unscaled);
        let session = self.open.get_mut(token);
        let live = session.is_some();
        if let Some(session) = session {
            session.last_active = unscaled;
            session.last_call = now;
            session.calls += 1;
        }
        live
    }

    /// Returns all sessions in the order of their login.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Session> {
        let mut sessions: Vec<&Session> = self.open.values().collect();
        sessions.sort_unstable_by(|a, b| (a.login, &a.key).cmp(&(b.login, &b.key)));
        sessions.into_iter()
    }

    pub(crate) fn has(&self, token: &str) -> bool {
        self.open.contains_key(token)
    }

    pub(crate) fn get(&self, token: &str) -> Option<&Session> {
        self.open.get(token)
    }

    pub(crate) fn get_mut(&mut self, token: &str) -> Option<&mut Session> {
        self.open.get_mut(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_idle_sessions_expire() {
        let mut sessions = Sessions::new(Duration::from_secs(60), 1);
        let token = sessions.open("ops", WorldTime::START, Duration::ZERO);
        assert!(sessions.touch(&token, WorldTime::START, Duration::from_secs(60)));
        assert!(sessions.touch(&token, WorldTime::START, Duration::from_secs(120)));
        assert!(!sessions.touch(&token, WorldTime::START, Duration::from_secs(181)));
        assert_eq!(sessions.count(), 0);
    }
}
