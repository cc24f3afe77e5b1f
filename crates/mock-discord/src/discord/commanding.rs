//! A client asks for something in its session: it is written down, and op 8 is answered.
//!
//! What the others change, nobody sees here: no presence is shown, no voice is joined. Not known of
//! the real Discord, and so left without an answer: a command from a connection whose session is
//! held by another, which is not written down either, and a question about another shard's guild.

use std::{sync::Arc, time::Duration};

use baton_model::EventName;
use serde_json::json;

use super::{ConnectionId, Discord, client_frame::Asked, session::Kept};
use crate::{
    SessionOrdinal,
    commands::Command,
    ledger::FrameHash,
    load::{Content, MemberRequest, Whom, guilds},
    verdict::Rule,
};

impl Discord {
    pub(super) fn on_command(&mut self, connection: ConnectionId, asked: Asked, hash: FrameHash) {
        let Some(slice) = self.slice_of(connection) else {
            self.verdict(Rule::NotAuthenticated, connection);
            return self.close(connection, 4_003, "not authenticated");
        };
        let Some(session) = self.held_session(connection) else {
            return;
        };
        let Asked { op, d, members } = asked;
        let at = self.now.as_nanos() / 1_000;
        self.commands.record(Command { op, slice, session, connection, hash, at, d });
        if let Some(request) = members
            && guilds::has(self.settings.guilds, slice, request.guild)
        {
            self.tell_members(session, request);
        }
    }

    fn tell_members(&mut self, ordinal: SessionOrdinal, request: MemberRequest) {
        if request.whom == Whom::All
            && let Err(retry_after) = self.ask_for_whole_guild(ordinal, &request)
        {
            return self.tell(ordinal, Kept::Content(rate_limited(&request, retry_after)));
        }
        let count = self.source.chunk_count(&request.whom);
        let request = Arc::new(request);
        for chunk in 0..count {
            let request = Arc::clone(&request);
            self.tell(ordinal, Kept::Content(Content::Members { request, chunk }));
        }
    }

    fn ask_for_whole_guild(
        &mut self,
        ordinal: SessionOrdinal,
        request: &MemberRequest,
    ) -> Result<(), Duration> {
        let app = self.sessions[&ordinal].app;
        self.whole_guilds.ask(app, request.guild, self.now)
    }
}

fn rate_limited(request: &MemberRequest, retry_after: Duration) -> Content {
    let mut meta = json!({"guild_id": request.guild.to_string()});
    if let Some(nonce) = &request.nonce {
        meta["nonce"] = json!(nonce);
    }
    let data = json!({"opcode": 8, "retry_after": retry_after.as_secs_f64(), "meta": meta});
    Content::Given { name: EventName::new("RATE_LIMITED"), data: data.to_string().into() }
}
