//! Records of an operation: the format, the writer, the reader and the player.
//!
//! A record is NDJSON, either plain or in zstd frames: a [`Header`] followed by [`Line`]s in the order of their arrival.
//! `docs/recording.md` describes it. Tasks and events are kept as JSON, so this module knows neither the client nor the
//! screen, and the embedded vCenter can play a record, too.

#![warn(missing_docs)]

mod checkpoints;
mod connection_state;
mod decompressor;
mod line;
mod line_parser;
mod output_file;
mod player;
mod reader;
mod recorder;
mod redact;
mod rewrite;
mod rotation;
mod source;
mod state;
mod value_size;

pub use checkpoints::{Checkpoint, Checkpoints};
pub use connection_state::ConnectionState;
pub use line::{
    Entry, FORMAT_VERSION, Header, Line, Location, LostHost, Question, Run, ServerInfo,
};
pub use output_file::RecordError;
pub use player::Player;
pub use reader::{Damage, ReadError, Reader};
pub use recorder::Recorder;
pub use redact::Redactor;
pub use rewrite::redact;
pub use rotation::Limits;
pub use source::Source;
pub use state::RecordedState;
pub use value_size::value_size;
