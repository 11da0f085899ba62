//! Text formatting shared by tables, panels and messages.

mod byte_size;
mod duration;
mod fit;
mod json;
mod named_enum;
mod parse_duration;
mod pattern;
mod sanitize;
mod suggestion;
mod time_ticks;
mod toml_line;
mod user_info;

pub use byte_size::{megabytes, parse_size};
pub use duration::{ago, duration};
pub use fit::{prefix, suffix, truncate, width, wrap};
pub use json::{json_line, json_pretty};
pub use named_enum::kebab;
pub use parse_duration::{parse_factor, parse_positive_duration, parse_seconds};
pub use pattern::matches_pattern;
pub use sanitize::{sanitize, sanitize_lines};
pub use suggestion::{did_you_mean, nearest};
pub use time_ticks::{TICK_STEPS, time_ticks};
pub use toml_line::{toml_line, toml_problem};
pub use user_info::without_user_info;
