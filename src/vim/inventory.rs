//! Reads where entities are in the inventory, with the property collector.
//!
//! A virtual machine names its host and its folder; hosts and folders name their parents, up to the root. Objects are
//! read level by level, each request for as many as servers return at a time, so that no retrieval has to be continued.

mod location;

use std::collections::{HashMap, HashSet};

use super::{
    client::Client,
    error::Error,
    history::Throttle,
    types::{EntityLocation, ManagedObjectReference, ObjectContent},
};
use location::{MACHINE, MAX_LEVELS, Node};

/// Maximum number of entities located with one call: the number of objects that a vCenter returns at a time.
pub const MAX_LOCATED_AT_ONCE: usize = 100;
/// The purpose of the requests, for errors.
const ACTION: &str = "reading the inventory";
/// Maximum number of cached objects; the cache is emptied beyond it.
const MAX_CACHED: usize = 20_000;

/// Hosts, clusters, folders and datacenters that were read. They are shared by many entities and change rarely.
#[derive(Debug, Default, Clone)]
pub struct InventoryCache {
    nodes: HashMap<ManagedObjectReference, Node>,
}

impl InventoryCache {
    fn missing<'a>(
        &self,
        objects: impl IntoIterator<Item = &'a ManagedObjectReference>,
    ) -> Vec<ManagedObjectReference> {
        let unique: HashSet<_> = objects.into_iter().collect();
        let missing = unique
            .into_iter()
            .filter(|object| !self.nodes.contains_key(object));
        let mut missing: Vec<_> = missing.cloned().collect();
        missing.sort_unstable_by(|a, b| (a.kind(), &a.value).cmp(&(b.kind(), &b.value)));
        missing
    }

    fn add(&mut self, requested: &[ManagedObjectReference], objects: Vec<ObjectContent>) {
        self.nodes.extend(objects.into_iter().map(Node::of));
        for object in requested {
            // Those that the server left out cannot be read.
            self.nodes
                .entry(object.clone())
                .or_insert_with(Node::missing);
        }
    }
}

impl Client {
    /// Reads the locations of at most [`MAX_LOCATED_AT_ONCE`] entities. Stops early, with an empty result, if the
    /// throttle requests it.
    ///
    /// # Errors
    /// Returns faults and connection errors that concern all of them.
    pub async fn locate(
        &self,
        throttle: &impl Throttle,
        cache: &mut InventoryCache,
        entities: &[ManagedObjectReference],
    ) -> Result<Vec<(ManagedObjectReference, EntityLocation)>, Error> {
        if cache.nodes.len() > MAX_CACHED {
            cache.nodes.clear();
        }
        let mut machines = HashMap::new();
        let (of_machines, others): (Vec<_>, Vec<_>) = entities
            .iter()
            .cloned()
            .partition(|entity| entity.kind() == MACHINE);
        if !of_machines.is_empty() {
            let paths = ["runtime.host", "parent"];
            if !throttle.ready().await {
                return Ok(Vec::new());
            }
            let objects = self
                .read_objects(ACTION, throttle, &of_machines, &paths)
                .await?;
            machines.extend(objects.into_iter().map(Node::of));
        }
        if !self.read_levels(throttle, cache, others, &machines).await? {
            return Ok(Vec::new());
        }
        // A machine in a vApp has no folder of its own, and that of a host that cannot be read has a resource pool.
        let incomplete: Vec<_> = of_machines
            .iter()
            .filter(|machine| {
                let node = machines.get(*machine);
                node.is_some_and(|node| {
                    node.error.is_none() && location::is_incomplete(node, &cache.nodes)
                })
            })
            .cloned()
            .collect();
        if !incomplete.is_empty() {
            if !throttle.ready().await {
                return Ok(Vec::new());
            }
            let paths = ["parentVApp", "resourcePool"];
            let objects = self
                .read_objects(ACTION, throttle, &incomplete, &paths)
                .await?;
            for (machine, node) in objects.into_iter().map(Node::of) {
                if let Some(known) = machines.get_mut(&machine) {
                    known.pool = node.pool;
                    known.parent = known.parent.take().or(node.parent);
                }
            }
            if !self
                .read_levels(throttle, cache, Vec::new(), &machines)
                .await?
            {
                return Ok(Vec::new());
            }
        }
        let located = entities.iter().map(|entity| {
            let node = machines.get(entity).or_else(|| cache.nodes.get(entity));
            (
                entity.clone(),
                location::resolve(entity, node, &cache.nodes),
            )
        });
        Ok(located.collect())
    }

    /// Reads objects and all that is above them and above the machines into the cache. Returns false if the throttle
    /// ended it.
    async fn read_levels(
        &self,
        throttle: &impl Throttle,
        cache: &mut InventoryCache,
        objects: Vec<ManagedObjectReference>,
        machines: &HashMap<ManagedObjectReference, Node>,
    ) -> Result<bool, Error> {
        let above = machines.values().flat_map(Node::references);
        let mut level = cache.missing(objects.iter().chain(above));
        for _ in 0..MAX_LEVELS {
            if level.is_empty() {
                break;
            }
            for batch in level.chunks(MAX_LOCATED_AT_ONCE) {
                if !throttle.ready().await {
                    return Ok(false);
                }
                let read = self
                    .read_objects(ACTION, throttle, batch, &["name", "parent"])
                    .await?;
                cache.add(batch, read);
            }
            let read = level.iter().filter_map(|object| cache.nodes.get(object));
            level = cache.missing(read.flat_map(Node::references));
        }
        Ok(true)
    }
}
