//! A proxy in front of the embedded vCenter that changes some of its answers.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Response, StatusCode, Uri},
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use vtask::simulator::Simulator;

/// Ends when it is dropped.
pub(crate) struct Proxy {
    pub(crate) url: String,
    serving: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Proxy {
    /// Changes what `change` changes: it is given the path, and the answer's status and body.
    pub(crate) async fn start(
        simulator: &Simulator,
        change: impl Fn(&str, &mut u16, &mut Value) + Send + Sync + 'static,
    ) -> Self {
        let (server, change) = (simulator.url(), Arc::new(change));
        let client = super::http_client();
        let pass = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let (client, change) = (client.clone(), change.clone());
            let url = format!("{}{uri}", server.trim_end_matches('/'));
            async move {
                let request = client.request(method, url).body(body);
                let kept = ["content-type", "vmware-api-session-id"];
                let request = kept
                    .iter()
                    .fold(request, |request, name| match headers.get(*name) {
                        Some(value) => request.header(*name, value),
                        None => request,
                    });
                let answer = request.send().await.unwrap();
                let mut status = answer.status().as_u16();
                let headers = answer.headers().clone();
                let body = answer.bytes().await.unwrap();
                let mut value = serde_json::from_slice(&body).unwrap_or_default();
                let before = (status, Value::clone(&value));
                change(uri.path(), &mut status, &mut value);
                let body = if before == (status, value.clone()) {
                    body
                } else {
                    Bytes::from(value.to_string())
                };
                let mut response = Response::new(Body::from(body));
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                for name in kept {
                    if let Some(value) = headers.get(name) {
                        response.headers_mut().insert(name, value.clone());
                    }
                }
                response
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            axum::serve(listener, Router::new().fallback(pass))
                .await
                .unwrap();
        });
        Self { url, serving }
    }
}

/// The moId of the task whose `TaskInfo` is read by this path.
pub(crate) fn task_read(path: &str) -> Option<&str> {
    path.strip_suffix("/info")?
        .rsplit_once("/Task/")
        .map(|(_, mo_id)| mo_id)
}
