//! One interface read by several sockets: the kernel hands each flow to one of them
//! (`PACKET_FANOUT`, packet(7)), so that as many threads share the work.
//!
//! libpcap knows nothing of it, but its socket is an ordinary packet socket. The option is set
//! through nix, whose macro wraps setsockopt(2) for an option it does not have itself: no `unsafe`
//! of our own.

use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::sys::socket::{getsockopt, setsockopt};
use nix::{getsockopt_impl, setsockopt_impl, sockopt_impl};

sockopt_impl!(
    /// The group of a packet socket: its id in the low half, how packets are dealt in the high one.
    PacketFanout,
    Both,
    libc::SOL_PACKET,
    libc::PACKET_FANOUT,
    u32
);

/// By a hash of the five-tuple that is the same in both directions; of fragments, of the addresses.
const BY_FLOW: u32 = libc::PACKET_FANOUT_HASH;
/// The kernel chooses an id that no other group has.
const NEW_GROUP: u32 = libc::PACKET_FANOUT_FLAG_UNIQUEID;

/// A group of sockets that share what an interface receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fanout {
    id: u32,
}

impl Fanout {
    /// Makes a group of which `socket` is the first.
    pub(super) fn found(socket: BorrowedFd<'_>) -> Result<Fanout, Errno> {
        setsockopt(&socket, PacketFanout, &((BY_FLOW | NEW_GROUP) << 16))?;
        Ok(Fanout { id: getsockopt(&socket, PacketFanout)? & 0xffff })
    }

    /// Lets `socket` take its share.
    pub(super) fn join(self, socket: BorrowedFd<'_>) -> Result<(), Errno> {
        setsockopt(&socket, PacketFanout, &(self.id | BY_FLOW << 16))
    }
}
