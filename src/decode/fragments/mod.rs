//! Puts IPv4 (RFC 791) and IPv6 (RFC 8200 section 4.5) fragments back together.
//!
//! ```text
//! fragment ─► Key (addresses, protocol, id, network) ─► Partial: pieces in order, first copy kept
//!                                                          │ whole, or whole in another way
//!                                                          └─► Whole ─► back to the walk
//! ```
//!
//! Where two fragments hold other bytes for one place, nobody but the receiver knows which it
//! takes. The first copy makes the datagram; a second reading in which the last copies win goes
//! with it, so that neither stays unseen, and both carry the mark
//! [`FragmentOddities::CONFLICT`](crate::model::FragmentOddities::CONFLICT).
//!
//! A datagram that became whole is kept as long as a receiver would wait for it: the fragment that
//! made it whole may never have reached the receiver (it lived too short, its checksum was wrong,
//! it ended elsewhere), and then the one it takes comes later. What such a fragment makes of the
//! datagram is one more reading. A sender that uses an identification again that soon (RFC 6864
//! forbids it) is read right as well, and marked.
//!
//! Bounded in datagrams, bytes, pieces per datagram, and packet time: see `base/limits.rs`. What is
//! given up is settled: every fragment is accounted for once.

mod partial;
mod table;

pub(super) use partial::{Carriers, Reading, Whole};
pub(super) use table::{Fragments, Origin};

#[cfg(test)]
mod tests;
