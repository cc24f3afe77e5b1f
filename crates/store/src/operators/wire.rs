//! Questions and answers as bytes: MessagePack, because frames and consumers' fields are bytes.
//!
//! Both ends are of one version of Baton, which whoever carries the bytes has to make sure of; so
//! nothing here is a contract with anybody. Bytes that are no question change nothing: the store is
//! asked only what could be read whole.

use serde::{Serialize, de::DeserializeOwned};

use super::{Question, question};
use crate::{Store, StoreError};

/// A question as bytes: how long its name is, its name, what it says.
#[must_use]
pub fn asked<Q: Question>(question: &Q) -> Vec<u8> {
    let name = Q::NAME.as_bytes();
    let length = u8::try_from(name.len()).unwrap_or_else(|_| unreachable!("names are short"));
    [&[length], name, &written(question)].concat()
}

/// Reads a question, puts it to the store, and answers with the answer as bytes.
///
/// # Errors
/// If it is no question, or none that this Baton knows.
pub async fn answer<S: Store>(store: &S, asked: &[u8]) -> Result<Vec<u8>, StoreError> {
    let no_question = || StoreError::refused("what was asked is no question");
    let (length, rest) = asked.split_first().ok_or_else(no_question)?;
    let (name, body) = rest.split_at_checked(usize::from(*length)).ok_or_else(no_question)?;
    let name = std::str::from_utf8(name).map_err(|_| no_question())?;
    let answered = question::answered(store, name, body).await;
    answered.ok_or_else(|| StoreError::refused(format!("there is no question {name:?}")))?
}

/// Reads the answer to a question.
///
/// # Errors
/// What the store said, or that these bytes are no answer to it.
pub fn answered<Q: Question>(bytes: &[u8]) -> Result<Q::Answer, Q::Error> {
    let read = rmp_serde::from_slice::<Result<Q::Answer, Q::Error>>(bytes);
    read.unwrap_or_else(|error| {
        let name = Q::NAME;
        Err(StoreError::unknown(format!("the answer to {name} cannot be read: {error}")).into())
    })
}

pub(super) async fn put<Q: Question, S: Store>(
    store: &S,
    body: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let question = read::<Q>(body)?;
    Ok(written(&question.put(store).await))
}

fn read<Q: DeserializeOwned + Question>(body: &[u8]) -> Result<Q, StoreError> {
    let wrong = |error| StoreError::refused(format!("{} cannot be read: {error}", Q::NAME));
    rmp_serde::from_slice(body).map_err(wrong)
}

fn written<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap_or_else(|error| unreachable!("it is plain data: {error}"))
}
