//! Interned texts: the names of operations, users and phases, which thousands of tasks share.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// Length in bytes from which a text is not interned: it is hardly shared.
const MAX_LENGTH: usize = 200;
/// Minimum number of texts at which those no longer in use are removed.
const MIN_CLEANUP: usize = 1024;

#[derive(Debug, Default)]
struct Pool {
    texts: HashSet<Arc<str>>,
    /// Number of texts after the last cleanup.
    used: usize,
}

/// Returns a shared copy of a text.
pub(super) fn intern(text: &str) -> Arc<str> {
    static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(Mutex::default);
    if text.len() > MAX_LENGTH {
        return text.into();
    }
    POOL.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(text)
}

impl Pool {
    fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        if self.texts.len() >= MIN_CLEANUP.max(2 * self.used) {
            self.texts.retain(|text| Arc::strong_count(text) > 1);
            self.used = self.texts.len();
        }
        let text: Arc<str> = text.into();
        self.texts.insert(text.clone());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_shared_and_unused_ones_are_removed() {
        let mut pool = Pool::default();
        let kept = pool.get("VirtualMachine.clone");
        for number in 0..100_000 {
            pool.get(&number.to_string());
        }
        assert!(Arc::ptr_eq(&kept, &pool.get("VirtualMachine.clone")));
        assert!(pool.texts.len() <= MIN_CLEANUP);
        let used: Vec<Arc<str>> = (0..5_000)
            .map(|number| pool.get(&number.to_string()))
            .collect();
        assert!(pool.texts.len() <= 2 * used.len() + MIN_CLEANUP);
    }
}
