//! Configuration from flags, environment and config file, in this order of precedence.

mod check;
mod connection;
mod defaults;
mod edit;
mod effective;
mod env_flag;
mod environment;
mod file;
mod filters;
mod keyring;
mod keys;
mod known_hosts;
mod list_settings;
mod pane_layout;
mod password_source;
mod plain_text_password;
mod redacted_url;
mod session_store;
mod settings;
mod theme;
mod trust;

pub use check::{CheckResult, check};
pub use connection::{
    ConnectionArgs, PartialConnection, kept_session, keyring_entry, load_config, read_only,
    resolve_connection, server_and_trust, server_conflict,
};
pub use defaults::{ClipboardChoice, Defaults, StringOrList};
pub use edit::{config_path, init_config, set_config};
pub use effective::{EffectiveSetting, effective_settings};
pub(crate) use env_flag::env_flag;
pub use environment::Environment;
pub(crate) use environment::process_environment;
pub use file::{ConfigFile, Profile};
pub use filters::{NamedFilters, named_filters};
pub use keyring::KeyringEntry;
pub use keys::KeyOverrides;
pub use known_hosts::KnownHosts;
pub use list_settings::ListSettings;
pub use pane_layout::pane_layout;
pub use password_source::ask_password;
pub use plain_text_password::Password;
pub use redacted_url::RedactedUrl;
pub use session_store::SessionFile;
pub use settings::{config_schema, setting_names, settings_table};
pub use theme::{own_themes, theme};

/// A configuration error: one line with cause, place and advice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);
