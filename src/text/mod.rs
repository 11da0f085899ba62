//! Words and figures for people: what every table, panel and message writes in the same way.

mod duration;
mod fit;
mod sanitize;

pub use duration::{ago, duration};
pub use fit::{prefix, truncate, width, wrap};
pub use sanitize::{sanitize, sanitize_lines};
