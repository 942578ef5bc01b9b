//! Packet filters in the language of pcap-filter(7), compiled by libpcap.

use pcap::{BpfProgram, Capture, Linktype};

use crate::model::{LinkType, Packet};

/// Which packets are wanted. Compiled once per link type, since the same words mean other offsets
/// behind another header. Belongs to one thread at a time.
pub struct Filter {
    text: String,
    programs: Vec<(LinkType, Option<BpfProgram>)>,
    inapplicable: Vec<(LinkType, String)>,
}

/// A filter that libpcap does not understand.
#[derive(Debug, thiserror::Error)]
#[error("compile the filter {text:?}: {reason}; the syntax is that of pcap-filter(7)")]
pub struct FilterError {
    /// What the user wrote.
    pub text: String,
    /// What libpcap says about it.
    pub reason: String,
}

impl Filter {
    /// Compiles `text` for Ethernet, so that a mistake shows before any packet is read.
    pub fn new(text: &str) -> Result<Self, FilterError> {
        let program = compile(text, LinkType::ETHERNET)
            .map_err(|reason| FilterError { text: text.to_owned(), reason })?;
        Ok(Filter {
            text: text.to_owned(),
            programs: vec![(LinkType::ETHERNET, Some(program))],
            inapplicable: Vec::new(),
        })
    }

    /// What the user wrote.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `packet` is wanted. Tests on the packet's length see the captured length. A packet
    /// of a link type that the filter cannot be applied to is not wanted; see
    /// [`Filter::inapplicable`].
    pub fn matches(&mut self, packet: &Packet<'_>) -> bool {
        let known = self.programs.iter().position(|(link, _)| *link == packet.link);
        let at = known.unwrap_or_else(|| self.add(packet.link));
        match self.programs.get(at) {
            Some((_, Some(program))) => program.filter(packet.data),
            _ => false,
        }
    }

    /// The link types met so far that the filter could not be compiled for, each with libpcap's
    /// reason: `ether host` asks for something that raw IP does not have.
    pub fn inapplicable(&self) -> &[(LinkType, String)] {
        &self.inapplicable
    }

    fn add(&mut self, link: LinkType) -> usize {
        let program = match compile(&self.text, link) {
            Ok(program) => Some(program),
            Err(reason) => {
                self.inapplicable.push((link, reason));
                None
            }
        };
        // A file has few link types; one that makes up thousands only makes this slower.
        self.programs.push((link, program));
        self.programs.len() - 1
    }
}

fn compile(text: &str, link: LinkType) -> Result<BpfProgram, String> {
    let reason = |e: pcap::Error| match e {
        pcap::Error::PcapError(reason) => reason,
        other => other.to_string(),
    };
    let dead = Capture::dead(Linktype(i32::from(dlt(link)))).map_err(reason)?;
    dead.compile(text, true).map_err(reason)
}

/// libpcap's own number for a link type: files and libpcap disagree about raw IP.
fn dlt(link: LinkType) -> u16 {
    match link {
        LinkType::RAW => 12,
        LinkType(other) => other,
    }
}
