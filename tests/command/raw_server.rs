//! A server of the VI JSON API whose responses a test can replace, byte by byte.

use std::{fmt::Write as _, future::pending, io::Write as _, sync::Arc};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// The handling of a request.
pub(crate) enum Reply {
    /// The regular response of a vCenter.
    Regular,
    /// These bytes, from the status line on; the connection stays open.
    Bytes(Vec<u8>),
    /// No response; the connection stays open.
    NoResponse,
}

/// Starts a server and returns its URL. `reply` is called with the request line, such as `GET /sdk/vim25/9.0.0.0/… HTTP/1.1`.
pub(crate) async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let reply = Arc::new(reply);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let reply = reply.clone();
            tokio::spawn(async move { serve(stream, &*reply).await });
        }
    });
    url
}

/// Serves one connection until the client closes it.
async fn serve(stream: TcpStream, reply: &(impl Fn(&str) -> Reply + Send + Sync)) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if !matches!(stream.read_line(&mut request).await, Ok(1..)) {
            return;
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            if !matches!(stream.read_line(&mut header).await, Ok(1..)) {
                return;
            }
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let bytes = match reply(request.trim()) {
            Reply::Regular => regular_response(&request),
            Reply::Bytes(bytes) => bytes,
            Reply::NoResponse => pending().await,
        };
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

/// Builds a response with its content length.
pub(crate) fn http(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// Compresses a body with gzip.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// Returns a running task as sent by the server.
pub(crate) fn task_info(mo_id: &str) -> Value {
    json!({
        "_typeName": "TaskInfo", "key": mo_id,
        "task": {"_typeName": "ManagedObjectReference", "type": "Task", "value": mo_id},
        "descriptionId": "VirtualMachine.clone", "state": "running", "cancelled": false, "cancelable": true,
        "reason": {"_typeName": "TaskReasonUser", "userName": "ops"},
        "queueTime": "2026-01-31T12:00:00Z", "startTime": "2026-01-31T12:00:00Z", "eventChainId": 7,
    })
}

fn regular_response(request: &str) -> Vec<u8> {
    let reference =
        |name: &str| json!({"_typeName": "ManagedObjectReference", "type": name, "value": name});
    let path = request.split(' ').nth(1).unwrap();
    let last = path.rsplit('/').next().unwrap();
    let body = match last {
        "system?action=hello" => json!({"api_release": "9.0.0.0"}),
        "content" => json!({
            "_typeName": "ServiceContent",
            "sessionManager": reference("SessionManager"), "taskManager": reference("TaskManager"),
            "about": {"_typeName": "AboutInfo", "fullName": "a server", "version": "9.0.0", "apiType": "VirtualCenter"},
        }),
        "Login" => {
            let session = json!({"_typeName": "UserSession", "key": "52", "userName": "ops"});
            let headers = [("vmware-api-session-id", "abc")];
            return http("200 OK", &headers, session.to_string().as_bytes());
        }
        "Logout" => return http("204 No Content", &[], b""),
        "CurrentTime" => json!("2026-01-31T12:10:00Z"),
        "recentTask" => json!([]),
        "description" => json!({"_typeName": "TaskDescription", "methodInfo": []}),
        "info" => {
            let mo_id = path.rsplit('/').nth(1).unwrap();
            task_info(mo_id)
        }
        _ => {
            let fault = json!({"_typeName": "NotSupported", "faultstring": "not here"});
            return http(
                "500 Internal Server Error",
                &[],
                fault.to_string().as_bytes(),
            );
        }
    };
    http("200 OK", &[], body.to_string().as_bytes())
}
