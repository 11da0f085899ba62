//! Basic authentication against bcrypt hashes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::{sync::Semaphore, task::spawn_blocking};

type Digest = [u8; 32];

/// The users of the web server.
pub(super) struct BasicAuth {
    /// Hashes by user.
    users: BTreeMap<String, String>,
    /// Digests of the passwords that were verified. A bcrypt hash takes long by design, and every scrape needs one.
    verified: Mutex<BTreeMap<String, Digest>>,
    /// Permit for verifying a hash, so that guessed passwords use at most one core.
    permit: Semaphore,
}

impl BasicAuth {
    pub(super) fn new(users: BTreeMap<String, String>) -> Self {
        Self {
            users,
            verified: Mutex::default(),
            permit: Semaphore::new(1),
        }
    }

    fn verified(&self) -> MutexGuard<'_, BTreeMap<String, Digest>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn accepts(&self, user: String, password: String) -> bool {
        let digest: Digest = Sha256::digest(&password).into();
        let known = self.verified().get(&user).copied();
        if known.is_some_and(|known| known.ct_eq(&digest).into()) {
            return true;
        }
        let Ok(_permit) = self.permit.acquire().await else {
            return false;
        };
        let hash = self.users.get(&user);
        let is_user = hash.is_some();
        // A hash is verified for an unknown user, too, so that the response time does not reveal which users exist.
        let Some(hash) = hash.or_else(|| self.users.values().next()).cloned() else {
            return false;
        };
        let verifying = spawn_blocking(move || bcrypt::verify(password, &hash).unwrap_or(false));
        let is_accepted = verifying.await.unwrap_or(false) && is_user;
        if is_accepted {
            self.verified().insert(user, digest);
        }
        is_accepted
    }
}

/// Passes requests on that have the password of a user.
pub(super) async fn check(
    State(auth): State<Arc<BasicAuth>>,
    request: Request,
    next: Next,
) -> Response {
    let credentials = credentials(request.headers());
    if let Some((user, password)) = credentials
        && auth.accepts(user, password).await
    {
        return next.run(request).await;
    }
    let challenge = HeaderValue::from_static("Basic realm=\"vtask\", charset=\"UTF-8\"");
    let headers = [(header::WWW_AUTHENTICATE, challenge)];
    (StatusCode::UNAUTHORIZED, headers, "unauthorized\n").into_response()
}

/// Returns the user and the password of a request.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth() -> BasicAuth {
        let hash = bcrypt::hash("s3cret", 4).unwrap();
        BasicAuth::new(BTreeMap::from([("ops".to_owned(), hash)]))
    }

    async fn accepts(auth: &BasicAuth, user: &str, password: &str) -> bool {
        auth.accepts(user.to_owned(), password.to_owned()).await
    }

    #[tokio::test]
    async fn a_verified_password_is_not_hashed_again() {
        let auth = auth();
        assert!(accepts(&auth, "ops", "s3cret").await);
        // While the permit is held, no hash can be verified.
        let permit = auth.permit.acquire().await.unwrap();
        assert!(accepts(&auth, "ops", "s3cret").await);
        drop(permit);
        assert!(!accepts(&auth, "ops", "s3cret2").await);
        assert!(!accepts(&auth, "dev", "s3cret").await);
    }

    #[test]
    fn credentials_are_read_from_the_header() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            credentials(&headers)
        };
        let expected = Some(("ops".to_owned(), "a:b".to_owned()));
        assert_eq!(read("Basic b3BzOmE6Yg=="), expected);
        assert_eq!(read("basic  b3BzOmE6Yg=="), expected);
        for value in ["Bearer b3BzOmE6Yg==", "Basic", "Basic ?", "Basic b3Bz"] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
