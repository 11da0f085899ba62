use slotmap::SlotMap;

use super::*;
use crate::Handle;

/// The same sequence as a plain list.
#[derive(Default)]
struct Model(Vec<(u8, Handle, u32)>);

impl Model {
    fn total(&self) -> usize {
        self.0.iter().map(|(_, _, weight)| *weight as usize).sum()
    }

    fn rows_before(&self, index: usize) -> usize {
        self.0[..index]
            .iter()
            .map(|(_, _, weight)| *weight as usize)
            .sum()
    }

    fn check(&self, tree: &OrderTree<u8, Handle>) {
        assert_eq!(tree.total(), self.total());
        assert_eq!(tree.is_empty(), self.0.is_empty());
        let mut position = tree.first();
        for expected in &self.0 {
            let entry = tree.get(position.unwrap()).unwrap();
            assert_eq!((entry.key, entry.id, entry.weight), *expected);
            position = tree.after(position.unwrap());
        }
        assert_eq!(position, None);
        let first = self.0.first().map(|(key, handle, _)| (*key, *handle));
        let leader = tree.first_entry().map(|leader| (leader.key, leader.id));
        assert_eq!(leader, first);
        for leaf in &tree.leaves {
            assert!((1..=LEAF_CAPACITY).contains(&leaf.entries.len()));
            let weights = leaf.entries.iter().map(|entry| entry.weight as usize);
            assert_eq!(leaf.weight, weights.sum::<usize>());
        }
    }

    fn check_rows(&self, tree: &OrderTree<u8, Handle>, random: &mut fastrand::Rng) {
        for _ in 0..8.min(self.0.len()) {
            let index = random.usize(..self.0.len());
            let (key, handle, weight) = self.0[index];
            let before = self.rows_before(index);
            assert_eq!(tree.rows_before(&key, handle), Some(before));
            let within = random.usize(..weight as usize);
            let (position, row) = tree.at_row(before + within).unwrap();
            assert_eq!(tree.get(position).unwrap().id, handle);
            assert_eq!(row, within);
        }
        assert!(tree.at_row(self.total()).is_none());
    }
}

#[test]
fn random_changes_match_plain_list() {
    let mut random = fastrand::Rng::with_seed(11);
    let mut handles = SlotMap::<Handle, ()>::with_key();
    let mut model = Model::default();
    let mut tree = OrderTree::default();
    for round in 0..6000 {
        // It grows, shrinks to nearly nothing, and grows again.
        let grows = if (round / 2000) % 2 == 0 { 8 } else { 1 };
        let weight = random.u32(1..5);
        let index = (!model.0.is_empty()).then(|| random.usize(..model.0.len()));
        match (random.u32(..10), index) {
            (0, Some(index)) => {
                let (key, handle, _) = model.0[index];
                model.0[index].2 = weight;
                assert!(tree.set_weight(&key, handle, weight));
            }
            (choice, Some(index)) if choice > grows => {
                let (key, handle, _) = model.0.remove(index);
                assert!(tree.remove(&key, handle));
                assert!(!tree.remove(&key, handle));
                assert!(!tree.set_weight(&key, handle, 1));
                assert_eq!(tree.rows_before(&key, handle), None);
            }
            _ => {
                let entry = (random.u8(..50), handles.insert(()), weight);
                let index = model.0.partition_point(|other| *other < entry);
                model.0.insert(index, entry);
                tree.insert(entry.0, entry.1, weight);
            }
        }
        if round % 50 == 0 {
            model.check(&tree);
            model.check_rows(&tree, &mut random);
        }
    }
    assert!(tree.leaves.len() > 4, "it came to several chunks");
}
