//! Logs a request at its end, however it ends.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;

use super::log::{BodySize, RequestRecord};
use crate::fault_injection::Dropped;
use crate::server::ServerCore;

/// A request in progress, logged on drop.
pub(crate) struct InFlight {
    server: Arc<ServerCore>,
    pub record: RequestRecord,
}

impl InFlight {
    pub(crate) fn begin(server: &Arc<ServerCore>, request: &Request, kind: String) -> Self {
        let record = RequestRecord {
            at: server.real_time(),
            method: request.method().to_string(),
            kind,
            path: request.uri().path().to_owned(),
            status: 0,
            bytes: 0,
        };
        Self {
            server: server.clone(),
            record,
        }
    }

    /// Records the status and size of the response.
    pub(crate) fn finish(mut self, response: Response) -> Response {
        let extensions = response.extensions();
        if extensions.get::<Dropped>().is_none() {
            self.record.status = response.status().as_u16();
            self.record.bytes = extensions.get::<BodySize>().map_or(0, |size| size.0);
        }
        response
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.server.log().add(self.record.clone());
    }
}
