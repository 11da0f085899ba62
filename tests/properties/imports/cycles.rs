//! Import cycles: sets of files that import each other, directly or indirectly.

use std::collections::{BTreeMap, BTreeSet};

/// Returns the strongly connected components of more than one node (Tarjan's algorithm), each
/// sorted.
pub(super) fn cycles<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<Vec<&'a str>> {
    let mut search = Search {
        edges,
        index: BTreeMap::new(),
        stack: Vec::new(),
        found: BTreeSet::new(),
    };
    for node in edges.keys() {
        if !search.index.contains_key(node) {
            search.visit(node);
        }
    }
    search.found
}

struct Search<'a, 'e> {
    edges: &'e BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Index in the order of visits.
    index: BTreeMap<&'a str, usize>,
    stack: Vec<&'a str>,
    found: BTreeSet<Vec<&'a str>>,
}

impl<'a> Search<'a, '_> {
    /// Returns the lowest index on the stack that is reachable from this node.
    fn visit(&mut self, node: &'a str) -> usize {
        let index = self.index.len();
        self.index.insert(node, index);
        self.stack.push(node);
        let mut low = index;
        for next in self.edges.get(node).into_iter().flatten() {
            if !self.index.contains_key(next) {
                low = low.min(self.visit(next));
            } else if self.stack.contains(next) {
                low = low.min(self.index[next]);
            }
        }
        if low == index
            && let Some(start) = self.stack.iter().position(|entry| *entry == node)
        {
            let mut component = self.stack.split_off(start);
            if component.len() > 1 {
                component.sort_unstable();
                self.found.insert(component);
            }
        }
        low
    }
}

#[test]
fn cyclic_components_are_found() {
    let edges = [
        ("a", "b"),
        ("b", "c"),
        ("c", "a"),
        ("c", "d"),
        ("d", "e"),
        ("e", "d"),
        ("f", "a"),
    ];
    let mut by_node: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in edges {
        by_node.entry(from).or_default().insert(to);
    }
    let expected = [vec!["a", "b", "c"], vec!["d", "e"]];
    assert_eq!(cycles(&by_node), expected.into_iter().collect());
}
