//! Files that are kept between runs.

use crate::app::{
    filter_history::FilterHistoryFile, last_seen_times::LastSeenFile,
    progress_curve_file::ProgressCurveFile, saved_filter_file::SavedFilterFile,
};

#[derive(Debug, Clone, Default)]
pub struct StateFiles {
    pub filter_history: FilterHistoryFile,
    pub saved_filters: SavedFilterFile,
    pub last_seen: LastSeenFile,
    pub progress_curves: ProgressCurveFile,
}
