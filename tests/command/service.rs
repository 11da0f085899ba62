//! `vtask exporter` and `vtask stream` as services: notifications to the service manager, and termination.

use std::{
    os::unix::net::UnixDatagram,
    path::PathBuf,
    process::{Child, Command},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use vtask::simulator::{
    Simulator,
    fault_injection::{FaultEffect, FaultPlan, FaultRule},
};

use crate::support::{
    built::{command_on, send_signal, start, wait_for_output},
    command::{server, wait_until},
};

/// The commands that run as services.
const SERVICES: [&str; 2] = ["exporter --listen 127.0.0.1:0", "stream"];

/// A socket that receives notifications like that of systemd.
struct ServiceManager {
    directory: tempfile::TempDir,
    received: Arc<Mutex<String>>,
}

impl ServiceManager {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(directory.path().join("notify")).unwrap();
        let received = Arc::new(Mutex::new(String::new()));
        let text = received.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = socket.recv(&mut buffer) {
                let message = std::str::from_utf8(&buffer[..length]).unwrap();
                text.lock().unwrap().push_str(message);
            }
        });
        Self {
            directory,
            received,
        }
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("notify")
    }

    fn start(&self, mut command: Command) -> Child {
        command.env("NOTIFY_SOCKET", self.socket());
        start(command)
    }

    fn count(&self, line: &str) -> usize {
        let received = self.received.lock().unwrap();
        received.lines().filter(|message| *message == line).count()
    }

    async fn wait_until(&self, line: &str, count: usize) {
        wait_until(|| self.count(line) >= count).await;
    }
}

/// Sends SIGTERM and checks exit code and time.
async fn terminate(child: Child) {
    let began = Instant::now();
    send_signal(&child, "TERM");
    let output = wait_for_output(child).await;
    assert_eq!(output.status.code(), Some(143), "{output:?}");
    assert!(began.elapsed() < Duration::from_secs(2));
}

fn hang(simulator: &Simulator, method: &str) {
    let forever = FaultEffect::Stall {
        after: 0.0,
        time: None,
    };
    let plan = FaultPlan::default().with(FaultRule::new(method, forever));
    simulator.control().inject(&plan);
}

#[tokio::test]
async fn the_service_manager_is_notified() {
    for words in SERVICES {
        let simulator = server().await;
        let manager = ServiceManager::new();
        let mut command = command_on(&simulator, words);
        command.env("WATCHDOG_USEC", "200000");
        let child = manager.start(command);
        manager.wait_until("READY=1", 1).await;
        manager.wait_until("STATUS=6 active tasks", 1).await;
        manager.wait_until("WATCHDOG=1", 3).await;
        // An outage is no reason to restart the service.
        hang(&simulator, "*");
        simulator.control().kill_sessions();
        let before = manager.count("WATCHDOG=1");
        manager.wait_until("WATCHDOG=1", before + 5).await;
        terminate(child).await;
        manager.wait_until("STOPPING=1", 1).await;
        assert_eq!(manager.count("READY=1"), 1);
    }
}

#[tokio::test]
async fn service_starts_while_the_server_is_unavailable() {
    let simulator = server().await;
    let unavailable = FaultRule::new("*", FaultEffect::status(503));
    let control = simulator.control();
    control.inject(&FaultPlan::default().with(unavailable));
    let manager = ServiceManager::new();
    let child = manager.start(command_on(&simulator, SERVICES[0]));
    manager.wait_until("READY=1", 1).await;
    let status = format!(
        "STATUS=0 active tasks; 0 of 1 vCenters connected, not {}",
        simulator.address()
    );
    manager.wait_until(&status, 1).await;
    control.clear_faults();
    manager.wait_until("STATUS=6 active tasks", 1).await;
    terminate(child).await;
    assert_eq!(control.session_count(), 0);
}

#[tokio::test]
async fn sigterm_terminates_in_time_while_the_server_hangs() {
    for words in SERVICES {
        for method in ["*/Login", "*/WaitForUpdatesEx", "*/CurrentTime", "*/Logout"] {
            let simulator = server().await;
            hang(&simulator, method);
            let manager = ServiceManager::new();
            let child = manager.start(command_on(&simulator, words));
            if method == "*/Logout" {
                manager.wait_until("READY=1", 1).await;
            } else {
                wait_until(|| simulator.control().faults_injected() > 0).await;
            }
            terminate(child).await;
        }
    }
}
