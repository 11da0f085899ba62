//! The command line.

mod body_limits;
mod built;
mod ca_file;
mod cancel;
mod chosen_server;
mod config_command;
mod corrupted_responses;
mod deadline;
mod docs;
mod doctor;
mod exporter;
mod fault_chain;
mod invalid_tasks;
mod json_schema;
mod limits;
mod line;
mod list;
mod locations;
mod multi_server;
mod multi_server_listing;
mod outage;
mod output;
mod raw_server;
mod read_only;
mod record;
#[cfg(unix)]
mod record_failures;
#[cfg(unix)]
mod reload;
mod report;
#[cfg(unix)]
mod secrets;
#[cfg(target_os = "linux")]
mod service;
mod session;
#[cfg(unix)]
mod shell_completion;
mod simulate_start;
mod standard_input;
mod stream;
mod tls;
mod undecidable_filters;
mod url_password;
mod usage;
mod vanished_tasks;
mod wait;
mod wait_options;
mod wait_output;
mod wait_record;
mod watch;
mod wrong_server;
