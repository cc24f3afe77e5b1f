//! What happens to a simulated Discord.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Fault, Slice,
    load::{Content, Pace},
};

/// A websocket connection, as the server numbers it. A number is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub u64);

/// A REST or admin request, as the server numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Which of the two addresses a client came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// The one that REST names.
    Gateway,
    /// The one that READY names.
    Resume,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A client asks for a websocket. The upgrade is answered unless [`Refuse`] comes out.
    ///
    /// [`Refuse`]: crate::Output::Refuse
    Opened {
        /// Its connection from here on.
        connection: ConnectionId,
        /// Where it came to.
        host: Host,
        /// The query of the url, without `?`.
        query: String,
    },
    /// A text frame came.
    Text {
        /// From whom.
        connection: ConnectionId,
        /// Its text.
        text: String,
    },
    /// A binary frame came.
    Binary {
        /// From whom.
        connection: ConnectionId,
    },
    /// The client ended the connection.
    Closed {
        /// Which one.
        connection: ConnectionId,
        /// The code of its close frame; none if there was no close frame or no code in it.
        code: Option<u16>,
    },
    /// A REST request came.
    Rest {
        /// What to call it in the answer.
        request: RequestId,
        /// Such as `GET`.
        method: String,
        /// Such as `/api/v10/gateway/bot`.
        path: String,
        /// The header of that name.
        authorization: Option<String>,
    },
    /// A request to the admin API came.
    Admin {
        /// What to call it in the answer.
        request: RequestId,
        /// Such as `POST`.
        method: String,
        /// Such as `/faults`, with the query if there is one.
        path: String,
        /// What it carried.
        body: String,
    },
    /// Something happens in the world that these sessions hear of.
    Emit {
        /// The shard; none for all.
        slice: Option<Slice>,
        /// What.
        content: Content,
    },
    /// From here on every session is told this much; none ends it.
    Load(Option<Pace>),
    /// Something goes wrong.
    Fault(Fault),
    /// No fault is asked for any longer. What one has done stays done.
    ClearFaults,
    /// The time that [`poll_timeout`](crate::Discord::poll_timeout) named has come.
    Wake,
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}
