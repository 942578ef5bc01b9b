//! One session: what both directions say until nothing more can be read, told once.

use crate::base::limits::TLS_ALERTS_MAX;
use crate::model::{
    Anomaly, Direction, MessageEvent, StreamEvent, StreamInput, TlsAlert, TlsCertificate,
    TlsSession, TlsVersion,
};
use crate::protocol::{MessageSink, Parser, Rest};

use super::hello::{self, SessionId};
use super::records::{Next, Records, Said};
use super::{alert, certificate, exchange};

/// See the module.
#[derive(Debug, Default)]
pub struct TlsParser {
    lanes: [Records; 2],
    state: State,
    /// Bytes came: there is a session.
    begun: bool,
    /// It was told.
    told: bool,
}

/// What was said so far.
#[derive(Debug, Default)]
struct State {
    session: TlsSession,
    /// The session that the client would take up.
    asked: SessionId,
}

impl Parser for TlsParser {
    fn push(&mut self, event: StreamEvent<'_>, sink: &mut dyn MessageSink) {
        if self.told {
            return;
        }
        let direction = event.direction;
        let [to_server, to_client] = &mut self.lanes;
        let lane = match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        };
        match event.input {
            StreamInput::Bytes(bytes) => {
                if !std::mem::replace(&mut self.begun, true) {
                    self.state.session.at = event.at;
                }
                let state = &mut self.state;
                lane.push(bytes, &mut |said| state.take(direction, said, sink));
            }
            // The rest of the handshake cannot be told from encrypted records any more.
            StreamInput::Gap(_) if !lane.is_hidden() => {
                lane.finish();
                self.state.session.incomplete = true;
                let anomaly = Anomaly("tls-handshake-gap");
                sink.message(MessageEvent::GaveUp { direction, anomaly });
            }
            StreamInput::Gap(_) => lane.lose_sight(),
            StreamInput::End(_) => lane.finish(),
        }
        if self.begun && self.lanes.iter().all(Records::is_hidden) {
            self.state.session.renegotiated = self.lanes.iter().any(Records::has_more);
            // A server that wants a certificate for what it is asked begins anew before it answers.
            let open = self.state.session.mutual() == Some(false);
            if open && !self.lanes.iter().all(Records::is_done) {
                return;
            }
            self.told = true;
            let State { session, .. } = std::mem::take(&mut self.state);
            sink.message(MessageEvent::Session { session: &session });
        }
    }

    fn is_between_messages(&self) -> bool {
        self.told
    }

    /// Nothing comes behind its one message, so that nobody has to go on.
    fn rest(&self) -> Option<Rest> {
        None
    }

    fn resume(&mut self, _: Rest) {
        *self = TlsParser::default();
    }

    fn held_bytes(&self) -> usize {
        let session = &self.state.session;
        let chains = session.chain.iter().chain(&session.client_chain);
        let lanes: usize = self.lanes.iter().map(Records::held_bytes).sum();
        lanes + chains.map(certificate_bytes).sum::<usize>()
    }
}

/// About what a certificate costs at rest.
fn certificate_bytes(certificate: &TlsCertificate) -> usize {
    let names = certificate.names.iter().map(|name| size_of::<String>() + name.capacity());
    let parts = certificate.subject.iter().chain(&certificate.issuer);
    size_of::<TlsCertificate>()
        + names.sum::<usize>()
        + parts.map(|p| 64 + p.text.len()).sum::<usize>()
}

mod kind {
    //! Types of handshake messages (IANA TLS HandshakeType).
    pub(super) const CLIENT_HELLO: u8 = 1;
    pub(super) const SERVER_HELLO: u8 = 2;
    pub(super) const CERTIFICATE: u8 = 11;
    pub(super) const CERTIFICATE_REQUEST: u8 = 13;
    pub(super) const SERVER_KEY_EXCHANGE: u8 = 12;
    /// hello_request, new_session_ticket, server_hello_done, certificate_verify,
    /// client_key_exchange, finished, certificate_url, certificate_status, supplemental_data,
    /// next_protocol.
    pub(super) const PASSED_OVER: [u8; 10] = [0, 4, 14, 15, 16, 20, 21, 22, 23, 67];
}

impl State {
    fn take(&mut self, direction: Direction, said: Said<'_>, sink: &mut dyn MessageSink) -> Next {
        let odd = match said {
            Said::Handshake(kind, body) => return self.handshake(direction, (kind, body), sink),
            Said::Ssl2(message) => return self.ssl2(direction, message, sink),
            Said::Alert(level, description) => {
                let (fatal, name) = (level == 2, alert::name(description));
                if self.session.alerts.len() < TLS_ALERTS_MAX {
                    self.session.alerts.push(TlsAlert { direction, fatal, name });
                }
                return if fatal || description == 0 { Next::Done } else { Next::More };
            }
            Said::Odd(why) => why,
            Said::Lost(why) => {
                self.session.incomplete = true;
                sink.message(MessageEvent::GaveUp { direction, anomaly: Anomaly(why) });
                return Next::Done;
            }
        };
        self.odd(direction, odd, sink);
        Next::More
    }

    /// Something could not be read.
    fn odd(&mut self, direction: Direction, why: &'static str, sink: &mut dyn MessageSink) {
        self.session.incomplete = true;
        sink.message(MessageEvent::Anomaly { direction, anomaly: Anomaly(why) });
    }

    fn handshake(
        &mut self,
        direction: Direction,
        (kind, body): (u8, &[u8]),
        sink: &mut dyn MessageSink,
    ) -> Next {
        match (kind, direction) {
            (kind::CLIENT_HELLO, Direction::ToServer) => self.client_hello(body, sink),
            (kind::SERVER_HELLO, Direction::ToClient) => return self.server_hello(body, sink),
            (kind::CERTIFICATE, _) => {
                let (chain, whole) = certificate::chain(body);
                if !whole {
                    self.odd(direction, "tls-unreadable-certificate", sink);
                }
                let known = match direction {
                    Direction::ToServer => &mut self.session.client_chain,
                    Direction::ToClient => &mut self.session.chain,
                };
                if known.is_empty() {
                    *known = chain;
                }
            }
            (kind::CERTIFICATE_REQUEST, Direction::ToClient) => {
                self.session.certificate_requested = true;
            }
            (kind::SERVER_KEY_EXCHANGE, Direction::ToClient) => self.key_exchange(body, sink),
            (kind, _) if kind::PASSED_OVER.contains(&kind) => {}
            _ => {
                self.odd(direction, "tls-unknown-handshake", sink);
                return Next::Done;
            }
        }
        Next::More
    }

    /// The first counts: another follows only where the server asked for another key share.
    fn client_hello(&mut self, body: &[u8], sink: &mut dyn MessageSink) {
        if self.session.client.is_some() {
            return;
        }
        match hello::client_hello(body) {
            Some((hello, asked)) => {
                self.session.client = Some(hello);
                self.asked = asked;
            }
            None => self.odd(Direction::ToServer, "tls-malformed-hello", sink),
        }
    }

    fn server_hello(&mut self, body: &[u8], sink: &mut dyn MessageSink) -> Next {
        let Some(facts) = hello::server_hello(body) else {
            self.odd(Direction::ToClient, "tls-malformed-hello", sink);
            return Next::Done;
        };
        if facts.retry {
            return Next::More;
        }
        let modern = facts.hello.version >= TlsVersion::Tls13;
        // Up to TLS 1.2 the id of a session that goes on comes back; TLS 1.3 always sends it back.
        let echoed = !self.asked.is_empty() && facts.session_id == self.asked;
        self.session.resumed = if modern { facts.chose_key } else { echoed };
        self.session.server = Some(facts.hello);
        self.session.key_exchange = facts.key_share.filter(|_| modern);
        if modern { Next::Done } else { Next::More }
    }

    /// What is said of it under a suite that was not seen, nobody can read.
    fn key_exchange(&mut self, body: &[u8], sink: &mut dyn MessageSink) {
        let Some(server) = &self.session.server else { return };
        match exchange::server_key_exchange(&server.cipher, body) {
            Ok(said) => self.session.key_exchange = self.session.key_exchange.or(said),
            Err(()) => self.odd(Direction::ToClient, "tls-malformed-key-exchange", sink),
        }
    }

    fn ssl2(&mut self, direction: Direction, message: &[u8], sink: &mut dyn MessageSink) -> Next {
        let (client, server) = match direction {
            Direction::ToServer => (hello::ssl2_client_hello(message), None),
            Direction::ToClient => (None, hello::ssl2_server_hello(message)),
        };
        match (client, server) {
            // The server may answer with TLS: then the client goes on with records of TLS.
            (Some(hello), _) => {
                self.session.client = Some(hello);
                Next::More
            }
            (_, Some(hello)) => {
                self.session.server = Some(hello);
                Next::Done
            }
            (None, None) => {
                self.odd(direction, "tls-malformed-hello", sink);
                Next::Done
            }
        }
    }
}
