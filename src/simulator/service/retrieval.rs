//! Retrievals that are continued by further calls.

use super::filter_spec::FilterSpec;
use crate::value::MoRef;

/// An object to return, and the indexes of the specifications that select it.
pub(super) type SelectedObject = (MoRef, Vec<usize>);

/// The rest of a truncated retrieval, kept until it is continued or cancelled.
#[derive(Debug)]
pub(super) struct TruncatedRetrieval {
    pub(super) collector: MoRef,
    /// The token that continues it.
    pub(super) token: String,
    pub(super) specs: Vec<FilterSpec>,
    pub(super) rest: Vec<SelectedObject>,
    pub(super) page_size: usize,
}
