//! Login, resumption and logout of a session, and the headers that carry it.

use std::{
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::select_ok;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{sync::OnceCell, time::timeout};

use super::{
    client::{ApiCall, Client},
    credentials::{Credentials, SessionStore},
    error::{Error, ErrorKind},
    method::ApiMethod,
    transport::{RequestBody, RequestLabel},
    types::{Malformed, UserSession},
};

const SESSION_HEADER: HeaderName = HeaderName::from_static("vmware-api-session-id");
/// Time after which an unanswered logout is repeated over a new connection.
const LOGOUT_RETRY_DELAY: Duration = Duration::from_millis(300);

impl Client {
    /// Logs in if the credentials require a call. A session that was open before is ended first, if possible.
    ///
    /// # Errors
    /// Returns an error if the server cannot be reached or rejects the login; a rejected login must not be repeated.
    pub async fn sign_in(&self) -> Result<Option<UserSession>, Error> {
        let session = self.open_session().await?;
        let locale = session.as_ref().and_then(|session| session.locale.clone());
        *self.locale.write().unwrap_or_else(PoisonError::into_inner) = locale;
        Ok(session)
    }

    /// Returns the locale of labels and messages, if the session was created or resumed here.
    pub fn locale(&self) -> Option<String> {
        let locale = self.locale.read();
        locale.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn open_session(&self) -> Result<Option<UserSession>, Error> {
        let Credentials::Password {
            user,
            password,
            store,
        } = &self.credentials
        else {
            return Ok(None);
        };
        let before = self.session();
        // A session may be invalid for some calls only and would otherwise stay open.
        let _ = self.end_session().await;
        if let Some(store) = store
            && let Some(session) = self.resume(store.as_ref(), before.as_ref()).await?
        {
            return Ok(Some(session));
        }
        let action = || format!("signing in as {user}");
        let manager = &self.content.session_manager;
        let body = login(user, password)
            .map_err(|error| self.error(&action, ErrorKind::Unsupported(error.to_string())))?;
        let call = ApiCall::post(manager, ApiMethod::Login, body);
        let answer = self.send(&call, &action).await?;
        let Some(session) = answer.headers.get(SESSION_HEADER) else {
            return Err(self.error(
                &action,
                ErrorKind::Malformed(Box::new(Malformed::Missing {
                    type_name: "the answer to Login",
                    field: "vmware-api-session-id",
                })),
            ));
        };
        let session =
            secret_value(session.as_bytes()).map_err(|_| self.error(&action, unsendable()))?;
        if let Some(store) = store
            && let Ok(id) = session.to_str()
        {
            let is_stored = store.save(&SecretString::from(id));
            self.is_session_stored.store(is_stored, Ordering::Relaxed);
        }
        self.set_session(Some(session));
        tracing::info!(server = self.server(), user, "signed in");
        self.read(&action, &answer, UserSession::from_json)
            .map(Some)
    }

    /// Resumes the stored session if the server still knows it. `dead` is a session that must not be tried again.
    async fn resume(
        &self,
        store: &dyn SessionStore,
        dead: Option<&HeaderValue>,
    ) -> Result<Option<UserSession>, Error> {
        let Some(kept) = store.load() else {
            return Ok(None);
        };
        let known = self.secret_header(&kept).ok();
        let known = known.filter(|known| Some(known) != dead);
        let answer = match known {
            None => None,
            Some(header) => {
                self.set_session(Some(header));
                match self.current_session().await {
                    Ok(answer) => answer,
                    Err(error) => {
                        let status = match error.kind {
                            ErrorKind::Status { status, .. } => Some(status),
                            _ => None,
                        };
                        if error.is_transient() && (status.is_none() || error.is_retryable()) {
                            self.set_session(None);
                            return Err(error);
                        }
                        // A refusal counts as an unknown session, which may still be open.
                        if !error.is_session_dead() && status != Some(401) {
                            let _ = self.end_session().await;
                        }
                        None
                    }
                }
            }
        };
        self.is_session_stored
            .store(answer.is_some(), Ordering::Relaxed);
        if answer.is_none() {
            self.set_session(None);
            store.clear();
        }
        Ok(answer)
    }

    /// Returns the session in use as the server knows it; `None` if it is unknown.
    pub async fn current_session(&self) -> Result<Option<UserSession>, Error> {
        let action = || "checking the session".to_owned();
        let manager = &self.content.session_manager;
        let call = ApiCall::get(manager, "currentSession", "SessionManager/currentSession");
        let parse = |session| match session {
            Value::Null => Ok(None),
            session => UserSession::from_json(session).map(Some),
        };
        let answer = self.send(&call, &action).await?;
        self.read(&action, &answer, parse)
    }

    /// True if [`sign_out`](Self::sign_out) ends the session.
    pub fn ends_session(&self) -> bool {
        self.credentials.can_renew() && !self.is_session_stored.load(Ordering::Relaxed)
    }

    /// Ends the session created by [`sign_in`](Self::sign_in). A given session, or one stored for the next run, stays
    /// open.
    ///
    /// # Errors
    /// Returns an error if the request failed; the session then ends by its idle time-out.
    pub async fn sign_out(&self) -> Result<(), Error> {
        if !self.ends_session() {
            return Ok(());
        }
        tracing::info!(server = self.server(), "signing out");
        self.end_session().await
    }

    /// Ends the session in use, even one that was given or stored.
    ///
    /// # Errors
    /// Returns an error if the request failed; the session then ends by its idle time-out.
    pub async fn end_session(&self) -> Result<(), Error> {
        if self.session().is_none() {
            return Ok(());
        }
        let action = || "signing out".to_owned();
        let manager = &self.content.session_manager;
        let call = ApiCall::post(manager, ApiMethod::Logout, json!({}));
        let log_out = async || match self.send(&call, &action).await {
            Ok(answer) => self.read(&action, &answer, |_| Ok(())),
            Err(error) if error.is_session_dead() => Ok(()),
            Err(error) => Err(error),
        };
        let mut first = Box::pin(log_out());
        let ended = if let Ok(ended) = timeout(LOGOUT_RETRY_DELAY, &mut first).await {
            ended
        } else {
            self.transport.renew_connections();
            let ended = select_ok([first, Box::pin(log_out())]).await;
            ended.map(|((), _)| ())
        };
        self.set_session(None);
        ended
    }

    /// True if an expired session can be replaced by a new one.
    pub fn can_renew(&self) -> bool {
        self.credentials.can_renew()
    }

    /// Makes requests sign in again, once per client, when they find the session dead.
    #[must_use]
    pub fn with_renewal(mut self) -> Self {
        self.renewal = self.can_renew().then(OnceCell::new);
        self
    }

    /// Renews a dead session unless it was renewed before. Returns true if the request that failed with `error` was
    /// sent in an older session than the one now in use.
    pub(super) async fn renew_session(&self, error: &Error, session: Option<HeaderValue>) -> bool {
        let Some(renewal) = &self.renewal else {
            return false;
        };
        if error.is_session_dead() {
            // After a failed login there is no session.
            let sign_in = async || drop(Box::pin(self.sign_in()).await);
            renewal.get_or_init(sign_in).await;
        }
        let current = self.session();
        current.is_some() && current != session
    }

    pub(super) fn headers(&self, action: RequestLabel<'_>) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        if let Credentials::Authorization(value) = &self.credentials {
            let value = self
                .secret_header(value)
                .map_err(|error| self.error(action, error.kind))?;
            headers.insert(AUTHORIZATION, value);
        }
        if let Some(session) = self.session() {
            headers.insert(SESSION_HEADER, session);
        }
        Ok(headers)
    }

    pub(super) fn secret_header(&self, secret: &SecretString) -> Result<HeaderValue, Error> {
        let header = secret_value(secret.expose_secret().trim().as_bytes());
        header.map_err(|_| self.error(&|| "signing in".to_owned(), unsendable()))
    }

    pub(super) fn session(&self) -> Option<HeaderValue> {
        let session = self.session.read();
        session.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_session(&self, session: Option<HeaderValue>) {
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = session;
    }
}

/// Returns the parameters of `Login`.
fn login(user: &str, password: &SecretString) -> serde_json::Result<RequestBody> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Login<'a> {
        user_name: &'a str,
        password: &'a str,
    }
    let password = password.expose_secret();
    // A character may take six bytes in JSON.
    let maximum = 64 + 6 * (user.len() + password.len());
    let login = Login {
        user_name: user,
        password,
    };
    RequestBody::secret(&login, maximum)
}

/// Returns a header value that is never printed, and wiped from memory when the last request with it is dropped.
fn secret_value(value: &[u8]) -> Result<HeaderValue, InvalidHeaderValue> {
    let value = Bytes::from_owner(Zeroizing::new(value.to_vec()));
    let mut header = HeaderValue::from_maybe_shared(value)?;
    header.set_sensitive(true);
    Ok(header)
}

fn unsendable() -> ErrorKind {
    let why = "the session id or Authorization value has characters that cannot be sent.";
    ErrorKind::Unsupported(why.to_owned())
}
