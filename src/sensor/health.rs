//! Blindness is reported, not endured: what was counted in the last while becomes a list of what
//! is wrong. The judgement is a pure function; time comes with the counters.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::Timestamp;
use crate::capture::interface_of;
use crate::model::{InputAccount, PacketAccount};

use super::sight::{Gauge, Payload, Sights};

/// In which way a sensor does not see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blindness {
    /// An interface went away.
    Gone(String),
    /// An interface brings nothing.
    Silent(String),
    /// An interface loses more than one packet in a hundred.
    Losing(String),
    /// Of almost every flow one direction only.
    OneWay,
    /// Nothing but TLS.
    Encrypted,
    /// Of the TCP payload more than one byte in a hundred did not come, and no interface lost it.
    Missing,
}

/// Whether an interface that went away is taken up again when it is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Return {
    /// It is tried again and again.
    Awaited,
    /// It cannot be opened any more.
    Never,
}

/// How health changed: one line for a log each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is about.
    pub blindness: Blindness,
    /// Whether it began; else it ended.
    pub began: bool,
    /// What was measured, and what to do.
    pub text: String,
}

/// Lost packets in a hundred that are too many.
const LOSS_PERCENT_MAX: u64 = 1;
/// Fewer losses than this are chance.
const LOST_LEAST: u64 = 20;
/// Payload from which on a share of it that is missing means something, in bytes.
const PAYLOAD_LEAST: u64 = 64 * 1024;
/// Flows from which on a share of them means something.
const FLOWS_LEAST: u64 = 3;
/// Flows with one direction in ten from which on mirroring is at fault and not the flows.
const ONE_WAY_TENTHS: u64 = 9;

/// What was counted within one window.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// How long it was, in seconds.
    pub seconds: u64,
    /// Packets per interface: how many there were and how many of them were lost, in the kernel or
    /// discarded by us.
    pub inputs: BTreeMap<String, Packets>,
    /// What could be seen of flows.
    pub sights: Sights,
}

/// Packets of one interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packets {
    /// All, the lost ones included.
    pub seen: u64,
    /// Dropped by the kernel or discarded under load.
    pub lost: u64,
}

impl Packets {
    fn of(account: &PacketAccount) -> Packets {
        let lost = account.dropped + account.shed.values().sum::<u64>();
        Packets { seen: account.seen, lost }
    }

    fn add(&mut self, other: Packets) {
        self.seen += other.seen;
        self.lost += other.lost;
    }

    /// Whether more were lost than is chance.
    fn are_too_few(self) -> bool {
        self.lost >= LOST_LEAST && self.lost * 100 > self.seen * LOSS_PERCENT_MAX
    }

    fn since(self, before: Packets) -> Packets {
        Packets {
            seen: self.seen.saturating_sub(before.seen),
            lost: self.lost.saturating_sub(before.lost),
        }
    }
}

/// What is wrong in a window, with what was measured and what to do.
pub fn judge(window: &Window) -> BTreeMap<Blindness, String> {
    let mut wrong = BTreeMap::new();
    let seconds = window.seconds;
    for (name, packets) in &window.inputs {
        if packets.seen == 0 {
            wrong.insert(
                Blindness::Silent(name.clone()),
                format!(
                    "no packets on {name} for {seconds} s: check the mirror session and the cable \
                     (phitap doctor -i {name})"
                ),
            );
        } else if packets.are_too_few() {
            let within = format!("within {seconds} s");
            wrong.insert(Blindness::Losing(name.clone()), losing(name, *packets, &within));
        }
    }
    let Sights { both_ways, one_way, tls, not_tls, exchanges, .. } = window.sights;
    let flows = both_ways + one_way;
    if is_one_way(&window.sights) {
        wrong.insert(
            Blindness::OneWay,
            format!(
                "one direction only in {one_way} of {flows} flows: mirror both directions of the \
                 port (rx and tx), or listen on both outputs of the tap"
            ),
        );
    }
    if tls >= FLOWS_LEAST && not_tls == 0 && exchanges == 0 {
        wrong.insert(
            Blindness::Encrypted,
            format!(
                "nothing but TLS in {tls} flows within {seconds} s: mirror where the traffic is \
                 clear, behind the load balancer or proxy that ends TLS"
            ),
        );
    }
    if let Some(text) = missing(window.sights.payload, &format!("within {seconds} s")) {
        wrong.insert(Blindness::Missing, text);
    }
    tell_once(&mut wrong);
    wrong
}

fn is_one_way(sights: &Sights) -> bool {
    let Sights { both_ways, one_way, .. } = *sights;
    one_way >= FLOWS_LEAST && one_way * 10 >= (both_ways + one_way) * ONE_WAY_TENTHS
}

/// What is missing for a reason that is told is not told twice.
fn tell_once(wrong: &mut BTreeMap<Blindness, String>) {
    let known = |other: &Blindness| matches!(other, Blindness::Losing(_) | Blindness::OneWay);
    if wrong.keys().any(known) {
        wrong.remove(&Blindness::Missing);
    }
}

/// What numbers and acknowledgments say that was sent and never came, where that is too much.
fn missing(payload: Payload, within: &str) -> Option<String> {
    let Payload { bytes, missing, gaps } = payload;
    let sent = bytes.saturating_add(missing);
    let is_much = missing.saturating_mul(100) > sent.saturating_mul(LOSS_PERCENT_MAX);
    if gaps < LOST_LEAST || sent < PAYLOAD_LEAST || !is_much {
        return None;
    }
    Some(format!(
        "{} % of the TCP payload lost before it came here {within} (an estimate: {missing} of \
         {sent} bytes, in {gaps} places): the mirror port or the network card drops packets; \
         mirror fewer ports or to a faster one (phitap doctor)",
        tenths(missing, sent)
    ))
}

/// A share in percent, rounded to tenths.
fn tenths(some: u64, all: u64) -> String {
    let (some, all) = (u128::from(some), u128::from(all));
    let tenths = (some * 1000 + all / 2) / all.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn losing(name: &str, packets: Packets, within: &str) -> String {
    let Packets { seen, lost } = packets;
    format!(
        "{} % of the packets of {name} lost {within} ({lost} of {seen}): raise \
         --buffer or --workers, or listen to less with a filter",
        tenths(lost, seen),
    )
}

/// Counters at some time.
#[derive(Clone, Debug)]
struct Sample {
    at: Timestamp,
    inputs: BTreeMap<String, Packets>,
    sights: Sights,
}

/// The last window of counters, and what was wrong in it.
#[derive(Debug)]
pub struct Health {
    window: Duration,
    samples: VecDeque<Sample>,
    inputs: BTreeMap<String, Packets>,
    wrong: BTreeMap<Blindness, String>,
    /// Of it, what no packet changes: interfaces that went away.
    gone: BTreeMap<Blindness, String>,
}

/// Samples one window is divided into.
const SAMPLES: u32 = 15;

impl Health {
    /// Judges by windows of this length.
    pub fn new(window: Duration) -> Self {
        let (samples, inputs) = (VecDeque::new(), BTreeMap::new());
        Health { window, samples, inputs, wrong: BTreeMap::new(), gone: BTreeMap::new() }
    }

    /// Takes the counters of one interface, and of all flows, as they are at `at`; tells what
    /// changed. Time that goes backwards begins a new window.
    pub fn observe(
        &mut self,
        at: Timestamp,
        account: &InputAccount,
        sights: &Sights,
    ) -> Vec<Change> {
        // What is away brings nothing: that is told already.
        let interface = Blindness::Gone(interface_of(&account.name).to_owned());
        if !self.gone.contains_key(&interface) {
            self.inputs.insert(account.name.clone(), Packets::of(&account.packets));
        }
        let passed = self.samples.back().map(|last| nanos(last.at, at));
        let step = i64::try_from((self.window / SAMPLES).as_nanos()).unwrap_or(i64::MAX);
        match passed {
            Some(back) if back < -step => self.samples.clear(),
            Some(passed) if passed < step => return Vec::new(),
            _ => {}
        }
        let inputs = self.inputs.clone();
        self.samples.push_back(Sample { at, inputs, sights: sights.clone() });
        let window = i64::try_from(self.window.as_nanos()).unwrap_or(i64::MAX);
        // The oldest that stays is the last one that a whole window has passed since.
        while self.samples.get(1).is_some_and(|next| nanos(next.at, at) >= window) {
            self.samples.pop_front();
        }
        match self.samples.front() {
            Some(first) if nanos(first.at, at) >= window => {
                let window = self.since(first, at, sights);
                let mut wrong = judge(&window);
                wrong.extend(self.gone.clone());
                self.compare(wrong)
            }
            _ => Vec::new(),
        }
    }

    /// An interface, or a ring of one, cannot be read any more, for this reason. It is no longer
    /// judged by what it brings.
    pub fn gone(&mut self, input: &str, reason: &str, returns: Return) -> Vec<Change> {
        let name = interface_of(input);
        self.inputs.retain(|input, _| interface_of(input) != name);
        for sample in &mut self.samples {
            sample.inputs.retain(|input, _| interface_of(input) != name);
        }
        let text = match returns {
            Return::Awaited => {
                format!(
                    "{name} is gone ({reason}): bring it back, it is opened again within seconds"
                )
            }
            Return::Never => format!(
                "{name} is gone ({reason}), what others bring is still read: bring it back, then \
                 start the capture again"
            ),
        };
        self.gone.insert(Blindness::Gone(name.to_owned()), text);
        let mut wrong = self.wrong.clone();
        wrong.retain(|blindness, _| *blindness != Blindness::Silent(name.to_owned()));
        wrong.extend(self.gone.clone());
        self.compare(wrong)
    }

    /// An interface, or a ring of one, is read again.
    pub fn back(&mut self, input: &str) -> Vec<Change> {
        let gone = Blindness::Gone(interface_of(input).to_owned());
        self.gone.remove(&gone);
        let mut wrong = self.wrong.clone();
        wrong.remove(&gone);
        self.compare(wrong)
    }

    /// The capture is over, and this is what became of all packets: tells of losses that no window
    /// was long enough for.
    pub fn end<'a>(
        &mut self,
        accounts: impl Iterator<Item = &'a InputAccount>,
        sights: &Sights,
    ) -> Vec<Change> {
        let mut inputs: BTreeMap<String, Packets> = BTreeMap::new();
        for account in accounts {
            let of_all = inputs.entry(interface_of(&account.name).to_owned()).or_default();
            of_all.add(Packets::of(&account.packets));
        }
        let mut wrong = self.wrong.clone();
        for (name, packets) in inputs.iter().filter(|(_, packets)| packets.are_too_few()) {
            let text = losing(name, *packets, "in all");
            wrong.entry(Blindness::Losing(name.clone())).or_insert(text);
        }
        let flows = sights.one_way + sights.both_ways;
        if !is_one_way(sights)
            && flows > 0
            && let Some(text) = missing(sights.payload, "in all")
        {
            wrong.entry(Blindness::Missing).or_insert(text);
        }
        tell_once(&mut wrong);
        self.compare(wrong)
    }

    /// What is wrong now.
    pub fn wrong(&self) -> &BTreeMap<Blindness, String> {
        &self.wrong
    }

    fn since(&self, first: &Sample, at: Timestamp, now: &Sights) -> Window {
        // An interface that began to be read within the window is judged when it is through, and
        // its rings together: one of them may have no flow.
        let mut inputs: BTreeMap<String, Packets> = BTreeMap::new();
        for (name, packets) in &self.inputs {
            if let Some(before) = first.inputs.get(name) {
                let of_all = inputs.entry(interface_of(name).to_owned()).or_default();
                of_all.add(packets.since(*before));
            }
        }
        let then = &first.sights;
        Window {
            seconds: u64::try_from(nanos(first.at, at) / 1_000_000_000).unwrap_or(0),
            inputs,
            sights: Sights {
                both_ways: now.both_ways.saturating_sub(then.both_ways),
                one_way: now.one_way.saturating_sub(then.one_way),
                tls: now.tls.saturating_sub(then.tls),
                not_tls: now.not_tls.saturating_sub(then.not_tls),
                exchanges: now.exchanges.saturating_sub(then.exchanges),
                layers: BTreeMap::new(),
                payload: now.payload.since(then.payload),
            },
        }
    }

    fn compare(&mut self, wrong: BTreeMap<Blindness, String>) -> Vec<Change> {
        let change = |(blindness, text): (&Blindness, &String), began| Change {
            blindness: blindness.clone(),
            began,
            text: text.clone(),
        };
        let ended = self.wrong.iter().filter(|(b, _)| !wrong.contains_key(*b));
        let began = wrong.iter().filter(|(b, _)| !self.wrong.contains_key(*b));
        let changes = ended.map(|b| change(b, false)).chain(began.map(|b| change(b, true)));
        let changes = changes.collect();
        self.wrong = wrong;
        changes
    }
}

fn nanos(from: Timestamp, to: Timestamp) -> i64 {
    to.nanos().saturating_sub(from.nanos())
}

/// Told every change.
type Told = Box<dyn FnMut(&Change) + Send>;

/// The health of a capture, shared by its threads.
#[derive(Clone)]
pub struct Watch(Arc<Mutex<(Health, Told)>>);

impl Watch {
    /// Judges by windows of this length and tells every change to `told`.
    pub fn new(window: Duration, told: impl FnMut(&Change) + Send + 'static) -> Self {
        Watch(Arc::new(Mutex::new((Health::new(window), Box::new(told)))))
    }

    /// Takes the counters of one interface.
    pub(super) fn observe(&self, at: Timestamp, account: &InputAccount, gauge: &Gauge) {
        let sights = gauge.read();
        let mut watch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (health, told) = &mut *watch;
        for change in health.observe(at, account, &sights) {
            told(&change);
        }
    }

    /// An input cannot be read any more.
    pub(super) fn gone(&self, input: &str, reason: &str, returns: Return) {
        let mut watch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (health, told) = &mut *watch;
        for change in health.gone(input, reason, returns) {
            told(&change);
        }
    }

    /// The capture is over.
    pub(super) fn end<'a>(
        &self,
        accounts: impl Iterator<Item = &'a InputAccount>,
        gauge: Option<&Gauge>,
    ) {
        let sights = gauge.map(Gauge::read).unwrap_or_default();
        let mut watch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (health, told) = &mut *watch;
        for change in health.end(accounts, &sights) {
            told(&change);
        }
    }

    /// It can be read again.
    pub(super) fn back(&self, input: &str) {
        let mut watch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (health, told) = &mut *watch;
        for change in health.back(input) {
            told(&change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(packets: Packets, sights: Sights) -> Window {
        Window { seconds: 30, inputs: [("eth1".to_owned(), packets)].into(), sights }
    }

    fn kinds(window: &Window) -> Vec<Blindness> {
        judge(window).into_keys().collect()
    }

    const FINE: Packets = Packets { seen: 1000, lost: 0 };

    #[test]
    fn silence_is_one_interface_without_packets() {
        let mut silent = window(FINE, Sights::default());
        assert_eq!(kinds(&silent), []);
        silent.inputs.insert("eth2".into(), Packets::default());
        assert_eq!(kinds(&silent), [Blindness::Silent("eth2".into())]);
    }

    #[test]
    fn loss_is_more_than_one_in_a_hundred() {
        let of = |seen, lost| kinds(&window(Packets { seen, lost }, Sights::default()));
        assert_eq!(of(10_000, 100), []);
        assert_eq!(of(10_000, 101), [Blindness::Losing("eth1".into())]);
        assert_eq!(of(100, 19), [], "too few to tell");
        let text = losing("eth1", Packets { seen: 10_000, lost: 256 }, "within 30 s");
        assert!(text.starts_with("2.6 % of the packets of eth1"), "{text}");
    }

    #[test]
    fn an_interface_that_went_away_is_told_once_and_not_as_silent_and_once_more_when_it_is_back() {
        let mut health = Health::new(Duration::from_secs(30));
        let account = |name: &str, seen| {
            let packets = PacketAccount { seen, ..PacketAccount::default() };
            InputAccount { name: name.to_owned(), packets, incomplete: None }
        };
        let mut changes = Vec::new();
        for second in 0..400 {
            let at = Timestamp::from_seconds(1_700_000_000 + second, 0);
            let seen = u64::try_from(second).unwrap();
            changes.extend(health.observe(at, &account("eth1", seen), &Sights::default()));
            if second < 50 {
                changes.extend(health.observe(
                    at,
                    &account("eth2, ring 1 of 2", seen),
                    &Sights::default(),
                ));
            }
            if second == 50 {
                let awaited = Return::Awaited;
                changes.extend(health.gone("eth2, ring 1 of 2", "it disappeared", awaited));
                changes.extend(health.gone("eth2, ring 2 of 2", "it disappeared", awaited));
            }
            if second > 50 {
                // The rings go on telling what they had counted; from 250 on they count again.
                let seen = u64::try_from(second.max(250) - 200).unwrap();
                changes.extend(health.observe(
                    at,
                    &account("eth2, ring 1 of 2", seen),
                    &Sights::default(),
                ));
            }
            if second == 250 {
                changes.extend(health.back("eth2, ring 2 of 2"));
                changes.extend(health.back("eth2, ring 1 of 2"));
            }
        }
        let told: Vec<_> = changes.iter().map(|c| (c.blindness.clone(), c.began)).collect();
        let gone = Blindness::Gone("eth2".into());
        assert_eq!(told, [(gone.clone(), true), (gone, false)]);
        assert!(changes[0].text.starts_with("eth2 is gone (it disappeared)"), "{:?}", changes[0]);
    }

    #[test]
    fn one_way_is_nine_flows_of_ten() {
        let of = |one_way, both_ways| {
            kinds(&window(FINE, Sights { one_way, both_ways, ..Sights::default() }))
        };
        assert_eq!(of(9, 1), [Blindness::OneWay]);
        assert_eq!(of(8, 1), [], "eight of nine");
        assert_eq!(of(2, 0), [], "too few to tell");
    }

    #[test]
    fn what_the_mirror_lost_is_missing_where_enough_was_seen_and_nothing_else_explains_it() {
        let of = |bytes, missing, gaps| {
            let payload = Payload { bytes, missing, gaps };
            Sights { both_ways: 10, payload, ..Sights::default() }
        };
        let red = |sights| kinds(&window(FINE, sights));
        assert_eq!(red(of(950_000, 50_000, 40)), [Blindness::Missing]);
        assert_eq!(red(of(990_000, 10_000, 40)), [], "one in a hundred");
        assert_eq!(red(of(950_000, 50_000, 19)), [], "few places");
        assert_eq!(red(of(40_000, 20_000, 40)), [], "little payload");
        assert_eq!(red(Sights::default()), [], "idle");
        let one_way = Sights { one_way: 100, ..of(950_000, 50_000, 40) };
        assert_eq!(red(one_way), [Blindness::OneWay], "half of it was never mirrored");
        let lossy = Packets { seen: 10_000, lost: 500 };
        let told = kinds(&window(lossy, of(950_000, 50_000, 40)));
        assert_eq!(told, [Blindness::Losing("eth1".into())], "we lost it");
        let text = missing(of(950_000, 50_000, 40).payload, "within 30 s").unwrap();
        assert!(text.starts_with("5.0 % of the TCP payload lost before it came here"), "{text}");
        let mut short = Health::new(Duration::from_secs(30));
        let told = short.end([&account(500)].into_iter(), &of(950_000, 50_000, 40));
        assert_eq!(told.len(), 1, "a capture that is shorter than a window");
        assert!(short.end([&account(500)].into_iter(), &Sights::default()).is_empty());
    }

    #[test]
    fn encrypted_is_tls_and_nothing_else() {
        let of = |tls, not_tls, exchanges| {
            kinds(&window(FINE, Sights { tls, not_tls, exchanges, ..Sights::default() }))
        };
        assert_eq!(of(3, 0, 0), [Blindness::Encrypted]);
        assert_eq!(of(2, 0, 0), [], "too few to tell");
        assert_eq!(of(300, 1, 0), []);
        assert_eq!(of(300, 0, 1), []);
    }

    fn account(seen: u64) -> InputAccount {
        let packets = PacketAccount { seen, ..PacketAccount::default() };
        InputAccount { name: "eth1".into(), packets, incomplete: None }
    }

    /// Counters every half second; `seen` by second. The seconds in which health changed.
    fn changes(seconds: i64, seen: impl Fn(i64) -> u64) -> Vec<(i64, bool)> {
        let mut health = Health::new(Duration::from_secs(30));
        let mut changes = Vec::new();
        for half in 0..seconds * 2 {
            let at = Timestamp::from_nanos(half * 500_000_000);
            for change in health.observe(at, &account(seen(half / 2)), &Sights::default()) {
                changes.push((half / 2, change.began));
            }
        }
        changes
    }

    #[test]
    fn a_capture_too_short_for_a_window_is_judged_at_its_end() {
        let mut health = Health::new(Duration::from_secs(30));
        let mut lossy = account(10_000);
        lossy.packets.dropped = 3500;
        health.observe(Timestamp::from_seconds(1, 0), &lossy, &Sights::default());
        assert!(health.wrong().is_empty());
        let none = Sights::default();
        let told = health.end([&lossy, &account(500)].into_iter(), &none);
        assert_eq!(told.len(), 1);
        assert!(told[0].began && told[0].text.contains("lost in all (3500 of 10500)"), "{told:?}");
        assert!(health.end([&lossy, &account(500)].into_iter(), &none).is_empty(), "once");
        let mut fine = Health::new(Duration::from_secs(30));
        assert!(fine.end([&account(10_000)].into_iter(), &none).is_empty());
    }

    #[test]
    fn health_turns_red_within_a_minute_and_green_again_once() {
        // Packets until second 100, none until second 200, packets again.
        let seen = |s: i64| u64::try_from(s.min(100) + (s - 200).max(0)).unwrap();
        let told = changes(300, seen);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!((130..160).contains(&told[0].0) && told[0].1, "{told:?}");
        assert!((200..204).contains(&told[1].0) && !told[1].1, "{told:?}");
        assert_eq!(changes(300, |s| u64::try_from(s).unwrap()), []);
    }

    #[test]
    fn a_clock_that_is_set_back_judges_nothing_until_a_window_has_passed() {
        let mut health = Health::new(Duration::from_secs(30));
        let mut observe = |second: i64| {
            let at = Timestamp::from_nanos(second * 1_000_000_000);
            health.observe(at, &account(5), &Sights::default()).len()
        };
        assert_eq!((observe(1000), observe(100), observe(120)), (0, 0, 0));
        assert_eq!(observe(131), 1);
    }
}
