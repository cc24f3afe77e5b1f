//! The way back: commands from a consumer, or from any other program, to Discord.
//!
//! A command is written to the stream of its shard's lane, and whichever instance holds the shard
//! sends it on the shard's socket. Nothing here talks to an instance or to Discord, and nothing is
//! repeated: a command that was written twice is sent twice.

mod asking;
mod builder;
mod collection;
mod command;
mod failure;
mod listener;
mod post;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use baton_model::{AppName, GuildId, Lane, ShardNumber, StoreMillis, StreamId, TraceParent};
use tokio::time::timeout;
use twilight_model::gateway::payload::outgoing::RequestGuildMembers;

use self::{
    asking::Outcomes,
    collection::{Collection, Standing},
    listener::Heard,
    post::{Post, field},
};
pub use self::{
    builder::CommanderBuilder,
    collection::Members,
    command::{Command, Target},
    failure::{AskError, MembersError, SendError},
};
use crate::{
    builder::random_name,
    machine::Arrival,
    route::Servers,
    shape::Shapes,
    traces::{Commanded, Traces},
};

/// Sends commands to an app's shards. Cheap to clone; all clones are one sender.
#[derive(Clone)]
pub struct Commander {
    inner: Arc<Inner>,
}

struct Inner {
    servers: Arc<Servers>,
    app: Arc<AppName>,
    /// Under which results are wanted. Nobody else has it.
    name: String,
    shapes: Shapes,
    posts: Mutex<HashMap<Lane, Arc<Post>>>,
    traces: Traces,
}

/// How many members are collected, and how long for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberLimits {
    /// So many members at the most.
    pub members_max: usize,
    /// For so long at the most.
    pub within: Duration,
}

impl Default for MemberLimits {
    fn default() -> Self {
        Self { members_max: 250_000, within: Duration::from_secs(60) }
    }
}

impl Commander {
    /// Puts a command on its way, and does not wait for what becomes of it.
    ///
    /// # Errors
    /// If it cannot be sent, or the store does not take it. One whose outcome is unknown may be
    /// sent all the same.
    pub async fn send(&self, command: Command) -> Result<StreamId, SendError> {
        let span = self.inner.traces.command();
        let trace = span.as_ref().map(Commanded::traceparent);
        let sent = self.put(command, trace).await;
        self.inner.traces.settled(span, "send", sent.as_ref().err().map(ToString::to_string));
        sent
    }

    /// Puts a command on its way, and waits until the shard has written it to Discord. What is not
    /// written within this time is not written later either.
    ///
    /// # Errors
    /// If it was not sent, with the reason, or nobody has said that it was.
    pub async fn ask(&self, command: Command, within: Duration) -> Result<(), AskError> {
        let span = self.inner.traces.command();
        let trace = span.as_ref().map(Commanded::traceparent);
        let asking = async {
            let (post, shard) = self.route(&command).await?;
            let now = post.now().await.map_err(SendError::from)?;
            let mut outcomes = self.begin(&post, (shard, trace), command, (now, within)).await?;
            outcomes.next().await
        };
        let asked = timeout(within, asking).await.unwrap_or(Err(AskError::NoResult(within)));
        self.inner.traces.settled(span, "ask", asked.as_ref().err().map(ToString::to_string));
        asked
    }

    /// Asks for members of a guild, and collects what Discord tells of them. Whoever handles
    /// `GUILD_MEMBERS_CHUNK` is handed them too.
    ///
    /// The request's nonce is replaced by one of our own.
    ///
    /// # Errors
    /// If they were not asked for, are too many, or did not come in time.
    pub async fn members(
        &self,
        mut request: RequestGuildMembers,
        limits: MemberLimits,
    ) -> Result<Members, MembersError> {
        let MemberLimits { members_max, within } = limits;
        let nonce = random_name().map_err(|_| AskError::from(SendError::NoRandom))?;
        request.d.nonce = Some(nonce.clone());
        let guild = GuildId(request.d.guild_id.get());
        let mut collection = Collection::new(guild, nonce, members_max);
        let mut is_sent = false;
        let span = self.inner.traces.command();
        let trace = span.as_ref().map(Commanded::traceparent);
        let collecting = async {
            let command = Command::members(&request);
            let (post, shard) = self.route(&command).await.map_err(AskError::from)?;
            let now = post.now().await.map_err(SendError::from).map_err(AskError::from)?;
            let chunks = post.chunks(now);
            let begun = self.begin(&post, (shard, trace), command, (now, within)).await;
            let outcomes = begun.map_err(AskError::from)?;
            collect(&mut collection, chunks, outcomes, &mut is_sent).await
        };
        let collected = match timeout(within, collecting).await {
            Ok(collected) => collected.map(|()| collection.into_members()),
            Err(_) if is_sent || collection.came() > 0 => Err(MembersError::Incomplete {
                came: collection.came(),
                expected: collection.expected(),
                within,
            }),
            Err(_) => Err(AskError::NoResult(within).into()),
        };
        self.inner.traces.settled(span, "ask", collected.as_ref().err().map(ToString::to_string));
        collected
    }

    async fn put(
        &self,
        command: Command,
        trace: Option<TraceParent>,
    ) -> Result<StreamId, SendError> {
        let (post, shard) = self.route(&command).await?;
        let expires = match command.expires_in {
            Some(time) => Some(post.now().await?.after(time)),
            None => None,
        };
        Ok(post.send(shard, expires, ("", trace), command.frame).await?)
    }

    /// Where a command goes, if it may go.
    async fn route(&self, command: &Command) -> Result<(Arc<Post>, ShardNumber), SendError> {
        command.ensure_sendable()?;
        let unknown = || SendError::NoSuchApp((*self.inner.app).clone());
        let mut shape = self.inner.shapes.recent().await?.ok_or_else(unknown)?;
        if command.to.shard(shape).is_err() {
            // It may have more since they were counted.
            shape = self.inner.shapes.latest().await?.ok_or_else(unknown)?;
        }
        let shard = command.to.shard(shape)?;
        Ok((self.post(shape.lanes.lane_of(shard)), shard))
    }

    fn post(&self, lane: Lane) -> Arc<Post> {
        let Inner { servers, app, name, posts, .. } = &*self.inner;
        let mut posts = posts.lock().unwrap_or_else(PoisonError::into_inner);
        let post = posts.entry(lane).or_insert_with(|| Post::new(servers, app, lane, name).into());
        post.clone()
    }

    /// Sends a command, and hears what becomes of it.
    async fn begin(
        &self,
        post: &Post,
        (shard, trace): (ShardNumber, Option<TraceParent>),
        command: Command,
        (now, within): (StoreMillis, Duration),
    ) -> Result<Outcomes, SendError> {
        let heard = post.results(now);
        let reply_to = self.inner.name.clone();
        let expires = now.after(command.expires_in.map_or(within, |time| time.min(within)));
        let command = post.send(shard, Some(expires), (&reply_to, trace), command.frame).await?;
        Ok(Outcomes { heard, reply_to, command })
    }
}

/// Takes chunks until all are there, or it is said that none will come.
async fn collect(
    collection: &mut Collection,
    mut chunks: Heard,
    mut outcomes: Outcomes,
    is_sent: &mut bool,
) -> Result<(), MembersError> {
    loop {
        tokio::select! {
            outcome = outcomes.next() => {
                outcome?;
                *is_sent = true;
            }
            Some(chunk) = chunks.recv() => match taken(collection, &chunk)? {
                Standing::Incomplete => {}
                Standing::Complete => return Ok(()),
                Standing::TooMany => return Err(MembersError::TooMany(collection.members_max())),
            },
        }
    }
}

fn taken(collection: &mut Collection, chunk: &Arrival) -> Result<Standing, MembersError> {
    let taken = collection.take(field(chunk, "d").unwrap_or_default());
    taken.map_err(|error| MembersError::Unreadable(error.to_string()))
}

impl fmt::Debug for Commander {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commander").field("app", &self.inner.app).finish_non_exhaustive()
    }
}
