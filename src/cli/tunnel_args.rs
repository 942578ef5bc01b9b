//! Ports of tunnels that the user names.

use clap::Args;

use super::exit::Failure;
use super::number::number;
use crate::decode::TunnelPorts;

/// What replay, capture and doctor share.
#[derive(Debug, Clone, Default, Args)]
pub struct TunnelArgs {
    /// A UDP port to which VXLAN goes besides 4789, 4790 and 8472; may be given several times
    #[arg(long, value_name = "PORT", allow_negative_numbers = true)]
    #[arg(value_parser = number::<u16>(1..=65_535))]
    pub vxlan_port: Vec<u16>,
    /// A UDP port to which GENEVE goes besides 6081; may be given several times
    #[arg(long, value_name = "PORT", allow_negative_numbers = true)]
    #[arg(value_parser = number::<u16>(1..=65_535))]
    pub geneve_port: Vec<u16>,
}

impl TunnelArgs {
    /// The ports, if there are no more than are kept and none is meant twice.
    pub fn ports(&self) -> Result<TunnelPorts, Failure> {
        ports(&self.vxlan_port, &self.geneve_port)
            .map_err(|why| Failure::usage(format!("use --vxlan-port and --geneve-port: {why}")))
    }
}

/// Ports of both kinds, or what is wrong with them.
pub(super) fn ports(vxlan: &[u16], geneve: &[u16]) -> Result<TunnelPorts, String> {
    let most = TunnelPorts::MAX;
    if vxlan.len().max(geneve.len()) > most {
        return Err(format!("expected at most {most} ports of each"));
    }
    if vxlan.contains(&0) || geneve.contains(&0) {
        return Err("expected ports of 1 to 65535, not 0".to_owned());
    }
    match vxlan.iter().find(|port| geneve.contains(port)) {
        Some(port) => Err(format!("port {port} cannot be both")),
        None => Ok(TunnelPorts::new(vxlan, geneve)),
    }
}
