//! The rules of the house, as tests.
//!
//! What a reviewer should not have to say twice stands here as code: which member may import
//! which, how long a file may be, that every link leads somewhere. It judges text and metadata; it
//! compiles nothing, repairs nothing, and leaves to rustc and clippy what they check themselves.
//!
//! The one idea: a rule is a function from a [`Tree`] to [`Finding`]s. The repository and the small
//! broken trees under `fixtures/` go through the same functions, so a rule that stopped finding
//! anything would fail there.

mod exceptions;
mod finding;
mod rules;
mod rust_file;
mod tokens;
mod tree;
mod workspace;

pub use exceptions::{EXCEPTIONS_FILE, without_exceptions};
pub use finding::Finding;
pub use rules::{RULES, Rule};
pub use tree::{TextFile, Tree};
