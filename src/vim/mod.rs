//! The wire: a thin typed client of the Virtual Infrastructure JSON API.
//!
//! [`types`] holds what travels and is free of IO; everything else here knows HTTP and JSON and no terminal.

pub mod types;
