use super::*;

#[tokio::test(start_paused = true)]
async fn recent_tasks_beyond_the_limit_are_missing_until_there_is_space() {
    let now = Instant::now();
    let mut watched = WatchSet::new(Duration::from_secs(1), Intervals::default(), 0, 2);
    let recent = ["task-1", "task-2", "task-3"].map(Arc::from);
    watched.add_recent(&recent, now);
    assert!(watched.lacks_recent);
    watched.dismiss(&recent[0]);
    assert!(watched.lacks_recent, "the list must be read again");
    watched.add_recent(&recent, now);
    assert!(watched.contains("task-3") && !watched.lacks_recent);
}
