//! Methods of the session manager.

use crate::method_fault::MethodFault;
use crate::service::call::{ApiCall, CallResponse, CallResult};
use crate::service::dispatch::Core;
use crate::service::fields::Fields;

impl Core {
    pub(crate) fn login(&mut self, call: &ApiCall) -> CallResult {
        self.require_object("", &call.object)?;
        let mut fields = self.fields(call)?;
        let (user, password) = (fields.string("userName")?, fields.string("password")?);
        let locale = fields.optional_string("locale")?;
        fields.done()?;
        let right = match &self.access.credentials {
            Some((known_user, known_password)) => {
                *known_user == user && *known_password == password
            }
            None => !user.is_empty() && !password.is_empty(),
        };
        if !right {
            return Err(MethodFault::invalid_login());
        }
        let token = self.sessions.open(&user, self.world.now(), self.unscaled);
        if let Some(session) = self.sessions.get_mut(&token) {
            session.user_agent.clone_from(&call.user_agent);
            session.locale = locale.unwrap_or_else(|| std::mem::take(&mut session.locale));
        }
        let session = self
            .sessions
            .get(&token)
            .map(|session| session.to_json(&self.calendar));
        Ok(CallResponse::SignedIn(token, session.unwrap_or_default()))
    }

    pub(super) fn logout(&mut self, token: &str, fields: Fields) -> CallResult {
        fields.done()?;
        self.sessions.close(token);
        self.wake_waits();
        Ok(CallResponse::Void)
    }
}
