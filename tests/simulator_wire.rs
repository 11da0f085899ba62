//! The embedded vCenter from outside: addresses, sessions, values, faults.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod simulator_support;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use simulator_support::*;
use vtask::simulator::behaviour::{Behaviours, Boxing, EmptyList, ErrorForm, Outage, VoidAnswer};

#[tokio::test]
async fn hello_gives_the_first_release_that_both_know() {
    let bench = Bench::start(ESTATE).await;
    let url = format!("{}/api/vcenter/system?action=hello", bench.base);
    let hello = |releases: Value| {
        let request = bench
            .http
            .post(&url)
            .json(&json!({"api_releases": releases}));
        async move { reply(request.send().await.unwrap()).await }
    };
    assert_eq!(
        hello(json!(["9.1.0.0", "8.0.3.0", "8.0.2.0"])).await,
        (200, json!({"api_release": "8.0.3.0"}))
    );
    assert_eq!(
        hello(json!(["7.0.0.0"])).await,
        (200, json!({"api_release": ""}))
    );
    assert_eq!(hello(json!("8.0.3.0")).await.0, 400);
    assert_eq!(hello(json!(vec!["8.0.3.0"; 129])).await.0, 400);
    bench
        .control
        .behave(|ways| *ways = Behaviours::release_8_0_1());
    assert_eq!(
        bench
            .http
            .post(&url)
            .json(&json!({}))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    let old = format!(
        "{}/sdk/vim25/8.0.1.0/ServiceInstance/ServiceInstance/content",
        bench.base
    );
    assert_eq!(bench.http.get(old).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_content_is_there_before_sign_in_by_both_ways() {
    let bench = Bench::start(ESTATE).await;
    let (status, content) = bench.get("ServiceInstance/ServiceInstance/content").await;
    assert_eq!(status, 200);
    assert_typed(&content);
    assert_eq!(content["about"]["apiType"], "VirtualCenter");
    for manager in [
        "sessionManager",
        "taskManager",
        "propertyCollector",
        "viewManager",
        "eventManager",
        "authorizationManager",
        "rootFolder",
    ] {
        assert!(content[manager]["value"].is_string(), "{manager}");
    }
    let posted = bench
        .post(
            "ServiceInstance/ServiceInstance/RetrieveServiceContent",
            json!({}),
        )
        .await;
    assert_eq!(posted, (200, content));
    let bodiless = bench
        .raw(
            Method::POST,
            "ServiceInstance/ServiceInstance/RetrieveServiceContent",
            None,
        )
        .await;
    assert_eq!(bodiless.status(), 200);
}

#[tokio::test]
async fn a_session_begins_with_login_and_ends_with_logout() {
    let mut bench = Bench::start(THREE).await;
    let refused = bench.get("Task/task-1/info").await;
    assert_fault(&refused, "NotAuthenticated");
    assert_eq!(
        (&refused.1["object"], &refused.1["privilegeId"]),
        (&task(1), &json!("System.View"))
    );
    bench.login().await;
    assert_eq!(bench.info(1).await["key"], "task-1");
    let (status, session) = bench
        .get("SessionManager/SessionManager/currentSession")
        .await;
    assert_eq!(
        (status, &session["userName"]),
        (200, &json!("VSPHERE.LOCAL\\ops"))
    );
    assert_ne!(session["key"].as_str(), bench.session.as_deref());
    assert_eq!(
        bench
            .post("SessionManager/SessionManager/Logout", json!({}))
            .await,
        (204, Value::Null)
    );
    assert_fault(&bench.get("Task/task-1/info").await, "NotAuthenticated");
    assert_eq!(bench.control.sessions(), 0);
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let bench = Bench::with(ESTATE, |options| {
        options.credentials = Some(("ops".to_owned(), "right".to_owned()));
    })
    .await;
    let login = |body| bench.post("SessionManager/SessionManager/Login", body);
    assert_fault(
        &login(json!({"userName": "ops", "password": "wrong"})).await,
        "InvalidLogin",
    );
    assert_fault(&login(json!({"userName": "ops"})).await, "InvalidArgument");
    assert_fault(
        &login(json!({"userName": "ops", "password": "right", "pasword": "x"})).await,
        "InvalidRequest",
    );
    let (status, session) =
        login(json!({"userName": "ops", "password": "right", "locale": "de_DE"})).await;
    assert_eq!(
        (status, &session["_typeName"]),
        (200, &json!("UserSession"))
    );
    let any = Bench::start(ESTATE).await;
    assert_fault(
        &any.post(
            "SessionManager/SessionManager/Login",
            json!({"userName": "x", "password": ""}),
        )
        .await,
        "InvalidLogin",
    );
}

#[tokio::test]
async fn sessions_expire_when_idle_and_die_when_killed() {
    let mut bench = Bench::with(THREE, |options| {
        options.session_timeout = Duration::from_secs(60);
    })
    .await;
    bench.login().await;
    bench.advance(50);
    bench.info(1).await;
    bench.advance(50);
    bench.info(1).await;
    bench.advance(61);
    assert_fault(&bench.get("Task/task-1/info").await, "NotAuthenticated");
    bench.login().await;
    assert_eq!(bench.control.kill_sessions(), 1);
    assert_fault(&bench.get("Task/task-1/info").await, "NotAuthenticated");
}

#[tokio::test]
async fn other_ways_in_are_an_authorization_value_and_a_ready_session() {
    let mut bench = Bench::with(THREE, |options| {
        options.authorization = Some("Bearer abc".to_owned());
        options.ready_sessions = vec!["ready-made".to_owned()];
    })
    .await;
    let url = format!("{}/sdk/vim25/{RELEASE}/Task/task-1/info", bench.base);
    let with = |value: &str| bench.http.get(&url).header("Authorization", value).send();
    assert_eq!(with("Bearer abc").await.unwrap().status(), 200);
    assert_eq!(with("Bearer abd").await.unwrap().status(), 500);
    bench.session = Some("ready-made".to_owned());
    bench.info(1).await;
}

#[tokio::test]
async fn no_cookies_and_the_right_content_type() {
    let mut bench = Bench::start(THREE).await;
    bench.login().await;
    let response = bench.raw(Method::GET, "Task/task-1/info", None).await;
    assert!(response.headers().get("set-cookie").is_none());
    assert_eq!(response.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn task_info_has_every_field_in_its_type() {
    let bench = Bench::signed_in(THREE).await;
    bench.advance(20);
    let info = bench.info(1).await;
    assert_typed(&info);
    assert_eq!(info["task"], task(1));
    assert_eq!(info["description"]["message"], "One");
    assert_eq!(
        info["description"]["arg"][0]["value"],
        json!({"_typeName": "string", "_value": "1"})
    );
    assert_eq!(
        (&info["name"], &info["descriptionId"]),
        (&json!("CloneVM_Task"), &json!("VirtualMachine.clone"))
    );
    assert_eq!(
        (&info["entity"]["type"], &info["entityName"]),
        (&json!("VirtualMachine"), &json!("a"))
    );
    assert_eq!(info["locked"], json!([info["entity"]]));
    assert_eq!(
        (&info["state"], &info["cancelled"], &info["cancelable"]),
        (&json!("running"), &json!(false), &json!(true))
    );
    assert_eq!(info["progress"], 19);
    assert_eq!(info["progressDetails"][0]["key"], "bytesTransferred");
    assert_eq!(
        info["reason"],
        json!({"_typeName": "TaskReasonUser", "userName": "VSPHERE.LOCAL\\ops"})
    );
    for time in ["queueTime", "startTime"] {
        assert!(
            info[time]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .is_ok(),
            "{time}"
        );
    }
    assert!(info["eventChainId"].as_i64().unwrap() > 0);
    assert_eq!(
        (&info["changeTag"], &info["activationId"]),
        (&json!("CHG1"), &json!("act-1"))
    );
    for unset in [
        "error",
        "result",
        "completeTime",
        "parentTaskKey",
        "rootTaskKey",
    ] {
        assert!(info.get(unset).is_none(), "{unset}");
    }
    let internal = bench.info(2).await;
    assert!(
        internal.get("name").is_none()
            && internal.get("progress").is_none()
            && internal.get("entity").is_none()
    );
    assert_eq!(internal["reason"]["_typeName"], "TaskReasonAlarm");
    assert_eq!(
        internal["reason"]["entity"]["type"],
        "ClusterComputeResource"
    );
    let failed = bench.info(3).await;
    assert_eq!(
        (&failed["state"], &failed["error"]["_typeName"]),
        (&json!("error"), &json!("InvalidPowerState"))
    );
    assert_eq!(failed["error"]["faultCause"]["file"], "[ds] b.vmx");
    assert!(failed["completeTime"].is_string());
    bench.advance(100);
    assert_eq!(
        bench.info(2).await["result"],
        json!({"_typeName": "int", "_value": 42})
    );
    assert_eq!(
        bench.info(1).await["result"],
        reference("VirtualMachine", "vm-99")
    );
}

#[tokio::test]
async fn the_other_form_of_errors_and_bare_results() {
    let bench = Bench::signed_in(THREE).await;
    bench.advance(70);
    bench.control.behave(|ways| {
        ways.error_form = ErrorForm::Wrapped;
        ways.boxing = Boxing::Bare;
    });
    let error = &bench.info(3).await["error"];
    assert_eq!(
        (&error["_typeName"], &error["localizedMessage"]),
        (&json!("LocalizedMethodFault"), &json!("not now"))
    );
    assert_eq!(error["fault"]["requestedState"], "poweredOn");
    assert_eq!(error["fault"]["faultCause"]["fault"]["file"], "[ds] b.vmx");
    assert_eq!(bench.info(2).await["result"], 42);
}

#[tokio::test]
async fn cancelling_and_every_refusal() {
    let bench = Bench::signed_in(THREE).await;
    bench.advance(20);
    assert_eq!(cancel(&bench, 1).await, (204, Value::Null));
    let asked = bench.info(1).await;
    assert_eq!(
        (&asked["cancelled"], &asked["state"]),
        (&json!(true), &json!("running"))
    );
    assert_fault(&cancel(&bench, 1).await, "InvalidState");
    assert_fault(&cancel(&bench, 2).await, "NotSupported");
    assert_fault(&cancel(&bench, 3).await, "InvalidState");
    let missing = cancel(&bench, 99).await;
    assert_fault(&missing, "ManagedObjectNotFound");
    assert_eq!(missing.1["obj"], task(99));
    bench.advance(5);
    let ended = bench.info(1).await;
    assert_eq!(
        (&ended["state"], &ended["error"]["_typeName"]),
        (&json!("error"), &json!("RequestCanceled"))
    );
    bench.control.behave(|ways| ways.cancel_privilege = false);
    let forbidden = cancel(&bench, 2).await;
    assert_fault(&forbidden, "NoPermission");
    assert_eq!(forbidden.1["privilegeId"], "Global.CancelTask");
}

async fn cancel(bench: &Bench, number: u64) -> Reply {
    bench
        .post(&format!("Task/task-{number}/CancelTask"), json!({}))
        .await
}

#[tokio::test]
async fn finished_tasks_vanish() {
    let bench = Bench::signed_in(THREE).await;
    bench.advance(609);
    bench.info(3).await;
    bench.advance(1);
    let gone = bench.get("Task/task-3/info").await;
    assert_fault(&gone, "ManagedObjectNotFound");
    let (_, recent) = bench.get("TaskManager/TaskManager/recentTask").await;
    assert_eq!(recent, json!([task(1), task(2)]));
}

#[tokio::test]
async fn strange_ids_are_objects_that_do_not_exist() {
    let bench = Bench::signed_in(THREE).await;
    for (raw, id) in [
        ("a%2Fb", "a/b"),
        ("..%2F..", "../.."),
        ("x%3Fy%23", "x?y#"),
        ("session%5B1%5D2", "session[1]2"),
        ("task-01", "task-01"),
    ] {
        let missing = bench.get(&format!("Task/{raw}/info")).await;
        assert_fault(&missing, "ManagedObjectNotFound");
        assert_eq!(missing.1["obj"]["value"], id);
    }
}

#[tokio::test]
async fn what_nobody_knows_is_a_fault_and_what_is_elsewhere_a_page() {
    let bench = Bench::signed_in(THREE).await;
    assert_fault(&bench.get("Task/task-1/colour").await, "MethodNotFound");
    assert_fault(&bench.get("Task/task-1/info.state").await, "MethodNotFound");
    assert_fault(
        &bench.post("Task/task-1/Explode", json!({})).await,
        "MethodNotFound",
    );
    assert_fault(&bench.get("Gadget/g-1/info").await, "InvalidRequest");
    let broken = bench.http.post(format!(
        "{}/sdk/vim25/{RELEASE}/Task/task-1/CancelTask",
        bench.base
    ));
    let broken = broken
        .header("vmware-api-session-id", bench.session.as_ref().unwrap())
        .body("{\"a\":");
    assert_fault(&reply(broken.send().await.unwrap()).await, "InvalidRequest");
    let unknown_release = bench.http.get(format!(
        "{}/sdk/vim25/7.0.0.0/ServiceInstance/ServiceInstance/content",
        bench.base
    ));
    assert_fault(
        &reply(unknown_release.send().await.unwrap()).await,
        "InvalidRequest",
    );
    for path in ["/", "/ui", "/sdk/vim25/8.0.3.0/Task/task-1"] {
        let response = bench
            .http
            .get(format!("{}{path}", bench.base))
            .send()
            .await
            .unwrap();
        assert_eq!(
            (
                response.status().as_u16(),
                response.headers()["content-type"].to_str().unwrap()
            ),
            (404, "text/html")
        );
    }
}

#[tokio::test]
async fn the_task_manager_and_the_clock() {
    let bench = Bench::with(THREE, |options| {
        options.starts_at = Some("2026-03-04T15:00:00Z".parse().unwrap());
    })
    .await;
    let mut bench = bench;
    bench.login().await;
    let (_, description) = bench.get("TaskManager/TaskManager/description").await;
    assert_typed(&description);
    let clone = description["methodInfo"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == "VirtualMachine.clone");
    assert_eq!(clone.unwrap()["label"], "Clone virtual machine");
    assert_eq!(
        bench.get("TaskManager/TaskManager/maxCollector").await,
        (200, json!(32))
    );
    bench.advance(90);
    assert_eq!(
        bench
            .post("ServiceInstance/ServiceInstance/CurrentTime", json!({}))
            .await,
        (200, json!("2026-03-04T15:01:30Z"))
    );
    assert_eq!(bench.info(1).await["queueTime"], "2026-03-04T15:00:00Z");
}

#[tokio::test]
async fn the_clock_can_be_wrong() {
    let mut bench = Bench::with(THREE, |options| {
        options.clock_offset = jiff::SignedDuration::from_mins(-7);
    })
    .await;
    bench.login().await;
    let (_, time) = bench
        .post("ServiceInstance/ServiceInstance/CurrentTime", json!({}))
        .await;
    let time: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
    let behind = jiff::Timestamp::now().duration_since(time);
    assert!((6 * 60..8 * 60).contains(&behind.as_secs()), "{behind:?}");
}

#[tokio::test]
async fn the_inventory_can_be_walked_property_by_property() {
    let bench = Bench::signed_in(ESTATE).await;
    let (_, content) = bench.get("ServiceInstance/ServiceInstance/content").await;
    let root = content["rootFolder"]["value"].as_str().unwrap();
    let (_, centres) = bench.get(&format!("Folder/{root}/childEntity")).await;
    let centre = centres[0]["value"].as_str().unwrap();
    assert_eq!(
        bench.get(&format!("Folder/{root}/parent")).await,
        (204, Value::Null)
    );
    let (_, folder) = bench.get(&format!("Datacenter/{centre}/vmFolder")).await;
    let (_, folders) = bench
        .get(&format!(
            "Folder/{}/childEntity",
            folder["value"].as_str().unwrap()
        ))
        .await;
    let (_, machines) = bench
        .get(&format!(
            "Folder/{}/childEntity",
            folders[0]["value"].as_str().unwrap()
        ))
        .await;
    let machine = |index: usize| machines[index]["value"].as_str().unwrap().to_owned();
    assert_eq!(
        bench
            .get(&format!("VirtualMachine/{}/name", machine(2)))
            .await,
        (200, json!("x/y"))
    );
    assert_eq!(
        bench
            .get(&format!("VirtualMachine/{}/name", machine(3)))
            .await,
        (200, json!("evil\u{1b}[31m"))
    );
    let (_, runtime) = bench
        .get(&format!("VirtualMachine/{}/runtime", machine(0)))
        .await;
    assert_eq!(runtime["host"]["type"], "HostSystem");
    assert_eq!(
        bench
            .get(&format!("VirtualMachine/{}/recentTask", machine(0)))
            .await,
        (200, json!([]))
    );
    bench
        .control
        .behave(|ways| ways.empty_list = EmptyList::NoContent);
    assert_eq!(
        bench
            .get(&format!("VirtualMachine/{}/recentTask", machine(0)))
            .await,
        (204, Value::Null)
    );
    bench
        .control
        .behave(|ways| ways.empty_list = EmptyList::Null);
    assert_eq!(
        bench
            .get(&format!("VirtualMachine/{}/recentTask", machine(0)))
            .await,
        (200, Value::Null)
    );
}

#[tokio::test]
async fn privileges_are_told_for_the_own_session() {
    let bench = Bench::signed_in(THREE).await;
    let (_, session) = bench
        .get("SessionManager/SessionManager/currentSession")
        .await;
    let entity = bench.info(1).await["entity"].clone();
    let ask = |key: &Value| {
        let body = json!({"entity": [entity], "sessionId": key, "privId": ["Global.CancelTask"]});
        bench.post(
            "AuthorizationManager/AuthorizationManager/HasPrivilegeOnEntities",
            body,
        )
    };
    let (status, answer) = ask(&session["key"]).await;
    assert_eq!(status, 200);
    assert_typed(&answer);
    assert_eq!(answer[0]["privAvailability"][0]["isGranted"], true);
    bench.control.behave(|ways| ways.cancel_privilege = false);
    assert_eq!(
        ask(&session["key"]).await.1[0]["privAvailability"][0]["isGranted"],
        false
    );
    assert_fault(&ask(&json!("somebody else's")).await, "InvalidArgument");
}

#[tokio::test]
async fn answers_are_compressed_when_asked_for() {
    let bench = Bench::signed_in(THREE).await;
    let url = format!(
        "{}/sdk/vim25/{RELEASE}/TaskManager/TaskManager/description",
        bench.base
    );
    let get = || {
        let request = bench.http.get(&url).header("Accept-Encoding", "gzip");
        request
            .header("vmware-api-session-id", bench.session.as_ref().unwrap())
            .send()
    };
    assert_eq!(get().await.unwrap().headers()["content-encoding"], "gzip");
    bench.control.behave(|ways| ways.gzip = false);
    assert!(
        get()
            .await
            .unwrap()
            .headers()
            .get("content-encoding")
            .is_none()
    );
    let plain = bench
        .raw(Method::GET, "TaskManager/TaskManager/description", None)
        .await;
    assert!(plain.headers().get("content-encoding").is_none());
}

#[tokio::test]
async fn what_stands_in_front_answers_in_its_own_way() {
    let bench = Bench::signed_in(THREE).await;
    bench
        .control
        .fail_next(Outage::service_unavailable(Some("3")));
    let response = bench.raw(Method::GET, "Task/task-1/info", None).await;
    assert_eq!(
        (
            response.status().as_u16(),
            &response.headers()["retry-after"]
        ),
        (503, &"3".parse().unwrap())
    );
    bench.info(1).await;
    bench.control.lose_answers(1);
    assert!(bench.breaks("Task/task-1/CancelTask", &json!({})).await);
    assert_eq!(bench.info(1).await["cancelled"], true);
    bench
        .control
        .behave(|ways| ways.void_answer = VoidAnswer::EmptyOk);
    assert_eq!(
        bench
            .post("SessionManager/SessionManager/Logout", json!({}))
            .await,
        (200, Value::Null)
    );
}

#[tokio::test]
async fn login_pages_and_redirects_come_instead_of_answers() {
    let bench = Bench::signed_in(THREE).await;
    bench.control.fail_next(Outage::login_page());
    let page = bench.raw(Method::GET, "Task/task-1/info", None).await;
    assert_eq!(
        (page.status().as_u16(), &page.headers()["content-type"]),
        (200, &"text/html".parse().unwrap())
    );
    bench.control.fail_next(Outage::login_redirect());
    let staying = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let url = format!("{}/sdk/vim25/{RELEASE}/Task/task-1/info", bench.base);
    let redirect = staying.get(url).send().await.unwrap();
    assert_eq!(
        (redirect.status().as_u16(), &redirect.headers()["location"]),
        (301, &"/ui/login".parse().unwrap())
    );
}

#[tokio::test]
async fn the_log_tells_what_was_asked() {
    let bench = Bench::signed_in(THREE).await;
    bench.control.clear_requests();
    bench.info(1).await;
    bench.get("Task/task-9/info").await;
    let log = bench.control.requests();
    let seen: Vec<_> = log
        .iter()
        .map(|request| (request.kind.as_str(), request.status))
        .collect();
    assert_eq!(seen, [("Task/info", 200), ("Task/info", 500)]);
    assert_eq!(bench.control.truth().len(), 3);
    assert_eq!(bench.control.truth()[0], bench.info(1).await);
}

#[tokio::test]
async fn https_with_a_certificate_made_at_the_start() {
    let bench = Bench::with(THREE, |options| options.tls = true).await;
    assert!(bench.base.starts_with("https://"));
    // Does not shake hands: others must not wait for it.
    let idle = tokio::net::TcpStream::connect(bench.simulator.address())
        .await
        .unwrap();
    let pem = bench.simulator.certificate_pem().unwrap();
    let certificate = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([certificate])
        .build()
        .unwrap();
    let url = format!(
        "{}/sdk/vim25/{RELEASE}/ServiceInstance/ServiceInstance/content",
        bench.base
    );
    assert_eq!(trusting.get(&url).send().await.unwrap().status(), 200);
    let distrusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    assert!(distrusting.get(&url).send().await.is_err());
    assert_eq!(bench.simulator.fingerprint().unwrap().len(), 95);
    drop(idle);
    bench.simulator.stop().await;
    assert!(trusting.get(&url).send().await.is_err());
}
