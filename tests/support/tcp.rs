//! Conversations made to measure: what each side says becomes TCP segments in Ethernet frames.

use std::net::{IpAddr, SocketAddr};

use super::capture::Frame;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;
const STEP_US: u64 = 137;
const MSS: usize = 1460;

/// One TCP connection, from its handshake to its end.
pub struct Conversation {
    client: SocketAddr,
    server: SocketAddr,
    frames: Vec<Frame>,
    at_us: u64,
    client_seq: u32,
    server_seq: u32,
    mss: usize,
}

impl Conversation {
    /// Opens with a handshake at `at_us`. Sequence numbers begin shortly before they wrap.
    pub fn open(client: &str, server: &str, at_us: u64) -> Conversation {
        Self::numbered((client, server), at_us, [0xffff_ff00, 0xffff_fe00])
    }

    /// The same with these initial sequence numbers, of the client and of the server.
    pub fn numbered(ends: (&str, &str), at_us: u64, isn: [u32; 2]) -> Conversation {
        let (client, server) = ends;
        let [client_seq, server_seq] = isn;
        let mut this = Conversation {
            client: client.parse().expect("ip:port"),
            server: server.parse().expect("ip:port"),
            frames: Vec::new(),
            at_us,
            client_seq,
            server_seq,
            mss: MSS,
        };
        this.send(true, SYN, &[]);
        this.client_seq = this.client_seq.wrapping_add(1);
        this.send(false, SYN | ACK, &[]);
        this.server_seq = this.server_seq.wrapping_add(1);
        this.send(true, ACK, &[]);
        this
    }

    /// From now on segments carry at most this many bytes.
    pub fn segments_of(mut self, mss: usize) -> Self {
        self.mss = mss;
        self
    }

    /// The client says this.
    pub fn ask(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.speak(true, bytes.as_ref());
        self
    }

    /// The server says this.
    pub fn answer(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.speak(false, bytes.as_ref());
        self
    }

    /// Nobody says anything for so long.
    pub fn wait(mut self, us: u64) -> Self {
        self.at_us += us;
        self
    }

    /// A request with a body, and the answer to it with one.
    pub fn exchange(self, request: (&str, &[u8]), response: (&str, &[u8])) -> Self {
        let head = |(head, body): (&str, &[u8])| {
            let head = head.trim_end().replace('\n', "\r\n");
            let length = format!("{head}\r\nContent-Length: {}\r\n\r\n", body.len());
            [length.as_bytes(), body].concat()
        };
        self.ask(head(request)).answer(head(response))
    }

    /// Both sides close.
    pub fn close(mut self) -> Vec<Frame> {
        self.send(true, FIN | ACK, &[]);
        self.client_seq = self.client_seq.wrapping_add(1);
        self.send(false, FIN | ACK, &[]);
        self.server_seq = self.server_seq.wrapping_add(1);
        self.send(true, ACK, &[]);
        self.frames
    }

    /// The client says that it has everything, and nobody says more.
    pub fn acknowledged(mut self) -> Vec<Frame> {
        self.send(true, ACK, &[]);
        self.frames
    }

    /// The recording ends here.
    pub fn frames(self) -> Vec<Frame> {
        self.frames
    }

    fn speak(&mut self, by_client: bool, bytes: &[u8]) {
        for piece in bytes.chunks(self.mss) {
            self.send(by_client, PSH | ACK, piece);
            let said = u32::try_from(piece.len()).expect("a segment");
            let seq = if by_client { &mut self.client_seq } else { &mut self.server_seq };
            *seq = seq.wrapping_add(said);
        }
    }

    fn send(&mut self, by_client: bool, flags: u8, payload: &[u8]) {
        let (ends, seq, ack) = if by_client {
            ((self.client, self.server), self.client_seq, self.server_seq)
        } else {
            ((self.server, self.client), self.server_seq, self.client_seq)
        };
        let ack = if flags & ACK == 0 { 0 } else { ack };
        self.frames.push(Frame::new(self.at_us, frame(ends, (seq, ack, flags), payload)));
        self.at_us += STEP_US;
    }
}

/// A frame as an overlay carries it: behind a tunnel's header, in UDP between these ports.
pub fn tunnelled(frame: &Frame, (from, to): (u16, u16), header: &[u8]) -> Frame {
    let payload = [header, &frame.bytes].concat();
    let len =
        |more: usize| u16::try_from(payload.len() + more).expect("a short frame").to_be_bytes();
    let (total, dgram) = (len(28), len(8));
    let ether = [&[2; 12][..], &[8, 0]].concat();
    let ip = [&[0x45, 0][..], &total, &[0, 1, 0, 0, 64, 17, 0, 0, 172, 16, 0, 1, 172, 16, 0, 2]];
    let udp = [&from.to_be_bytes()[..], &to.to_be_bytes(), &dgram, &[0, 0]];
    Frame::new(frame.at_us, [&ether[..], &ip.concat(), &udp.concat(), &payload].concat())
}

/// The port a frame of a conversation comes from, and what it carries.
pub fn payload(frame: &Frame) -> (u16, &[u8]) {
    let tcp_at = if frame.bytes[12] == 0x08 { 34 } else { 54 };
    let port = u16::from_be_bytes([frame.bytes[tcp_at], frame.bytes[tcp_at + 1]]);
    (port, &frame.bytes[tcp_at + 20..])
}

/// An Ethernet frame with one TCP segment; checksums are left 0, as offloading leaves them.
pub fn frame(
    (source, target): (SocketAddr, SocketAddr),
    (seq, ack, flags): (u32, u32, u8),
    payload: &[u8],
) -> Vec<u8> {
    let mut tcp = Vec::with_capacity(20 + payload.len());
    tcp.extend_from_slice(&source.port().to_be_bytes());
    tcp.extend_from_slice(&target.port().to_be_bytes());
    tcp.extend_from_slice(&seq.to_be_bytes());
    tcp.extend_from_slice(&ack.to_be_bytes());
    tcp.extend_from_slice(&[5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend_from_slice(payload);
    let length = u16::try_from(tcp.len()).expect("a segment");
    let mut out = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    match (source.ip(), target.ip()) {
        (IpAddr::V4(source), IpAddr::V4(target)) => {
            out.extend_from_slice(&[0x08, 0x00, 0x45, 0]);
            out.extend_from_slice(&(20 + length).to_be_bytes());
            out.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
            out.extend_from_slice(&source.octets());
            out.extend_from_slice(&target.octets());
        }
        (IpAddr::V6(source), IpAddr::V6(target)) => {
            out.extend_from_slice(&[0x86, 0xdd, 0x60, 0, 0, 0]);
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(&[6, 64]);
            out.extend_from_slice(&source.octets());
            out.extend_from_slice(&target.octets());
        }
        _ => panic!("both ends have the same IP version"),
    }
    out.extend_from_slice(&tcp);
    out
}
