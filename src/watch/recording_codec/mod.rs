//! Converts updates of the fetch loop to entries of a record and back. Pure.

mod decode;
mod encode;

pub use decode::{RecordedUpdate, decode};
pub use encode::encode;
