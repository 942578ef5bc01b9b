//! Headers that carry another packet whole: one file each, one line in `registry.rs`.

mod carried;
mod erspan;
mod etherip;
mod geneve;
mod gre;
mod guess;
mod ip_in_ip;
mod mpls;
mod nsh;
mod pbb;
mod pppoe;
mod registry;
mod vntag;
mod vxlan;

pub(super) use carried::Opened;
pub(super) use guess::{seems, seems_ip_of};
pub(super) use registry::{by_ether_type, by_ip_protocol, by_udp_port, is_carried_by_ip, is_port};

#[cfg(test)]
mod tests;
