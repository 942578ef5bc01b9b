//! What packets come wrapped in: VLAN tags, tunnels, fragments.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::base::StableHasher;

/// One header around a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layer {
    /// What it is: `vlan`, `vxlan`, `gre`, ….
    pub name: &'static str,
    /// Its number, where it has one: VLAN id, VNI, key, label, session.
    pub id: Option<u32>,
    /// Who sent it to whom, where it is carried by IP.
    pub ends: Option<(IpAddr, IpAddr)>,
    /// Whether `id` names a network of its own, in which addresses may repeat those of another:
    /// then it is part of a flow's identity.
    pub separates: bool,
}

impl Layer {
    /// A layer of which only the name is known.
    pub fn named(name: &'static str) -> Layer {
        Layer { name, id: None, ends: None, separates: false }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if let Some(id) = self.id {
            write!(f, " {id}")?;
        }
        if let Some((src, dst)) = self.ends {
            write!(f, " {src}>{dst}")?;
        }
        Ok(())
    }
}

/// What was odd about the fragments a packet was put together from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FragmentOddities(u8);

impl FragmentOddities {
    /// Two fragments held other bytes for the same place.
    pub const CONFLICT: FragmentOddities = FragmentOddities(1);
    /// Fragments overlapped and agreed.
    pub const OVERLAP: FragmentOddities = FragmentOddities(1 << 1);
    /// The first fragment did not hold the whole TCP header (RFC 1858).
    pub const TINY: FragmentOddities = FragmentOddities(1 << 2);

    /// Adds those of `other`.
    pub fn insert(&mut self, other: FragmentOddities) {
        self.0 |= other.0;
    }

    /// Whether all of `other` are in it.
    pub fn contains(self, other: FragmentOddities) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What a packet was wrapped in, outermost first. Eight bytes; packets that came the same way
/// share the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encapsulation(Option<Arc<Wrapping>>);

#[derive(Debug, PartialEq, Eq)]
struct Wrapping {
    names: Box<[Arc<str>]>,
    network: u64,
    oddities: FragmentOddities,
}

/// No wrapping at all.
static BARE: Encapsulation = Encapsulation(None);

impl Default for &Encapsulation {
    fn default() -> Self {
        &BARE
    }
}

impl Encapsulation {
    /// The encapsulation by `layers`, outermost first.
    pub fn new(layers: &[Layer], oddities: FragmentOddities) -> Self {
        if layers.is_empty() && oddities.is_empty() {
            return Encapsulation(None);
        }
        let names = layers.iter().map(|layer| layer.to_string().into()).collect();
        Encapsulation(Some(Arc::new(Wrapping { names, network: network_of(layers), oddities })))
    }

    /// Its layers as users see them: `vlan 10`, `vxlan 4096 10.0.0.1>10.0.0.2`.
    pub fn names(&self) -> &[Arc<str>] {
        self.0.as_ref().map_or(&[], |wrapping| &wrapping.names)
    }

    /// A number for the virtual network the packet belongs to, the same in every process; 0 where
    /// no layer names one. Equal five-tuples of different networks are different flows.
    #[inline]
    pub fn network(&self) -> u64 {
        self.0.as_ref().map_or(0, |wrapping| wrapping.network)
    }

    /// What was odd about the packet's fragments.
    #[inline]
    pub fn oddities(&self) -> FragmentOddities {
        self.0.as_ref().map_or(FragmentOddities::default(), |wrapping| wrapping.oddities)
    }

    /// Whether both are one and the same; equal ones that were made apart are not.
    pub fn is_shared_with(&self, other: &Encapsulation) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// SipHash-2-4 under an all-zero key over the layers that separate networks: it names them and
/// protects nothing.
pub fn network_of(layers: &[Layer]) -> u64 {
    let mut bytes = Vec::new();
    for layer in layers.iter().filter(|layer| layer.separates) {
        bytes.extend_from_slice(layer.name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&layer.id.unwrap_or(0).to_be_bytes());
    }
    if bytes.is_empty() { 0 } else { StableHasher::new([0; 16]).hash(&bytes).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &'static str, id: u32, separates: bool) -> Layer {
        Layer { name, id: Some(id), ends: None, separates }
    }

    #[test]
    fn only_layers_that_separate_name_a_network() {
        let vlan = layer("vlan", 7, false);
        let vni = layer("vxlan", 7, true);
        assert_eq!(network_of(&[]), 0);
        assert_eq!(network_of(&[vlan]), 0);
        assert_ne!(network_of(&[vni]), 0);
        assert_eq!(network_of(&[vlan, vni]), network_of(&[vni, vlan, vlan]));
        assert_ne!(network_of(&[vni]), network_of(&[layer("vxlan", 8, true)]));
        assert_ne!(network_of(&[vni]), network_of(&[layer("geneve", 7, true)]));
        assert_ne!(network_of(&[vni]), network_of(&[vni, vni]));
    }

    #[test]
    fn layers_are_shown_with_number_and_ends() {
        let ends = Some(([10, 0, 0, 1].into(), [10, 0, 0, 2].into()));
        let layers = [layer("vlan", 10, false), Layer { ends, ..layer("vxlan", 4096, true) }];
        let encapsulation = Encapsulation::new(&layers, FragmentOddities::default());
        let names: Vec<&str> = encapsulation.names().iter().map(|name| &**name).collect();
        assert_eq!(names, ["vlan 10", "vxlan 4096 10.0.0.1>10.0.0.2"]);
    }
}
