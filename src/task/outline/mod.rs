//! The rows of the list: which tasks are shown, in which order, and how they hang together.
