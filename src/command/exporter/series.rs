//! Metrics whose series are kept until their vCenter is no longer followed.

use std::{collections::HashSet, sync::Arc};

use prometheus_client::metrics::family::{Family, MetricConstructor};

/// Names and values of labels; the first one is the vCenter.
pub(super) type Labels<const N: usize> = [(&'static str, Arc<str>); N];

/// A family with the labels of its series, which the family does not list.
#[derive(Debug)]
pub(super) struct Series<const N: usize, M, C = fn() -> M> {
    family: Family<Labels<N>, M, C>,
    labels: HashSet<Labels<N>>,
}

impl<const N: usize, M: Clone, C: Clone + MetricConstructor<M>> Series<N, M, C> {
    pub(super) fn new(family: Family<Labels<N>, M, C>) -> Self {
        Self {
            family,
            labels: HashSet::new(),
        }
    }

    pub(super) fn family(&self) -> Family<Labels<N>, M, C> {
        self.family.clone()
    }

    /// Returns the metric of a series, which is created if necessary.
    pub(super) fn get(&mut self, labels: &Labels<N>) -> M {
        if !self.labels.contains(labels) {
            self.labels.insert(labels.clone());
        }
        self.family.get_or_create_owned(labels)
    }

    /// Removes the series of vCenters for which `is_kept` is false.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        let removed = self.labels.extract_if(|labels| !is_kept(&labels[0].1));
        for labels in removed {
            self.family.remove(&labels);
        }
    }
}
