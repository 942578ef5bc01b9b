//! From sources to a sealed run.
//!
//! ```text
//! capture (one per interface) workers (N, by hash of the five-tuple)     writer (one)
//! source → decode → shard ══bounded══► Worker::process(batch) ══bounded══► Recorder
//! ```
//!
//! Files wait when a queue is full. Live input waits a little, and leaves whole flows out where a
//! worker cannot keep up (`pressure`), which is counted. Without workers one thread does it all.

use std::sync::Arc;
use std::time::Duration;

use crate::analysis::Worker;
use crate::base::clock::Stopwatch;
use crate::base::{Shares, Timestamp};
use crate::capture::CaptureError;
use crate::decode::{Decoder, TunnelPorts};
use crate::model::{Segment, Settled, SkipReason};
use crate::store::{InputIdentity, InputRecord, Passed, StoreError};

use super::away::Away;
use super::copies::Copies;
use super::drain::Drain;
use super::health::{Return, Watch};
pub use super::ingest::{Identify, OpenInput};
use super::ingest::{Ingest, Step};
use super::inline::inline;
pub use super::inputs::Earlier;
use super::inputs::Inputs;
use super::pressure::patience;
use super::progress::Progress;
use super::recorder::{Recorded, Recorder};
use super::shard::Panics;
use super::sight::Gauge;
use super::stop::Stop;
pub use super::threads::shards;
use super::threads::threaded;

/// Segments of one batch: so many that waking the other thread costs little.
pub(super) const BATCH_SEGMENTS: usize = 2048;
/// Payload bytes of one batch.
pub(super) const BATCH_BYTES: usize = 1024 * 1024;
/// How often live input makes workers hand over what they have.
const TICK: Duration = Duration::from_millis(500);
/// Packets between two looks at the clock, the stop flag and the progress.
pub(super) const LOOK_PACKETS: u64 = 1024;

/// What is read.
pub struct Sources<'a> {
    /// Opens the next input.
    pub next: &'a mut dyn FnMut() -> Upcoming,
    /// How they are read.
    pub pace: Pace,
}

/// What comes next.
pub enum Upcoming {
    /// An input.
    Input(Box<OpenInput>),
    /// Files that are read at once, by packet time.
    Together(Vec<OpenInput>),
    /// One that cannot be read.
    Failed(CaptureError),
    /// Nothing now, perhaps later; whoever says so has waited a little.
    Later,
    /// Nothing ever again.
    End,
}

impl From<Option<Result<OpenInput, CaptureError>>> for Upcoming {
    fn from(next: Option<Result<OpenInput, CaptureError>>) -> Self {
        match next {
            Some(Ok(input)) => Upcoming::Input(Box::new(input)),
            Some(Err(error)) => Upcoming::Failed(error),
            None => Upcoming::End,
        }
    }
}

/// How sources are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Files, one after the other; they wait where nothing can be taken.
    Files,
    /// The same, but they are still being written: what was seen is published meanwhile.
    Following,
    /// Interfaces, read all at once, which takes workers where there are several. Packets that
    /// cannot be taken at once are lost, and what was seen is published meanwhile.
    Live,
}

/// How a run goes.
#[derive(Clone)]
pub struct Settings {
    /// Worker threads; 0 runs everything in the calling thread.
    pub workers: usize,
    /// Shards among which flows are divided.
    pub shards: usize,
    /// What may be held of what.
    pub shares: Shares,
    /// Makes a worker.
    pub worker: Arc<dyn Fn() -> Worker + Send + Sync>,
    /// Ends the run early.
    pub stop: Stop,
    /// Tells how far it is.
    pub progress: Progress,
    /// Gathers what can be seen of flows, where someone wants to know.
    pub gauge: Option<Gauge>,
    /// Watches a live capture for blindness; wants a gauge.
    pub watch: Option<Watch>,
    /// Ports of tunnels beyond those that are theirs.
    pub tunnels: TunnelPorts,
}

/// What a run leaves.
pub struct Outcome {
    /// What was recorded.
    pub recorded: Recorded,
    /// The inputs with their accounts; of very many only the last ones.
    pub inputs: Vec<InputRecord>,
    /// Those before them.
    pub earlier: Earlier,
    /// Inputs that could not be opened or read on.
    pub failures: Vec<CaptureError>,
    /// Whether someone stopped it.
    pub interrupted: bool,
    /// Panics of workers: each lost the flows of its shard.
    pub panics: u64,
}

/// Runs `sources` to their end, or until someone stops it.
pub fn run(
    mut sources: Sources<'_>,
    settings: &Settings,
    recorder: Recorder,
) -> Result<Outcome, StoreError> {
    if settings.workers == 0 {
        inline(&mut sources, settings, recorder)
    } else {
        threaded(&mut sources, settings, recorder)
    }
}

/// Where the capture loop's segments go.
pub(super) trait Lane {
    fn push(&mut self, segment: &Segment<'_>);
    /// A packet that makes no segment was captured `at` then.
    fn passed(&mut self, _at: Timestamp) {}
    /// A live input has nothing now: what is pending need not wait. Of a flow whose directions come
    /// by two interfaces neither runs far ahead then.
    fn idle(&mut self, _now: Timestamp) {}
    /// A live input loses nothing where a worker is waited for so long.
    fn may_wait(&mut self, _patience: Duration) {}
    /// Hands over what is pending; `now` is the packet time or the clock of an idle interface.
    /// Whether `inputs`, whose accounts have changed, were taken.
    fn tick(&mut self, now: Timestamp, inputs: Vec<InputRecord>) -> bool;
    /// Segments that did not fit since the last time: they are lost.
    fn take_shed(&mut self) -> u64 {
        0
    }
    /// Whether nothing more can be taken: the store failed.
    fn broken(&self) -> bool;
}

/// The capture loop of one thread.
pub(super) struct Capture<'a> {
    settings: &'a Settings,
    decoder: Decoder,
    done: Inputs,
    failures: Vec<CaptureError>,
    interrupted: bool,
    /// Bytes and packets of the input at hand that the progress knows of.
    noted: (u64, u64),
    /// When the last segment was captured.
    last: Timestamp,
    since_tick: Stopwatch,
    /// What workers found to have come by another thread as well.
    copies: Arc<Copies>,
}

/// The file that is read, where it is one that is still written.
struct FileAtHand {
    identify: Option<Identify>,
    before: Passed,
    /// Up to how many bytes it was told which file it is.
    told: Option<(u64, Option<InputIdentity>)>,
}

impl FileAtHand {
    /// Which file it is so far: whoever is killed leaves that behind.
    fn identity(&mut self, ingest: &Ingest) -> Option<InputIdentity> {
        let identify = self.identify.as_ref()?;
        let bytes = ingest.bytes_read(true);
        if self.told.is_none_or(|(before, _)| before != bytes) {
            self.told = Some((bytes, identify(Some(bytes))));
        }
        self.told.and_then(|(_, identity)| identity)
    }
}

impl<'a> Capture<'a> {
    /// One that reads inputs from place `first` in the run on, while `sources` are read at once.
    pub(super) fn new(settings: &'a Settings, (first, sources): (u32, usize)) -> Self {
        Capture {
            settings,
            decoder: Decoder::within(settings.shares.fragment_bytes / sources.max(1))
                .opening(settings.tunnels),
            done: Inputs::from(first),
            failures: Vec::new(),
            interrupted: false,
            noted: (0, 0),
            last: Timestamp::default(),
            since_tick: Stopwatch::start(),
            copies: Arc::default(),
        }
    }

    /// The same, one of several to whom workers tell of second copies.
    pub(super) fn telling(mut self, copies: Arc<Copies>) -> Self {
        self.copies = copies;
        self
    }

    pub(super) fn copies(&self) -> &Arc<Copies> {
        &self.copies
    }

    /// Reads the sources one after the other.
    pub(super) fn read(&mut self, sources: &mut Sources<'_>, lane: &mut dyn Lane) {
        while !self.settings.stop.asked() && !lane.broken() {
            match (sources.next)() {
                Upcoming::End => return,
                Upcoming::Failed(error) => self.failures.push(error),
                Upcoming::Later => self.wait(lane),
                Upcoming::Input(input) => self.read_input(*input, sources.pace, lane),
                Upcoming::Together(inputs) => self.read_together(inputs, lane),
            }
        }
        self.interrupted = self.settings.stop.asked();
    }

    /// Opens every source, for threads to read them.
    pub(super) fn open_all(&mut self, sources: &mut Sources<'_>) -> Vec<OpenInput> {
        let mut inputs = Vec::new();
        loop {
            match (sources.next)() {
                Upcoming::Input(input) => inputs.push(*input),
                Upcoming::Together(together) => inputs.extend(together),
                Upcoming::Failed(error) => self.failures.push(error),
                Upcoming::Later => {}
                Upcoming::End => return inputs,
            }
        }
    }

    /// Between two files: what was seen is published meanwhile.
    fn wait(&mut self, lane: &mut dyn Lane) {
        lane.idle(self.last);
        if self.since_tick.elapsed() >= TICK {
            self.since_tick = Stopwatch::start();
            if lane.tick(self.last, self.done.changed().collect()) {
                self.done.note_told();
            }
        }
    }

    /// Adds what another thread has read.
    pub(super) fn absorb(&mut self, mut other: Capture<'_>) {
        other.settle_rest();
        self.done.absorb(other.done);
        self.failures.extend(other.failures);
        self.interrupted |= other.interrupted;
    }

    /// Takes back from the last input what did not fit into a queue.
    pub(super) fn shed(&mut self, segments: u64) {
        if segments > 0
            && let Some(packets) = self.done.last()
        {
            let taken = segments.min(packets.analysed);
            packets.analysed -= taken;
            *packets.shed.entry("queue-full").or_default() += taken;
        }
    }

    /// Reads one input to its end, or until someone stops it.
    pub(super) fn read_input(&mut self, input: OpenInput, pace: Pace, lane: &mut dyn Lane) {
        let OpenInput { mut ingest, mut identity, identify, before } = input;
        let mut file = FileAtHand { identify, before, told: None };
        let live = pace == Pace::Live;
        let number = self.done.next();
        ingest.go_on(std::mem::take(&mut self.decoder), number);
        let mut last = Timestamp::default();
        let (mut stopped, mut idle, mut failed) = (false, false, false);
        let (mut drain, mut away) = (Drain::default(), Away::default());
        loop {
            if ingest.packets() % LOOK_PACKETS == 0
                && self.look(&mut ingest, &mut file, (last, pace), lane)
                && (!live || drain.is_over())
            {
                stopped = true;
                break;
            }
            match ingest.step() {
                Ok(Step::Segment(segment)) => {
                    last = segment.at;
                    lane.push(&segment);
                }
                Ok(Step::Counted) => lane.passed(ingest.came_to()),
                Ok(Step::Idle(now)) => {
                    lane.idle(now);
                    away.look(ingest.source(), self.settings.watch.as_ref());
                    let stop = self.look(&mut ingest, &mut file, (now, pace), lane);
                    if stop && (!live || drain.is_quiet()) {
                        (stopped, idle) = (true, true);
                        break;
                    }
                }
                Ok(Step::End) => break,
                Err(error) => {
                    self.tell_gone(&ingest, &error);
                    self.failures.push(error);
                    failed = true;
                    break;
                }
            }
        }
        self.last = last;
        self.note_progress(&ingest, pace);
        self.end_progress();
        self.interrupted |= self.settings.stop.asked();
        ingest.end();
        let mut account = ingest.account();
        self.settle(ingest.settled_earlier());
        self.decoder = ingest.hand_on();
        // A capture that is stopped is done, and a file that is followed to where it has come.
        let cut = stopped && !live && !idle;
        if (failed || cut) && account.incomplete.is_none() {
            account.incomplete = Some(if failed { "ended early" } else { "interrupted" }.into());
        }
        if let Some(identify) = file.identify {
            identity = identify(stopped.then(|| ingest.bytes_read(true)));
        }
        self.done.push(InputRecord { account, identity, position: number, before });
    }

    /// Place of the next input in the run.
    pub(super) fn next_place(&self) -> u32 {
        self.done.next()
    }

    /// Lets an input go on with the decoder.
    pub(super) fn lend_decoder(&mut self, ingest: &mut Ingest) {
        ingest.go_on(std::mem::take(&mut self.decoder), self.done.next());
    }

    /// Takes it back for the next input.
    pub(super) fn take_decoder_back(&mut self, ingest: &mut Ingest) {
        self.decoder = ingest.hand_on();
    }

    /// An input could not be read on.
    pub(super) fn failed(&mut self, error: CaptureError) {
        self.failures.push(error);
    }

    /// Whether someone wants an end.
    pub(super) fn is_stopped(&self) -> bool {
        self.settings.stop.asked()
    }

    /// An input is done.
    pub(super) fn done_with(&mut self, record: InputRecord) {
        self.done.push(record);
    }

    /// Says at once that an interface went away: others may be read for weeks.
    fn tell_gone(&self, ingest: &Ingest, error: &CaptureError) {
        if let (Some(watch), CaptureError::Live(error)) = (&self.settings.watch, error) {
            watch.gone(ingest.source().name(), &error.reason(), Return::Never);
        }
    }

    /// Accounts for packets of inputs that are done: fragments that waited there for others.
    pub(super) fn settle(&mut self, settled: impl IntoIterator<Item = Settled>) {
        for settled in settled {
            self.done.settle(&settled);
        }
    }

    /// Looks up from the packets now and then; whether to stop.
    fn look(
        &mut self,
        ingest: &mut Ingest,
        file: &mut FileAtHand,
        (now, pace): (Timestamp, Pace),
        lane: &mut dyn Lane,
    ) -> bool {
        self.note_progress(ingest, pace);
        if pace != Pace::Files && self.since_tick.elapsed() >= TICK {
            if let Some(buffer) = ingest.source().buffer() {
                let came = (ingest.take_bytes_since(), self.since_tick.elapsed());
                lane.may_wait(patience(buffer, came));
            }
            self.since_tick = Stopwatch::start();
            ingest.shed("queue-full", lane.take_shed());
            ingest.copied(self.copies.take(self.done.next()));
            let account = ingest.account();
            if let (Some(watch), Some(gauge)) = (&self.settings.watch, &self.settings.gauge) {
                watch.observe(now, &account, gauge);
            }
            let (identity, before) = (file.identity(ingest), file.before);
            let current = InputRecord { account, identity, position: self.done.next(), before };
            if lane.tick(now, self.done.changed().chain([current]).collect()) {
                self.done.note_told();
            }
        }
        self.settings.stop.asked() || lane.broken()
    }

    fn note_progress(&mut self, ingest: &Ingest, pace: Pace) {
        self.note_read((ingest.bytes_read(pace == Pace::Files), ingest.packets()));
    }

    /// The next input begins anew.
    pub(super) fn end_progress(&mut self) {
        self.noted = (0, 0);
    }

    /// Notes how many bytes and packets of what is read were read.
    pub(super) fn note_read(&mut self, now: (u64, u64)) {
        let (bytes, packets) = self.noted;
        self.settings.progress.add(now.0.saturating_sub(bytes), now.1.saturating_sub(packets));
        self.noted = now;
    }

    /// Accounts for what the decoder still holds.
    fn settle_rest(&mut self) {
        self.decoder.finish();
        let settled: Vec<Settled> = self.decoder.settled().collect();
        self.settle(settled);
    }

    pub(super) fn conclude(
        mut self,
        recorder: Recorder,
        panics: &Panics,
    ) -> Result<Outcome, StoreError> {
        self.settle_rest();
        for (input, packets) in self.copies.rest() {
            self.done.settle(&Settled { input, packets, why: SkipReason::Duplicate });
        }
        let lost = panics.segments();
        if let Some(packets) = self.done.last() {
            let taken = lost.min(packets.analysed);
            if taken > 0 {
                packets.analysed -= taken;
                *packets.shed.entry("worker-panic").or_default() += taken;
            }
        }
        let (inputs, earlier) = self.done.into_parts();
        // What cannot be opened now may be another time.
        let ended_early = self.interrupted || self.failures.iter().any(CaptureError::may_pass);
        let gauge = self.settings.gauge.as_ref();
        let accounts = || inputs.iter().map(|input| &input.account);
        self.settings.watch.as_ref().inspect(|watch| watch.end(accounts(), gauge));
        Ok(Outcome {
            recorded: recorder.seal(&inputs, ended_early)?,
            inputs,
            earlier,
            failures: self.failures,
            interrupted: self.interrupted,
            panics: panics.count(),
        })
    }
}
