//! Clusters: nodes that keys connect. They are joined, and where something about a member changes, taken apart and
//! joined again.

use super::{Book, NOWHERE, Place};
use crate::stay::fact::LinkKey;

/// Nodes that keys connect.
#[derive(Default)]
pub(super) struct Cluster {
    /// Which; none of a cluster that is free.
    pub(super) nodes: Vec<Place>,
    /// Those that stand in the index of loose ends.
    pub(super) loose: Vec<Place>,
}

impl Book {
    pub(super) fn connecting(&self, n: Place) -> Vec<LinkKey> {
        let node = &self.nodes[n as usize];
        self.decisions.connecting(node.record, &node.keys)
    }

    /// Puts a node into the cluster that its keys lead to, joining them where they are several. Not settled yet.
    pub(super) fn attach(&mut self, n: Place) -> Place {
        if self.is_withdrawn(n) {
            return NOWHERE;
        }
        let keys = self.connecting(n);
        let mut found: Vec<Place> = keys.iter().filter_map(|key| self.by_key.get(key).copied()).collect();
        found.sort_unstable();
        found.dedup();
        // The largest takes the others in: each node moves a few times at most.
        let into = found.iter().copied().max_by_key(|c| self.clusters[*c as usize].nodes.len());
        let into = into.unwrap_or_else(|| self.fresh_cluster());
        for other in found.into_iter().filter(|other| *other != into) {
            for moved in self.take_apart(other) {
                self.enter(moved, into);
            }
        }
        self.nodes[n as usize].cluster = into;
        self.clusters[into as usize].nodes.push(n);
        for key in keys {
            self.by_key.insert(key, into);
        }
        into
    }

    fn enter(&mut self, n: Place, cluster: Place) {
        self.nodes[n as usize].cluster = cluster;
        self.clusters[cluster as usize].nodes.push(n);
        for key in self.connecting(n) {
            self.by_key.insert(key, cluster);
        }
    }

    fn fresh_cluster(&mut self) -> Place {
        self.free.pop().unwrap_or_else(|| {
            self.clusters.push(Cluster::default());
            (self.clusters.len() - 1) as Place
        })
    }

    /// Frees a cluster, as its members are now; they are in none.
    pub(super) fn take_apart(&mut self, cluster: Place) -> Vec<Place> {
        if cluster == NOWHERE {
            return Vec::new();
        }
        self.unsettle(cluster);
        let nodes = std::mem::take(&mut self.clusters[cluster as usize].nodes);
        for n in &nodes {
            for key in self.connecting(*n) {
                self.by_key.remove(&key);
            }
            self.nodes[*n as usize].cluster = NOWHERE;
        }
        self.free.push(cluster);
        nodes
    }

    /// Puts nodes back that were taken out, and settles whatever they are in then.
    pub(super) fn put_together(&mut self, nodes: Vec<Place>) {
        let mut touched: Vec<Place> = nodes.iter().map(|n| self.attach(*n)).collect();
        // A cluster may have been joined to another since.
        touched.extend(nodes.iter().map(|n| self.nodes[*n as usize].cluster));
        touched.sort_unstable();
        touched.dedup();
        for cluster in touched {
            self.settle(cluster);
        }
    }
}
