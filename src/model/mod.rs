//! Floor 1: plain nouns. The words of the field (see the glossary in `docs/architecture.md`), with
//! no behaviour beyond keeping themselves consistent.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod account;
pub mod block;
pub mod community_id;
pub mod encapsulation;
pub mod event;
pub mod evidence;
pub mod finding;
pub mod header;
pub mod input;
pub mod message;
pub mod packet;
pub mod segment;
pub mod status;
pub mod stream;
pub mod tls;
pub mod value;

pub use account::{InputAccount, PacketAccount, Reason, Settled, SkipReason};
pub use block::Block;
pub use community_id::community_id;
pub use encapsulation::{Encapsulation, FragmentOddities, Layer, network_of};
pub use event::{CertificateSaid, EventSink, ExchangeEvent, FlowEvent, Hl7Said, Revealed, TlsSaid};
pub use evidence::{Evidence, Outcome, RuleBits, RuleId, Sample};
pub use finding::{FindingKind, Severity};
pub use header::{Header, HeaderName};
pub use input::{InputIdentity, Passed};
pub use message::{Anomaly, Correlation, Hl7Header, MessageEvent, MessageHead, Standing, SwitchTo};
pub use packet::{LinkType, Packet};
pub use segment::{FiveTuple, Segment, SegmentBatch, TcpFlags};
pub use status::{AckCode, Status};
pub use stream::{
    Direction, EndCause, Offsets, SecondCopy, StreamEvent, StreamInput, StreamTotals,
};
pub use tls::{
    NamePart, TlsAlert, TlsCertificate, TlsClientHello, TlsKeyExchange, TlsServerHello, TlsSession,
    TlsVersion,
};
pub use value::{Form, Location, Value, ValueKind};
