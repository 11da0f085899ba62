//! A proxy in front of the embedded vCenter that changes some of its responses.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Response, StatusCode, Uri},
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use vtask::simulator::Simulator;

/// A running proxy, stopped on drop.
pub(crate) struct Proxy {
    pub(crate) url: String,
    server_task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server_task.abort();
    }
}

impl Proxy {
    /// Starts a proxy. `change` is called with the path and with the status and body of each response.
    pub(crate) async fn start(
        simulator: &Simulator,
        change: impl Fn(&str, &mut u16, &mut Value) + Send + Sync + 'static,
    ) -> Self {
        let (server, change) = (simulator.url(), Arc::new(change));
        let client = super::http_client();
        let forward = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let (client, change) = (client.clone(), change.clone());
            let url = format!("{}{uri}", server.trim_end_matches('/'));
            async move {
                let request = client.request(method, url).body(body);
                let forwarded = ["content-type", "vmware-api-session-id"];
                let request =
                    forwarded
                        .iter()
                        .fold(request, |request, name| match headers.get(*name) {
                            Some(value) => request.header(*name, value),
                            None => request,
                        });
                let response = request.send().await.unwrap();
                let mut status = response.status().as_u16();
                let headers = response.headers().clone();
                let body = response.bytes().await.unwrap();
                let mut value = serde_json::from_slice(&body).unwrap_or_default();
                let before = (status, Value::clone(&value));
                change(uri.path(), &mut status, &mut value);
                let body = if before == (status, value.clone()) {
                    body
                } else {
                    Bytes::from(value.to_string())
                };
                let mut changed = Response::new(Body::from(body));
                *changed.status_mut() = StatusCode::from_u16(status).unwrap();
                for name in forwarded {
                    if let Some(value) = headers.get(name) {
                        changed.headers_mut().insert(name, value.clone());
                    }
                }
                changed
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server_task = tokio::spawn(async move {
            axum::serve(listener, Router::new().fallback(forward))
                .await
                .unwrap();
        });
        Self { url, server_task }
    }
}

/// Returns the moId of the task whose `TaskInfo` is read by a request of this path.
pub(crate) fn task_read(path: &str) -> Option<&str> {
    path.strip_suffix("/info")?
        .rsplit_once("/Task/")
        .map(|(_, mo_id)| mo_id)
}
