//! What the silence of a flow decides. Its packets carry the only clock it has: one that comes a
//! second after the last finds that nothing came for a second, whoever noticed it first.

use std::time::Duration;

use crate::base::Timestamp;
use crate::base::limits::{GAP_WAIT_MILLIS, GAP_WAIT_UNHEARD_MILLIS};
use crate::model::EndCause;

use super::FlowHandler;
use super::assembly::Output;
use super::live::Flow;
use super::reassembler::Shared;
use super::ring::NOWHERE;

/// How long nothing came of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Silence {
    /// Not long enough to decide anything.
    #[default]
    None,
    /// Longer than any capture reorders.
    Short,
    /// Longer than a sender waits before it sends again.
    Long,
}

impl<S> Flow<S> {
    /// Whether it waits for what its silence may decide.
    pub(super) fn waits<H: FlowHandler<State = S>>(&self, handler: &H) -> bool {
        self.reassembler.waits() || self.state.as_ref().is_some_and(|state| handler.waits(state))
    }

    /// How long nothing came, less `slack`, where it waits and that was not decided yet.
    #[inline]
    pub(super) fn silence_at(&self, (now, slack): (Timestamp, Duration)) -> Option<Silence> {
        let [waiting, ..] = self.places;
        if waiting == NOWHERE || self.silence == Silence::Long {
            return None;
        }
        let since = now.since(self.last()).saturating_sub(slack).as_millis();
        let silence = if since >= u128::from(GAP_WAIT_UNHEARD_MILLIS) {
            Silence::Long
        } else if since >= u128::from(GAP_WAIT_MILLIS) {
            Silence::Short
        } else {
            Silence::None
        };
        (silence > self.silence).then_some(silence)
    }

    /// Nothing came for so long; the cause when the flow is over with that.
    pub(super) fn fall_silent<H: FlowHandler<State = S>>(
        &mut self,
        silence: Silence,
        shared: &mut Shared,
        handler: &mut H,
    ) -> Option<EndCause> {
        self.silence = silence;
        if self.reassembler.waits() {
            // A handshake is waited for no longer either.
            self.open(handler);
            let now = self.last();
            let state = self.state.as_mut()?;
            let flow = &self.identity.info();
            let mut out = Output { handler, flow, state, shared, now, heard: 0 };
            self.reassembler.fall_silent(silence == Silence::Long, &mut out);
        }
        let at = self.last();
        if let Some(state) = &mut self.state {
            handler.fell_silent(&self.identity.info(), state, at);
        }
        self.over().filter(|_| !self.is_midway(handler))
    }
}
