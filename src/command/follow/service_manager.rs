//! Notifications to the service manager by the protocol of `sd_notify(3)`. Without one, they are dropped.

use crate::{config::Environment, text::sanitize};

/// The service manager that started vtask.
pub(super) struct ServiceManager {
    send: Option<platform::Notify>,
    is_ready: bool,
    /// The status sent last.
    status: String,
}

impl ServiceManager {
    /// Connects to the socket in `NOTIFY_SOCKET`.
    pub(super) fn connect(environment: &dyn Environment) -> Self {
        Self {
            send: environment
                .get("NOTIFY_SOCKET")
                .and_then(|socket| platform::connect(&socket)),
            is_ready: false,
            status: String::new(),
        }
    }

    fn send(&self, message: &str) {
        if let Some(send) = &self.send {
            send(message);
        }
    }

    /// Reports the end of the start; once.
    pub(super) fn ready(&mut self) {
        if !std::mem::replace(&mut self.is_ready, true) {
            self.send("READY=1\n");
        }
    }

    /// Reports that the configuration is being read again.
    pub(super) fn reloading(&self) {
        if self.is_ready {
            let now = platform::monotonic_usec();
            self.send(&format!("RELOADING=1\nMONOTONIC_USEC={now}\n"));
        }
    }

    /// Reports the end of reading the configuration again.
    pub(super) fn reloaded(&self) {
        if self.is_ready {
            self.send("READY=1\n");
        }
    }

    /// Reports a line about the state if it changed.
    pub(super) fn status(&mut self, status: &str) {
        if self.status != status {
            status.clone_into(&mut self.status);
            self.send(&format!("STATUS={}\n", sanitize(status)));
        }
    }

    /// Resets the watchdog, which restarts the service when it expires.
    pub(super) fn keep_alive(&self) {
        self.send("WATCHDOG=1\n");
    }

    /// Reports that vtask is about to end.
    pub(super) fn stopping(&self) {
        self.send("STOPPING=1\n");
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use std::os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixDatagram},
    };

    pub(super) type Notify = Box<dyn Fn(&str)>;

    /// Connects to a socket in the file system or, with `@`, in the abstract namespace.
    pub(super) fn connect(socket: &str) -> Option<Notify> {
        let address = match socket.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(socket),
        };
        let datagrams = UnixDatagram::unbound().ok()?;
        datagrams.connect_addr(&address.ok()?).ok()?;
        // Notifications are optional: without them, a service manager that waits ends the program.
        Some(Box::new(move |message| {
            let _ = datagrams.send(message.as_bytes());
        }))
    }

    /// Returns the time that systemd compares with the time of its request to reload.
    pub(super) fn monotonic_usec() -> i64 {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        now.tv_sec * 1_000_000 + now.tv_nsec / 1000
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    pub(super) type Notify = fn(&str);

    pub(super) fn connect(_socket: &str) -> Option<Notify> {
        None
    }

    pub(super) fn monotonic_usec() -> i64 {
        0
    }
}
