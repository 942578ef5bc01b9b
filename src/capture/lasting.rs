//! An interface that may go away and come back: a USB adapter, a virtual interface that is made
//! anew, a driver that is loaded again.
//!
//! While it is away it is idle, and every few seconds it is opened again. What it delivered and
//! lost before is not forgotten. The sockets of an interface (its rings) are opened again together,
//! by whichever of them is first to try, once each of them has noticed: sockets of which only some
//! share the packets would deliver some packets twice.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::base::clock::{self, Stopwatch};
use crate::capture::live::{LiveError, LiveOptions, LiveSource};
use crate::capture::source::{Absence, CaptureError, Losses, Next, PacketSource};

/// How often an interface that is away is tried: soon enough for whoever plugs it in and waits.
const TRY_INTERVAL: Duration = Duration::from_secs(2);
/// How often a source that is away says that it is idle.
const IDLE_INTERVAL: Duration = Duration::from_millis(50);

/// Listens on one interface, or one ring of it, whether it is there or not.
pub struct LastingSource {
    /// None while the interface is away.
    source: Option<LiveSource>,
    name: String,
    device: String,
    options: LiveOptions,
    rings: Arc<Mutex<Vec<Ring>>>,
    number: usize,
    /// Whether it may be opened again.
    returns: bool,
    /// What sockets before this one lost.
    lost_before: Losses,
    /// How often it went away, for how long in all but the last time, and why it is away now.
    times: u32,
    away_before: Duration,
    reason: Option<String>,
    /// It could not be read any more, just now.
    is_leaving: bool,
    /// Since it went away, and since it was tried last.
    since: Option<(Stopwatch, Stopwatch)>,
}

/// One socket of an interface.
enum Ring {
    Reading,
    Away,
    /// Another ring opened it again.
    Ready(Box<LiveSource>),
}

impl LastingSource {
    /// Opens `device` as often as `rings` says, as [`LiveSource::open_rings`] does.
    pub fn open(
        device: &str,
        rings: usize,
        options: &LiveOptions,
    ) -> Result<Vec<LastingSource>, LiveError> {
        let sources = LiveSource::open_rings(device, rings, options)?;
        let shared = sources.iter().map(|_| Ring::Reading).collect();
        let shared = Arc::new(Mutex::new(shared));
        let lasting = |(number, source): (usize, LiveSource)| LastingSource {
            name: source.name().to_owned(),
            source: Some(source),
            device: device.to_owned(),
            options: options.clone(),
            rings: Arc::clone(&shared),
            number,
            returns: true,
            lost_before: Losses::default(),
            times: 0,
            away_before: Duration::ZERO,
            reason: None,
            is_leaving: false,
            since: None,
        };
        Ok(sources.into_iter().enumerate().map(lasting).collect())
    }

    /// Sets the kernel's filter, also for when the interface has come back.
    pub fn filter(&mut self, text: &str) -> Result<(), LiveError> {
        if let Some(source) = &mut self.source {
            source.filter(text)?;
        }
        self.options.filter = Some(text.to_owned());
        Ok(())
    }

    /// The privilege to open an interface is given up: one that goes away ends the source.
    pub fn stay_away(&mut self) {
        self.returns = false;
    }

    /// Bytes of its buffer, where the system tells (Linux): less than was asked for where memory
    /// is short.
    pub fn buffer_bytes(&self) -> Option<u64> {
        self.source.as_ref()?.buffer_bytes()
    }

    fn leave(&mut self) {
        self.lost_before = self.losses();
        self.source = None;
        self.is_leaving = false;
        self.times = self.times.saturating_add(1);
        self.since = Some((Stopwatch::start(), Stopwatch::start()));
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        set(&mut rings, self.number, Ring::Away);
    }

    /// Waits a little; takes the interface up again where it is back.
    fn wait(&mut self) {
        thread::park_timeout(IDLE_INTERVAL);
        let Some((away, tried)) = &mut self.since else { return };
        let is_due = tried.elapsed() >= TRY_INTERVAL;
        if is_due {
            *tried = Stopwatch::start();
        }
        let whole = away.elapsed();
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = take(&mut rings, self.number).or_else(|| {
            let all_noticed = !rings.iter().any(|ring| matches!(ring, Ring::Reading));
            (is_due && all_noticed)
                .then(|| reopen(&self.device, &self.options, (&mut rings, self.number)))
                .flatten()
        });
        drop(rings);
        if let Some(source) = opened {
            self.source = Some(source);
            self.since = None;
            self.reason = None;
            self.away_before += whole;
        }
    }
}

fn set(rings: &mut [Ring], number: usize, to: Ring) -> Option<Ring> {
    rings.get_mut(number).map(|ring| std::mem::replace(ring, to))
}

/// The socket that another ring opened for this one.
fn take(rings: &mut [Ring], number: usize) -> Option<LiveSource> {
    match rings.get(number) {
        Some(Ring::Ready(_)) => match set(rings, number, Ring::Reading) {
            Some(Ring::Ready(source)) => Some(*source),
            _ => None,
        },
        _ => None,
    }
}

/// Opens every ring again and leaves the others theirs.
fn reopen(
    device: &str,
    options: &LiveOptions,
    (rings, number): (&mut [Ring], usize),
) -> Option<LiveSource> {
    // Why it cannot be opened is known: it is away.
    let sources = LiveSource::open_rings(device, rings.len(), options).ok()?;
    for (ring, source) in rings.iter_mut().zip(sources) {
        *ring = Ring::Ready(Box::new(source));
    }
    take(rings, number)
}

impl PacketSource for LastingSource {
    fn next_packet(&mut self) -> Result<Next<'_>, CaptureError> {
        if self.is_leaving {
            self.leave();
        }
        if self.source.is_none() {
            self.wait();
        }
        let Some(source) = &mut self.source else { return Ok(Next::Idle(clock::wall())) };
        match source.next_packet() {
            Err(CaptureError::Live(error)) if self.returns => {
                self.is_leaving = true;
                self.reason = Some(error.reason());
                Ok(Next::Idle(clock::wall()))
            }
            next => next,
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn buffer(&self) -> Option<u64> {
        self.buffer_bytes()
    }

    fn end(&mut self) {
        if let Some(source) = &mut self.source {
            source.end();
        }
    }

    fn losses(&mut self) -> Losses {
        let now = self.source.as_mut().map(LiveSource::losses).unwrap_or_default();
        self.lost_before.and(now)
    }

    fn absence(&self) -> Option<Absence> {
        let away = self.since.as_ref().map(|(away, _)| away.elapsed()).unwrap_or_default();
        let times = self.times + u32::from(self.is_leaving);
        (times > 0).then(|| Absence {
            times,
            total: self.away_before + away,
            reason: self.reason.clone(),
        })
    }
}
