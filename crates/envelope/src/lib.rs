//! Op, seq, event name and guild id out of a raw frame, without parsing its body.
//!
//! [`Envelope::read`] is on the road of every event. It refuses to build, check or copy anything
//! of the body: what Discord sent is what a consumer gets, byte for byte, so all that Baton may
//! know of a dispatch is what stands on its envelope.
//!
//! The one idea you need: **it validates what it reads, and it stops reading as soon as the answer
//! is complete.** In Discord's key order (`t`, `s`, `op`, `d`) everything but the guild is known
//! before the body begins. The guild costs a jump from one of the body's own keys to the next that
//! could be the wanted one; what lies between is passed over by counting brackets, 64 bytes at a
//! time.
//!
//! # What a frame may look like
//!
//! - **Any key order**, whitespace wherever JSON allows it, and escapes in keys and names:
//!   `"\u0074"` is the key `t`. Look-alike keys deeper down are never taken for the envelope's.
//! - **Of equal keys the first counts**, in the envelope and in the body. A reader that stops early
//!   can keep no other rule: whether a second one follows, it never learns. Discord sends none;
//!   most parsers would take the last.
//! - **`op`** must be there, a whole number from 0 to 2⁶⁴−1 without fraction or exponent. **`s`**
//!   is such a number, null or missing. **`t`** is a string, null or missing.
//! - **The guild** never makes a frame an error, for it only serves routing: a frame refused for it
//!   would come again with every RESUME. What is no snowflake (decimal digits up to 2⁶⁴−1, as a
//!   string or as a number) counts as none. Only a dispatch with a name has a guild; see
//!   [`Envelope::guild`] for where it stands.
//!
//! # What is not looked at
//!
//! Nothing behind the place where the answer is complete, nor behind the frame's closing bracket.
//! In the body, and in any other value that is passed over, brackets are counted but not matched
//! (`[}` passes), and commas, numbers, literals and what strings say are not checked. So a
//! malformed frame may be read without an error. A well-formed one is always read right, and a
//! truncated one is [`EnvelopeError::Truncated`] or, where it was cut behind the end of the
//! reading, read like the whole.
//!
//! Invalid UTF-8 is an error in the event's name. Elsewhere it is passed over: no byte of it looks
//! like JSON's punctuation, and a key that contains it is none of the wanted ones.

mod envelope;
mod error;
mod op;

mod body;
mod cursor;
mod text;

mod skip;

mod nesting;

mod masks;

pub use envelope::Envelope;
pub use error::EnvelopeError;
pub use op::Op;
