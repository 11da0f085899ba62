//! Views shown instead of the live list: their headers, status lines and contents.

pub(super) mod history;
pub(super) mod summary_page;
pub(super) mod timeline;
