//! Standard input, and pipes that have a path, that can be stopped while nothing comes.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long nothing comes before it is asked whether to go on.
const LOOK_INTERVAL: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// Reads past the buffer of `std::io::Stdin`: what lies in it would not wake who waits.
pub(super) struct Pipe<F> {
    input: File,
    stopped: F,
    begun: bool,
}

impl<F: FnMut() -> bool> Pipe<F> {
    pub(super) fn stdin(stopped: F) -> io::Result<Self> {
        let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Pipe { input, stopped, begun: false })
    }

    /// Does not wait for a writer: the first read does.
    pub(super) fn open(path: &Path, stopped: F) -> io::Result<Self> {
        let input = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        Ok(Pipe { input, stopped, begun: false })
    }
}

impl<F: FnMut() -> bool> Read for Pipe<F> {
    /// As at the end, where somebody has stopped it.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut fds = [PollFd::new(&self.input, PollFlags::IN)];
            let ready = match poll(&mut fds, Some(&LOOK_INTERVAL)) {
                Ok(ready) => ready > 0,
                Err(rustix::io::Errno::INTR) => false,
                Err(error) => return Err(error.into()),
            };
            if ready {
                match self.input.read(out) {
                    // Somebody else took it.
                    Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                    done => {
                        self.begun = true;
                        return done;
                    }
                }
            }
            if (self.stopped)() {
                let before = io::Error::other("it was stopped before anything came");
                return if self.begun { Ok(0) } else { Err(before) };
            }
        }
    }
}
