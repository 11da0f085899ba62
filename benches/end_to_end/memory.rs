//! Memory per task: of the whole process, and the live heap of the fetch loop, the store and the rows.

use std::time::Duration;

use peak_alloc::PeakAlloc;
use vtask::{
    task::{
        ChangeSet, ServerId, TaskStore,
        row_model::{RowModel, View},
    },
    watch::{Update, WatchOptions, Watcher},
};

use super::{
    Row, connect_options, row,
    terminal::{Server, watch},
};

/// Counts the heap of this process.
#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const FEW: u32 = 1_000;
const MANY: u32 = 11_000;

/// Memory per additional task.
pub(super) fn memory() -> Vec<Row> {
    let per_task = |measure: fn(&Server, usize) -> f64| {
        let measured = |tasks: u32| {
            let count = tasks.to_string();
            let server = Server::start(&["--scenario", "load", "--tasks", &count, "--rate", "10"]);
            measure(&server, tasks as usize)
        };
        (measured(MANY) - measured(FEW)) / f64::from(MANY - FEW) / 1e3
    };
    vec![
        row("memory per additional task", per_task(resident), "KB", 1.2),
        row(
            "  live heap without the screen",
            per_task(live_heap),
            "KB",
            1.2,
        ),
    ]
}

fn resident(server: &Server, _: usize) -> f64 {
    watch(&[], Some(server), Duration::from_secs(15), &[]).number("/residentBytes")
}

/// Returns the live heap after all tasks were read and reported by the server.
fn live_heap(server: &Server, tasks: usize) -> f64 {
    let before = ALLOCATOR.current_usage();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (sender, mut updates) = tokio::sync::mpsc::channel(64);
        let options = WatchOptions::new(connect_options(&server.url), Vec::new());
        let watcher = Watcher::spawn(ServerId(0), options, sender);
        let mut store = TaskStore::new();
        let mut rows = RowModel::new(View::default());
        let follow = async {
            while let Some((server, update)) = updates.recv().await {
                if let Update::Tasks { changes, .. } = update {
                    let mut touched = ChangeSet::default();
                    for change in changes {
                        store.apply(server, change, &mut touched).unwrap();
                    }
                    rows.update(&store, &touched);
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(15), follow).await;
        assert_eq!(store.len(), tasks, "all tasks are known");
        let used = ALLOCATOR.current_usage().saturating_sub(before);
        watcher.stop().await;
        used as f64
    })
}
