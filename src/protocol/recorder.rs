//! For tests: events as short lines of text, bodies joined however they were cut.

use crate::base::Timestamp;
use crate::model::{
    Direction, EndCause, Header, MessageEvent, MessageHead, Offsets, Standing, StreamEvent,
    StreamInput,
};

use super::{MessageSink, Parser};

/// Writes every event as one line: `>` requests, `<` responses.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    lines: Vec<String>,
    /// The lines in which `Body` and `Remainder` events are still being joined.
    open: [Option<(&'static str, usize, Vec<u8>)>; 2],
}

impl Recorder {
    pub(super) fn finish(mut self) -> Vec<String> {
        for direction in [Direction::ToServer, Direction::ToClient] {
            self.close(direction);
        }
        self.lines
    }

    fn close(&mut self, direction: Direction) {
        if let Some((what, line, bytes)) = self.open[direction.index()].take() {
            self.lines[line] = format!("{} {what} {}", arrow(direction), bytes.escape_ascii());
        }
    }

    fn join(&mut self, direction: Direction, what: &'static str, bytes: &[u8]) {
        assert!(!bytes.is_empty(), "empty pieces are not told");
        match &mut self.open[direction.index()] {
            Some((open, _, joined)) if *open == what => joined.extend_from_slice(bytes),
            _ => {
                self.close(direction);
                self.lines.push(String::new());
                let line = self.lines.len() - 1;
                self.open[direction.index()] = Some((what, line, bytes.to_vec()));
            }
        }
    }

    fn line(&mut self, direction: Direction, text: String) {
        self.close(direction);
        self.lines.push(format!("{} {text}", arrow(direction)));
    }
}

impl MessageSink for Recorder {
    fn message(&mut self, event: MessageEvent<'_>) {
        match event {
            MessageEvent::Head { direction, standing, head, .. } => {
                let standing = match standing {
                    Standing::Sure => "",
                    Standing::Likely => "likely ",
                    Standing::Guess => "tentative ",
                };
                self.line(direction, format!("{standing}{}", head_text(head)));
            }
            MessageEvent::Body { direction, bytes } => self.join(direction, "body", bytes),
            MessageEvent::Remainder { direction, bytes, .. } => {
                self.join(direction, "remainder", bytes);
            }
            MessageEvent::BodyGap { direction, len } => self.line(direction, format!("gap {len}")),
            MessageEvent::Trailers { direction, headers } => {
                self.line(direction, format!("trailers{}", fields_text(headers)));
            }
            MessageEvent::End { direction, complete, .. } => {
                self.line(direction, if complete { "end" } else { "end incomplete" }.into());
            }
            MessageEvent::Lost { direction, refuted } => {
                self.line(direction, if refuted { "lost refuted" } else { "lost" }.into());
            }
            MessageEvent::Confirmed { direction } => self.line(direction, "confirmed".into()),
            MessageEvent::Unread { direction } => self.line(direction, "unread".into()),
            MessageEvent::Anomaly { direction, anomaly } => {
                self.line(direction, format!("odd {}", anomaly.0));
            }
            MessageEvent::Switch { to } => self.lines.push(format!("switch {to:?}")),
            MessageEvent::Session { session } => self.lines.push(format!("{session:?}")),
            MessageEvent::GaveUp { direction, anomaly } => {
                self.line(direction, format!("gave up {}", anomaly.0));
            }
        }
    }
}

fn arrow(direction: Direction) -> char {
    if direction == Direction::ToServer { '>' } else { '<' }
}

fn head_text(head: MessageHead<'_>) -> String {
    match head {
        MessageHead::HttpRequest { method, target, minor_version, headers } => format!(
            "{} {} 1.{minor_version}{}",
            method.escape_ascii(),
            target.escape_ascii(),
            fields_text(headers)
        ),
        MessageHead::HttpResponse { status, minor_version, headers } => {
            format!("{status} 1.{minor_version}{}", fields_text(headers))
        }
        MessageHead::Hl7v2(header) => {
            let [from, _] = header.sender;
            let [to, _] = header.receiver;
            let (kind, event) = (header.kind.escape_ascii(), header.event.escape_ascii());
            let names = format!("{}>{}", from.escape_ascii(), to.escape_ascii());
            let id = header.control_id.escape_ascii();
            if header.foreign {
                return "hl7v2 foreign".into();
            }
            let answers = header.acknowledges.map(|(code, answered)| {
                format!(" {} {}", code.escape_ascii(), answered.escape_ascii())
            });
            let silent = !header.expects_acknowledgement() && answers.is_none();
            let answers = answers.unwrap_or(if silent { " expects nothing" } else { "" }.into());
            format!("hl7v2 {kind}^{event} {names} {id} {}{answers}", header.version.escape_ascii())
        }
    }
}

fn fields_text(headers: &[Header<'_>]) -> String {
    let text = |h: &Header<'_>| format!(" {}={}", h.name.escape_ascii(), h.value.escape_ascii());
    headers.iter().map(text).collect()
}

/// One owned step of one stream.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Step {
    Bytes(Direction, Vec<u8>),
    Gap(Direction, u64),
    End(Direction, EndCause),
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Bytes(direction, bytes) => {
                write!(f, "{} {:?}", arrow(*direction), bytes.escape_ascii().to_string())
            }
            Step::Gap(direction, len) => write!(f, "{} gap {len}", arrow(*direction)),
            Step::End(direction, cause) => write!(f, "{} end {cause:?}", arrow(*direction)),
        }
    }
}

/// A request's bytes.
pub(super) fn ask(bytes: impl AsRef<[u8]>) -> Step {
    Step::Bytes(Direction::ToServer, bytes.as_ref().to_vec())
}

/// A response's bytes.
pub(super) fn answer(bytes: impl AsRef<[u8]>) -> Step {
    Step::Bytes(Direction::ToClient, bytes.as_ref().to_vec())
}

/// Gives the events of one step, bytes in pieces of at most `piece`.
pub(super) fn each(step: &Step, piece: usize, give: &mut dyn FnMut(StreamEvent<'_>)) {
    let at = Timestamp::default();
    let mut event =
        |direction, input| give(StreamEvent { direction, at, offsets: Offsets::default(), input });
    match step {
        Step::Bytes(direction, bytes) => {
            for piece in bytes.chunks(piece.max(1)) {
                event(*direction, StreamInput::Bytes(piece));
            }
        }
        Step::Gap(direction, len) => event(*direction, StreamInput::Gap(*len)),
        Step::End(direction, cause) => event(*direction, StreamInput::End(*cause)),
    }
}

/// Pushes one step into a parser, bytes in pieces of at most `piece`.
pub(super) fn push(parser: &mut dyn Parser, step: &Step, piece: usize, sink: &mut Recorder) {
    each(step, piece, &mut |event| parser.push(event, sink));
}

/// What a parser makes of the steps.
pub(super) fn record(mut parser: Box<dyn Parser>, steps: &[Step], piece: usize) -> Vec<String> {
    let mut sink = Recorder::default();
    for step in steps {
        push(parser.as_mut(), step, piece, &mut sink);
    }
    sink.finish()
}
