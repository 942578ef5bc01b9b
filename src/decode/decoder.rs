//! The way through the layers.

use crate::base::Timestamp;
use crate::decode::content::Trail;
use crate::decode::encapsulations::Encapsulations;
use crate::decode::fragments::{Carriers, Fragments, Origin, Reading, Whole};
use crate::decode::network::{self, Datagram};
use crate::decode::ports::TunnelPorts;
use crate::decode::twins::Twins;
use crate::decode::view::View;
use crate::decode::{reasons, transport, walk};
use crate::model::{FiveTuple, Packet, Segment, Settled, SkipReason, network_of};

/// Turns frames into TCP segments. Checksums are not verified: a monitored host's offload leaves
/// them wrong on the wire's near side.
///
/// One decoder serves all inputs of a run, one after the other: a datagram's fragments may lie in
/// two files.
#[derive(Debug, Default)]
pub struct Decoder {
    encapsulations: Encapsulations,
    fragments: Fragments,
    twins: Twins,
    /// The datagram put together last.
    assembled: Vec<u8>,
    /// What else it may be where copies differed, the next one last.
    alternatives: Vec<Alternative>,
    input: u32,
    ports: TunnelPorts,
}

/// A second reading of a datagram.
#[derive(Debug)]
struct Alternative {
    at: Timestamp,
    trail: Trail,
    envelope: Envelope,
    reading: Reading,
}

/// What a datagram says of itself apart from its bytes.
#[derive(Clone, Copy, Debug)]
struct Envelope {
    src: std::net::IpAddr,
    dst: std::net::IpAddr,
    protocol: u8,
    id: u32,
}

impl Envelope {
    fn around<'a>(&self, bytes: &'a [u8], wire_len: usize) -> Datagram<'a> {
        let payload = View::of_datagram(bytes, wire_len);
        let Envelope { src, dst, protocol, id } = *self;
        Datagram { src, dst, protocol, hops: 0, id, part: None, payload }
    }
}

impl Decoder {
    /// A decoder that holds at most `fragment_bytes` of datagrams that are not whole.
    pub fn within(fragment_bytes: usize) -> Self {
        Decoder { fragments: Fragments::within(fragment_bytes), ..Decoder::default() }
    }

    /// Takes what goes to these UDP ports for tunnels as well.
    pub fn opening(mut self, ports: TunnelPorts) -> Self {
        self.ports = ports;
        self
    }

    /// The packets from now on are those of input number `input`: what becomes of fragments that
    /// waited is told under it.
    pub fn begin_input(&mut self, input: u32) {
        self.input = input;
    }

    /// The TCP segment in `packet`, its payload borrowed from it (or from the decoder, where it was
    /// put together from fragments), or why there is none.
    ///
    /// `wire_payload_len` follows from the IP length fields; where they are zero (segmentation
    /// offload) from the frame's length. It exceeds the payload where the capture cut the packet.
    #[inline]
    pub fn decode<'a>(&'a mut self, packet: &Packet<'a>) -> Result<Segment<'a>, SkipReason> {
        let mut trail = Trail::of(self.ports);
        let frame = View::new(packet.data, packet.wire_len);
        let datagram = walk::frame(packet.link, frame, &mut trail)?;
        if !self.fragments.is_empty() {
            self.fragments.sweep(packet.at);
        }
        if datagram.part.is_some() {
            return self.put_together(packet.at, datagram, trail);
        }
        let Decoder { encapsulations, twins, .. } = self;
        let mut segment = segment((packet.at, &datagram), encapsulations.of(&trail), Some(twins))?;
        segment.block = packet.block;
        Ok(segment)
    }

    /// What became of packets that [counted as held](SkipReason::Held), since the last time.
    pub fn settled(&mut self) -> impl Iterator<Item = Settled> + '_ {
        self.fragments.settled().drain(..)
    }

    /// Whether [`Decoder::settled`] has anything to tell.
    #[inline]
    pub fn has_settled(&mut self) -> bool {
        !self.fragments.settled().is_empty()
    }

    /// The last input ended: what still waits is settled.
    pub fn finish(&mut self) {
        self.fragments.finish();
    }

    /// Whether the packet decoded last has another reading.
    #[inline]
    pub fn has_alternative(&self) -> bool {
        !self.alternatives.is_empty()
    }

    /// The packet decoded last as another receiver reads it: first one that keeps the last copy
    /// where fragments overlap. It is no packet of its own and not counted.
    pub fn alternative(&mut self) -> Option<Segment<'_>> {
        let Alternative { at, mut trail, envelope, reading } = self.alternatives.pop()?;
        self.assembled = reading.bytes;
        let datagram = envelope.around(&self.assembled, reading.wire_len);
        let datagram = network::assembled(datagram).ok()?;
        let datagram = walk::datagram_on(datagram, &mut trail).ok()?;
        if datagram.part.is_some() {
            return None;
        }
        segment((at, &datagram), self.encapsulations.of(&trail), None).ok()
    }

    /// Adds a fragment, and walks on into the datagram it completes, which may be one again.
    fn put_together<'a>(
        &'a mut self,
        at: Timestamp,
        first: Datagram<'_>,
        mut trail: Trail,
    ) -> Result<Segment<'a>, SkipReason> {
        let (mut whole, mut envelope) = self.complete(at, &first, (&trail, Carriers::new()))?;
        let (before, carriers) = loop {
            trail.oddities.insert(whole.oddities);
            let before = trail.clone();
            let carriers = std::mem::take(&mut whole.carriers);
            let next = match open(&mut whole, &envelope, &mut trail) {
                Ok(inner) if inner.part.is_none() => break (before, carriers),
                Ok(inner) => self.complete(at, &inner, (&trail, carriers))?,
                Err(why) => {
                    self.fragments.settle(&carriers, why);
                    return Err(why);
                }
            };
            (whole, envelope) = next;
        };
        // Walked a second time, from where the bytes can stay.
        let mut readings = whole.readings.into_iter();
        let Reading { bytes, wire_len } = readings.next().unwrap_or_default();
        self.alternatives.extend(readings.rev().map(|reading| {
            let trail = before.clone();
            Alternative { at, trail, envelope, reading }
        }));
        self.assembled = bytes;
        let mut trail = before;
        let datagram = open_bytes(&self.assembled, wire_len, &envelope, &mut trail)?;
        let Decoder { encapsulations, twins, fragments, .. } = self;
        segment((at, &datagram), encapsulations.of(&trail), Some(twins))
            .inspect_err(|why| fragments.settle(&carriers, *why))
    }

    fn complete(
        &mut self,
        at: Timestamp,
        fragment: &Datagram<'_>,
        (trail, carriers): (&Trail, Carriers),
    ) -> Result<(Whole, Envelope), SkipReason> {
        let network = network_of(&trail.layers);
        if self.twins.saw(at, fragment, network) {
            self.fragments.settle(&carriers, SkipReason::Duplicate);
            return Err(SkipReason::Duplicate);
        }
        let ports = self.ports;
        let origin = Origin { at, network, input: self.input, carriers, ports };
        let whole = self.fragments.add(fragment, origin)?;
        let &Datagram { src, dst, id, .. } = fragment;
        let envelope = Envelope { src, dst, protocol: whole.protocol, id };
        Ok((whole, envelope))
    }
}

/// Walks into the first reading of a datagram that leads on; those before it are dropped. A decoy
/// that is no segment hides none.
fn open<'a>(
    whole: &'a mut Whole,
    envelope: &Envelope,
    trail: &mut Trail,
) -> Result<Datagram<'a>, SkipReason> {
    let before = trail.clone();
    let mut attempt = |reading: &Reading| {
        *trail = before.clone();
        let datagram = open_bytes(&reading.bytes, reading.wire_len, envelope, trail)?;
        if datagram.part.is_none() { transport::tcp(datagram.payload).map(|_| ()) } else { Ok(()) }
    };
    let mut first = Ok(());
    let leads = whole.readings.iter().position(|reading| {
        let led = attempt(reading);
        first = first.and(led);
        led.is_ok()
    });
    match leads {
        Some(at) => whole.readings.drain(..at),
        None => return first.and(Err(SkipReason::Skipped(reasons::FRAGMENT_INCOMPLETE))),
    };
    let Some(Reading { bytes, wire_len }) = whole.readings.first() else {
        return Err(SkipReason::Skipped(reasons::FRAGMENT_INCOMPLETE));
    };
    *trail = before;
    open_bytes(bytes, *wire_len, envelope, trail)
}

/// Walks into a datagram that was put together.
fn open_bytes<'a>(
    bytes: &'a [u8],
    wire_len: usize,
    envelope: &Envelope,
    trail: &mut Trail,
) -> Result<Datagram<'a>, SkipReason> {
    trail.descend()?;
    let datagram = network::assembled(envelope.around(bytes, wire_len))?;
    walk::datagram_on(datagram, trail)
}

/// The segment in a datagram of TCP, unless `twins` saw it before.
#[inline]
fn segment<'a>(
    (at, datagram): (Timestamp, &Datagram<'a>),
    encapsulation: &'a crate::model::Encapsulation,
    twins: Option<&mut Twins>,
) -> Result<Segment<'a>, SkipReason> {
    let tcp = transport::tcp(datagram.payload)?;
    if twins.is_some_and(|twins| twins.saw(at, datagram, encapsulation.network())) {
        return Err(SkipReason::Duplicate);
    }
    Ok(Segment {
        at,
        tuple: FiveTuple::tcp((datagram.src, tcp.src_port), (datagram.dst, tcp.dst_port)),
        seq: tcp.seq,
        ack: tcp.ack,
        flags: tcp.flags,
        urgent: tcp.urgent,
        guise: u16::from(datagram.hops) << 8 | u16::from(tcp.words) << 4,
        payload: tcp.payload.bytes(),
        wire_payload_len: u32::try_from(tcp.payload.wire_len()).unwrap_or(u32::MAX),
        encapsulation,
        block: None,
    })
}
