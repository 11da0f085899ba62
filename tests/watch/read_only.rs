//! A read-only client refuses to send requests that change something on the server.

use crate::watch::support::{Harness, connect, count, running_task, start_server, watch_by};
use vtask::{
    vim::Client,
    watch::{CancelResponse, Command, FetchMode},
};

crate::watch::support::push_and_poll! {
    cancel_command_is_refused_locally,
}

#[tokio::test]
async fn cancel_task_is_refused_locally() {
    let (simulator, control) = start_server("demo").await;
    let mut options = connect(&simulator);
    options.read_only = true;
    let client = Client::connect(options).await.unwrap();
    client.sign_in().await.unwrap();
    let task = running_task(&control);
    assert!(client.task_info(&task).await.is_ok(), "reading is allowed");
    let before = control.request_count();
    let error = client.cancel_task(&task).await.unwrap_err();
    assert!(error.to_string().contains("read-only"), "{error}");
    assert!(error.to_string().contains(&task), "{error}");
    assert_eq!(control.request_count(), before, "nothing was sent");
}

async fn cancel_command_is_refused_locally(mode: FetchMode) {
    let (simulator, control) = start_server("demo").await;
    let mut options = watch_by(mode, &simulator, &[]);
    options.connect.read_only = true;
    let mut harness = Harness::start(options);
    harness.until_synced("the tasks", &control).await;
    harness.send(Command::Cancel(running_task(&control).as_str().into()));
    harness
        .until("the refusal", |harness| !harness.cancels.is_empty())
        .await;
    let (_, answer) = &harness.cancels[0];
    assert!(
        matches!(answer, CancelResponse::Failed(reason) if reason.contains("read-only")),
        "{answer:?}"
    );
    assert_eq!(count(&control, "Task/CancelTask"), 0);
    harness.stop().await;
}
