//! What is written over a bad connection is exact all the same, if the caller repeats what it got
//! no answer to. That is what makes *unknown* bearable.

use std::time::Duration;

use baton_model::{Expected, Seq, SessionNumber, ShardNumber};

use super::scope::{Audit, Scope, append, live, row, stream};
use crate::{
    AppendError, ClaimError, Events, Faults, Faulty, Hearing, Hints, Hold, Leases, Store, Unhappy,
};

const BAD: Faults = Faults {
    lost_request_percent: 15,
    lost_reply_percent: 15,
    unavailable_percent: 5,
    delay_max: Duration::from_micros(300),
};

const LAST: u64 = 300;

/// How long the last hint is told. Only one that is never heard is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn appends_over_a_faulty_connection_are_exact<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    let mut writers = Vec::new();
    for (number, seed) in [(0, 11), (1, 12), (2, 13)] {
        let (hold, session) = live(&s, &scope.shard(number), me).await;
        let faulty = Faulty::new(s.clone(), BAD, seed);
        writers.push(tokio::spawn(async move { write_all(&faulty, &hold, session).await }));
    }
    let mut unknown = 0;
    for writer in writers {
        unknown += writer.await.expect("no panic");
    }
    assert!(unknown > 50, "only {unknown} outcomes were unknown: the connection was not bad");
    let found = stream(&s, &scope).await;
    assert_eq!(Audit::of(&found, [0, 1, 2].map(ShardNumber), LAST), Audit::default());
}

/// Appends `1..=LAST` in small pieces, several at once, as a writer does: whatever is not known to
/// be done is done again, from where the stream is known to be. Counts unknown outcomes.
async fn write_all<S: Store>(s: &Faulty<S>, hold: &Hold, session: SessionNumber) -> u64 {
    let mut done = 0;
    let mut unknown = 0;
    while done < LAST {
        let pieces = [(done, done + 2), (done + 2, done + 5), (done + 5, done + 6)];
        let within = pieces.map(|(prev, last)| (prev.min(LAST), last.min(LAST)));
        let appends = within.map(|(prev, last)| append(hold, session, prev, last));
        for answer in s.append_all(&appends).await {
            match answer {
                Ok(Seq(seq)) => done = done.max(seq),
                Err(AppendError::Gap(Seq(seq))) => assert!(seq >= done, "the stream shrank"),
                Err(error) => {
                    assert!(error.is_retryable(), "{error}");
                    unknown += u64::from(error.outcome_unknown());
                }
            }
        }
    }
    unknown
}

pub(super) async fn claims_over_a_faulty_connection_are_exact<S: Store>(s: S, scope: Scope) {
    let shard = scope.shard(0);
    for round in 0..20 {
        let seen = s.rows(std::slice::from_ref(&shard)).await.expect("read").pop().flatten();
        let expected = Expected::unchanged(seen.as_ref());
        let mut claimants = Vec::new();
        for number in 1..=3 {
            let faulty = Faulty::new(s.clone(), BAD, round * 10 + u64::from(number));
            let (shard, me) = (shard.clone(), scope.instance(number));
            claimants.push(tokio::spawn(async move {
                loop {
                    match faulty.claim(&shard, expected, me).await {
                        Ok(grant) => return Some((me, grant.epoch)),
                        Err(ClaimError::Lost(_)) => return None,
                        Err(error) => assert!(error.is_retryable(), "{error}"),
                    }
                }
            }));
        }
        let mut winners = Vec::new();
        for claimant in claimants {
            winners.extend(claimant.await.expect("no panic"));
        }
        let now = row(&s, &shard).await;
        let holder = now.holding.owner().map(|owner| (owner, now.epoch));
        assert_eq!(winners, Vec::from_iter(holder), "one grant, and it is the one that stands");
        assert_eq!(now.session, None);
    }
}

pub(super) async fn hints_over_a_faulty_connection_are_lost_and_never_doubled<S: Store>(
    s: S,
    scope: Scope,
) {
    let faulty = Faulty::new(s.clone(), BAD, 14);
    let mut hearing = loop {
        match faulty.hear().await {
            Ok(hearing) => break hearing,
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
    };
    let ours = format!("{} ", scope.app());
    let hint = |number| format!("{ours}{number}");
    let telling = async {
        for number in 0..LAST {
            if let Err(error) = faulty.tell(hint(number).into()).await {
                assert!(error.is_retryable(), "{error}");
            }
        }
        loop {
            s.tell(hint(LAST).into()).await.expect("told");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let listening = async {
        let mut heard = Vec::new();
        loop {
            let told = hearing.next().await.expect("the store is open");
            if told == hint(LAST) {
                return heard;
            }
            heard.extend(told.starts_with(ours.as_bytes()).then_some(told));
        }
    };
    let mut heard = tokio::select! {
        heard = listening => heard,
        () = telling => unreachable!("it never ends"),
        () = tokio::time::sleep(PATIENCE) => panic!("what was told last is never heard"),
    };
    let count = heard.len() as u64;
    assert!(count > 0 && count < LAST * 3 / 4, "{count} of {LAST}: the connection was not bad");
    heard.sort();
    heard.dedup();
    assert_eq!(heard.len() as u64, count, "one was heard twice");
}
