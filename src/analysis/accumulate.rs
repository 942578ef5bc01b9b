//! What one worker has observed since it was last asked, in tables that are quick to add to.

use std::hash::BuildHasher;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use hashbrown::HashTable;

use crate::base::limits::{
    COLUMN_PLACES_MAX, ROLLUP_BYTES_MAX, ROLLUP_ENDPOINTS_MAX, ROLLUP_EXCHANGES_MAX,
    ROLLUP_FIELDS_MAX, ROLLUP_ROW_BYTES,
};
use crate::base::{Shares, TableMap, table_state};
use crate::content::PathTable;
use crate::inventory::{
    ClientStats, EndpointKey, EndpointStats, FlowKey, FlowStats, Rollup, ServiceStats,
};

use super::columns::Columns;
use super::leaves::ColumnTable;
use super::recall::Repeats;
use super::values::Values;

/// The identity of an endpoint, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct EndpointRef<'a> {
    /// The service.
    pub service: &'a Arc<str>,
    /// The standard.
    pub standard: &'static str,
    /// The method.
    pub method: &'static str,
    /// The template.
    pub path: &'a str,
    /// What was asked where that is not method and path.
    pub operation: &'a str,
}

/// One endpoint's statistics and evidence.
pub struct EndpointSlot {
    key: EndpointKey,
    /// Counters; its `fields` stay empty.
    pub stats: EndpointStats,
    /// Evidence by column.
    pub columns: ColumnTable,
    /// Repeated bodies that are still to be added to them.
    pub repeats: Repeats,
    touched: bool,
    /// How many of its fields are counted already.
    counted: usize,
}

/// Where an endpoint's slot is, as long as slots are not forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotRef {
    at: u32,
    /// Not zero, so that a flow without one takes no more.
    generation: NonZeroU32,
}

/// Endpoint slots kept between two rollups; beyond it they are made anew.
const SLOTS_MAX: usize = 16 * 1024;

/// The tables.
pub struct Accumulator {
    state: foldhash::quality::RandomState,
    endpoints: Vec<EndpointSlot>,
    index: HashTable<u32>,
    /// How often the slots were forgotten.
    generation: NonZeroU32,
    services: TableMap<Arc<str>, ServiceStats>,
    clients: TableMap<IpAddr, ClientStats>,
    flows: TableMap<FlowKey, FlowStats>,
    anomalies: TableMap<&'static str, u64>,
    /// Exchanges since the last rollup.
    pub exchanges: u64,
    /// Endpoints that had any of them.
    touched: usize,
    /// Fields of these, but for those that came to the last one since it was looked at.
    fields: usize,
    /// The place of that one.
    last: u32,
    /// Bytes that all of it may take.
    most: usize,
    /// Columns that slots can find in all.
    places_max: usize,
}

impl Default for Accumulator {
    fn default() -> Self {
        Accumulator {
            state: table_state(),
            endpoints: Vec::new(),
            index: HashTable::new(),
            generation: NonZeroU32::MIN,
            services: TableMap::default(),
            clients: TableMap::default(),
            flows: TableMap::default(),
            anomalies: TableMap::default(),
            exchanges: 0,
            touched: 0,
            fields: 0,
            last: 0,
            most: ROLLUP_BYTES_MAX,
            places_max: COLUMN_PLACES_MAX,
        }
    }
}

impl Accumulator {
    /// One that has much when it takes its share.
    pub fn within(shares: &Shares) -> Self {
        let (most, places_max) = (shares.rollup_bytes, shares.column_places);
        Accumulator { most, places_max, ..Accumulator::default() }
    }

    /// What it would take as a rollup, roughly.
    fn weight(&self) -> usize {
        let rows =
            [self.touched, self.fields, self.clients.len(), self.services.len(), self.flows.len()];
        rows.iter().zip(ROLLUP_ROW_BYTES).map(|(rows, bytes)| rows * bytes).sum()
    }

    /// The slot of an endpoint that was seen before, unless it is forgotten.
    pub fn slot(&mut self, slot: SlotRef) -> Option<&mut EndpointSlot> {
        if let Some(before) = self.endpoints.get_mut(self.last as usize) {
            let now = before.columns.weight();
            self.fields += now.saturating_sub(before.counted);
            before.counted = now;
        }
        self.last = slot.at;
        let found = self.endpoints.get_mut(slot.at as usize);
        let slot = found.filter(|_| slot.generation == self.generation)?;
        self.touched += usize::from(!slot.touched);
        slot.touched = true;
        Some(slot)
    }

    /// The slot of an endpoint.
    pub fn endpoint(&mut self, key: EndpointRef<'_>) -> Option<SlotRef> {
        let hash = self.hash(&key);
        let endpoints = &mut self.endpoints;
        let found = self.index.find(hash, |at| {
            endpoints.get(*at as usize).is_some_and(|slot| {
                *slot.key.path == *key.path
                    && *slot.key.method == *key.method
                    && *slot.key.service == **key.service
                    && *slot.key.standard == *key.standard
                    && *slot.key.operation == *key.operation
            })
        });
        let at = match found {
            Some(at) => *at,
            None => {
                let at = u32::try_from(endpoints.len()).ok()?;
                endpoints.push(EndpointSlot::new(&key));
                let state = &self.state;
                let rehash = |at: &u32| {
                    endpoints.get(*at as usize).map_or(0, |slot| {
                        let k = &slot.key;
                        state.hash_one((
                            &*k.path,
                            &*k.method,
                            &*k.service,
                            &*k.standard,
                            &*k.operation,
                        ))
                    })
                };
                self.index.insert_unique(hash, at, rehash);
                at
            }
        };
        Some(SlotRef { at, generation: self.generation })
    }

    /// The statistics of a service.
    pub fn service(&mut self, name: &Arc<str>) -> &mut ServiceStats {
        if !self.services.contains_key(name) {
            self.services.insert(name.clone(), ServiceStats::default());
        }
        self.services.entry(name.clone()).or_default()
    }

    /// The statistics of a client.
    pub fn client(&mut self, address: IpAddr) -> &mut ClientStats {
        self.clients.entry(address).or_default()
    }

    /// The statistics of the flows to `server` that ended in `outcome`.
    pub fn flow(&mut self, server: SocketAddr, outcome: &'static str) -> &mut FlowStats {
        self.flows.entry(FlowKey { server, outcome }).or_default()
    }

    /// Counts odd traffic that belongs to no endpoint.
    pub fn anomaly(&mut self, name: &'static str) {
        *self.anomalies.entry(name).or_default() += 1;
    }

    /// The same, of a flow to `server` that speaks `protocol`.
    pub fn anomaly_at(&mut self, server: SocketAddr, protocol: &'static str, name: &'static str) {
        self.anomaly(name);
        *self.flow(server, protocol).anomalies.entry(name).or_default() += 1;
    }

    /// Whether there is so much that it should be taken out.
    pub fn has_much(&self) -> bool {
        self.exchanges >= ROLLUP_EXCHANGES_MAX
            || self.touched >= ROLLUP_ENDPOINTS_MAX
            || self.fields >= ROLLUP_FIELDS_MAX
            || self.weight() >= self.most
    }

    /// Takes everything out as a rollup.
    pub fn take(&mut self, columns: &mut Columns, paths: &PathTable, values: &Values) -> Rollup {
        let mut rollup = Rollup::default();
        for slot in self.endpoints.iter_mut().filter(|slot| slot.touched) {
            (slot.touched, slot.counted) = (false, 0);
            let mut stats = std::mem::take(&mut slot.stats);
            slot.repeats.settle(&mut slot.columns, values);
            for (column, evidence) in slot.columns.drain(values) {
                let Some(key) = columns.field_key(column, paths) else { continue };
                // Two columns may spell alike: a collapsed key and a literal `*`.
                stats.fields.entry(key).or_default().merge(evidence);
            }
            rollup.endpoints.insert(slot.key.clone(), stats);
        }
        let places: usize = self.endpoints.iter().map(|slot| slot.columns.places()).sum();
        let slots = self.endpoints.len();
        let room = slots.saturating_mul(size_of::<EndpointSlot>()) <= self.most;
        if slots > SLOTS_MAX || places > self.places_max || !room {
            self.forget_columns();
        }
        rollup.services.extend(self.services.drain());
        rollup.clients.extend(self.clients.drain());
        rollup.flows.extend(self.flows.drain());
        rollup.anomalies.extend(self.anomalies.drain());
        (self.exchanges, self.touched, self.fields) = (0, 0, 0);
        rollup
    }

    /// Forgets the endpoints' slots: the column numbers they speak of are void.
    pub fn forget_columns(&mut self) {
        self.generation = self.generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        self.endpoints.clear();
        self.index.clear();
    }

    fn hash(&self, key: &EndpointRef<'_>) -> u64 {
        let EndpointRef { service, standard, method, path, operation } = *key;
        self.state.hash_one((path, method, &**service, standard, operation))
    }
}

impl EndpointSlot {
    fn new(key: &EndpointRef<'_>) -> Self {
        EndpointSlot {
            key: EndpointKey {
                service: key.service.clone(),
                standard: key.standard.into(),
                method: key.method.into(),
                path: key.path.into(),
                operation: key.operation.into(),
            },
            stats: EndpointStats::default(),
            columns: ColumnTable::default(),
            repeats: Repeats::default(),
            touched: false,
            counted: 0,
        }
    }
}
