//! The ordinary pipeline, without a database, and what it measured.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::decode::Unopened;
use crate::detect::Detector;
use crate::inventory::{Caps, Rollup};
use crate::model::{InputAccount, PacketAccount};
use crate::sensor::pipeline::{self, Outcome, Settings, Sources};
use crate::sensor::recorder::Recorder;
use crate::sensor::sight::{Gauge, Sights};
use crate::store::StoreError;

use super::frames::Frames;

/// Where packets come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Interfaces, by name.
    Interfaces(Vec<String>),
    /// Capture files.
    Files,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Where.
    pub place: Place,
    /// What became of the packets of all inputs.
    pub packets: PacketAccount,
    /// The MTU frames are measured by: the interface's, or Ethernet's where that is not known.
    pub mtu: u32,
    /// Bytes of the longest frame.
    pub longest_frame: u32,
    /// Frames that no link of that MTU carries.
    pub frames_over_mtu: u64,
    /// What could be seen of flows.
    pub sights: Sights,
    /// What was understood.
    pub rollup: Rollup,
    /// Inputs that end before their end: name and why.
    pub incomplete: Vec<String>,
    /// What came that is not opened, by kind.
    pub unopened: BTreeMap<Unopened, u64>,
}

/// Runs `sources` to their end, or until someone stops it, and measures.
pub fn examine(
    sources: Sources<'_>,
    settings: &Settings,
    (detector, caps): (Arc<Detector>, Caps),
) -> Result<(Outcome, Sights), StoreError> {
    let gauge = Gauge::default();
    let settings = Settings { gauge: Some(gauge.clone()), ..settings.clone() };
    let outcome = pipeline::run(sources, &settings, Recorder::in_memory(detector, caps))?;
    Ok((outcome, gauge.read()))
}

impl Facts {
    /// What an examination measured.
    pub fn new(place: Place, examined: (Outcome, Sights), frames: &Frames) -> Self {
        let Frames { lengths, unopened } = frames;
        let (outcome, sights) = examined;
        let mut packets = PacketAccount::default();
        let mut incomplete = Vec::new();
        for input in &outcome.inputs {
            let InputAccount { name, packets: of_input, incomplete: why } = &input.account;
            packets.merge(of_input);
            incomplete.extend(why.as_ref().map(|why| format!("{name}: {why}")));
        }
        Facts {
            place,
            packets,
            mtu: lengths.mtu(),
            longest_frame: lengths.longest(),
            frames_over_mtu: lengths.longer(),
            sights,
            rollup: outcome.recorded.run,
            incomplete,
            unopened: unopened.read(),
        }
    }

    /// The interfaces, as arguments of a command; a name to be replaced where files were read.
    pub(super) fn interfaces(&self) -> Vec<&str> {
        match &self.place {
            Place::Interfaces(names) => names.iter().map(String::as_str).collect(),
            Place::Files => vec!["IFACE"],
        }
    }
}
