//! Words and figures for people: what every table, panel and message writes in the same way.

mod duration;
mod sanitize;

pub use duration::{ago, duration};
pub use sanitize::{sanitize, sanitize_lines};
