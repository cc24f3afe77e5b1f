//! Each defect, planted into a clean run, is found as what it is, and nothing else is.

use std::{collections::BTreeMap, time::Duration};

use baton_mock_discord::{
    Ledger, SessionOrdinal, Slice, audit,
    audit::{Entry, EntrySession, Place, Report},
    ledger::{FrameHash, Sent, SessionLedger},
    load::{Content, Mix, Origin, Source},
};
use baton_model::{EventName, Marker, Seq, SessionNumber, SessionStart, ShardNumber, UnixMicros};
use bytes::Bytes;
use proptest::prelude::*;

const SOURCE: Source = Source { seed: 1, guilds: 10, guild_create_bytes: 500, guild_members: 10 };
const SHARD: ShardNumber = ShardNumber(0);

/// Three sessions of a shard, one after the other, each of as many dispatches as given, with
/// numbers that step by two; and the stream that holds all of it, every dispatch 5 ms after it
/// was sent.
fn clean_run(lengths: [u64; 3]) -> (Ledger, Vec<Entry>) {
    let (mut ledger, mut entries) = (Ledger::default(), Vec::new());
    for (session, length) in (1..).zip(lengths) {
        let mut opened = SessionLedger::new(Slice::WHOLE, &format!("id{session}"));
        for seq in (1..=length).map(|step| Seq(step * 2)) {
            let at = session * 1_000_000 + seq.0 * 1_000;
            let bytes = frame(session, seq);
            opened.sent.push_back(Sent { seq, hash: FrameHash::of(&bytes), at });
            entries.push(entry(session, seq, "MESSAGE_CREATE", bytes, at + 5_000));
        }
        ledger.sessions.insert(SessionOrdinal(session), opened);
    }
    (ledger, entries)
}

fn frame(session: u64, seq: Seq) -> Bytes {
    let origin = Origin { slice: Slice::WHOLE, session: SessionOrdinal(session), seq };
    SOURCE.frame(&Content::Event(Mix::Messages), origin)
}

fn entry(session: u64, seq: Seq, name: &str, bytes: Bytes, at: u64) -> Entry {
    let number = EntrySession::Number(number(session));
    let (name, at) = (EventName::new(name), UnixMicros(at));
    Entry { shard: SHARD, session: number, seq, name, bytes, at }
}

/// The stream counts sessions its own way.
fn number(session: u64) -> SessionNumber {
    SessionNumber(1_795_159_808_786 + session * 7)
}

fn marker(session: u64, seq: u64, marker: Marker) -> Entry {
    let body = serde_json::to_vec(&marker).expect("a marker is JSON").into();
    entry(session, Seq(seq), marker.name().as_str(), body, 0)
}

fn place_of(entry: &Entry) -> Place {
    let ordinal = |session| entry.session == EntrySession::Number(number(session));
    let session = (1..=3).find(|session| ordinal(*session)).map(SessionOrdinal);
    Place { shard: SHARD, session, seq: entry.seq }
}

/// The report without what a defect does to the pauses.
fn defects(ledger: &Ledger, entries: &[Entry]) -> Report {
    Report { worst_gaps: BTreeMap::new(), ..audit(ledger, entries) }
}

fn runs() -> impl Strategy<Value = (Ledger, Vec<Entry>, usize)> {
    let lengths = [3..20_u64, 3..20_u64, 3..20_u64];
    (lengths, any::<prop::sample::Index>()).prop_map(|(lengths, at)| {
        let (ledger, entries) = clean_run(lengths);
        // Never the last one: what is missing there may still be on its way.
        let at = at.index(entries.len() - 1);
        (ledger, entries, at)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_clean_run_gives_nothing((ledger, entries, _) in runs()) {
        let report = audit(&ledger, &entries);
        prop_assert_eq!(&report, &Report::default());
        prop_assert!(report.is_clean());
    }

    #[test]
    fn a_lost_dispatch_is_found((ledger, mut entries, at) in runs()) {
        let place = place_of(&entries.remove(at));
        let report = defects(&ledger, &entries);
        prop_assert_eq!(&report.lost, &[place]);
        prop_assert_eq!(report.unmarked_gaps.len(), 1);
        let rest = Report { lost: vec![], unmarked_gaps: vec![], ..report };
        prop_assert_eq!(rest, Report::default());
    }

    #[test]
    fn a_doubled_dispatch_is_found((ledger, mut entries, at) in runs()) {
        let twice = entries[at].clone();
        entries.insert(at + 1, twice.clone());
        let found = Report { doubled: vec![place_of(&twice)], ..Report::default() };
        prop_assert_eq!(defects(&ledger, &entries), found);
    }

    #[test]
    fn swapped_dispatches_are_found((ledger, mut entries, at) in runs()) {
        prop_assume!(entries[at].session == entries[at + 1].session);
        let late = place_of(&entries[at]);
        entries.swap(at, at + 1);
        let found = Report { reordered: vec![late], ..Report::default() };
        prop_assert_eq!(defects(&ledger, &entries), found);
    }

    #[test]
    fn an_altered_dispatch_is_found(
        (ledger, mut entries, at) in runs(),
        byte: prop::sample::Index,
    ) {
        let mut bytes = entries[at].bytes.to_vec();
        let at_byte = byte.index(bytes.len());
        bytes[at_byte] ^= 1;
        entries[at].bytes = bytes.into();
        let found = Report { altered: vec![place_of(&entries[at])], ..Report::default() };
        prop_assert_eq!(defects(&ledger, &entries), found);
    }

    #[test]
    fn an_unmarked_gap_is_found_and_a_marked_one_excused((ledger, mut entries, at) in runs()) {
        let places: Vec<_> = entries.iter().map(place_of).collect();
        let is_inside = |at: &usize| {
            [at - 1, at + 1].iter().all(|by| places[*by].session == places[*at].session)
        };
        let gone: Vec<_> =
            (at.max(1)..entries.len() - 1).take(3).take_while(is_inside).collect();
        prop_assume!(!gone.is_empty());
        let (first, last) = (gone[0], gone[gone.len() - 1]);
        entries.drain(first..=last);
        let report = defects(&ledger, &entries);
        prop_assert_eq!(&report.lost, &places[first..=last]);
        prop_assert_eq!(report.unmarked_gaps.len(), 1);
        prop_assert_eq!(report.unmarked_gaps[0].first, places[first]);
        prop_assert_eq!(report.unmarked_gaps[0].last, places[last].seq);

        let session = places[first].session.unwrap().0;
        let (after, before) = (places[first - 1].seq, places[last + 1].seq);
        entries.insert(first, marker(session, before.0 - 1, Marker::Gap { after, before }));
        prop_assert_eq!(defects(&ledger, &entries), Report::default());
    }
}

#[test]
fn a_gap_marker_excuses_only_what_lies_in_the_gap() {
    let (ledger, mut entries) = clean_run([6, 3, 3]);
    entries.drain(1..4);
    let (after, before) = (Seq(2), Seq(8));
    entries.insert(1, marker(1, 7, Marker::Gap { after, before }));
    let report = defects(&ledger, &entries);
    assert_eq!(report.lost.iter().map(|place| place.seq).collect::<Vec<_>>(), [Seq(8)]);
}

#[test]
fn the_end_of_an_invalidated_session_is_excused_by_the_next_ones_marker() {
    let (ledger, mut entries) = clean_run([6, 3, 3]);
    entries.drain(4..6);
    assert_eq!(defects(&ledger, &entries).lost.len(), 2);
    let start = SessionStart::Invalidated;
    for (last, lost) in [(Seq(8), 0), (Seq(10), 1)] {
        let previous = Some((number(1), last));
        let mut marked = entries.clone();
        marked.insert(4, marker(2, 0, Marker::SessionStarted { start, previous }));
        assert_eq!(defects(&ledger, &marked).lost.len(), lost, "after {last}");
    }
}

#[test]
fn a_session_of_which_only_its_beginning_arrived_is_known_by_its_place() {
    let (ledger, mut entries) = clean_run([5, 6, 7]);
    let of_second = |it: &Entry| it.session == EntrySession::Number(number(2));
    let at = entries.iter().position(of_second).expect("it is there");
    entries.retain(|entry| !of_second(entry));
    let started = |previous| Marker::SessionStarted { start: SessionStart::Invalidated, previous };
    entries.insert(at, marker(2, 0, started(Some((number(1), Seq(10))))));
    assert_eq!(defects(&ledger, &entries).lost.len(), 6, "nobody says that they are missing");
    entries.insert(at + 1, marker(3, 0, started(Some((number(2), Seq(0))))));
    assert_eq!(defects(&ledger, &entries), Report::default());
    // A marker that speaks of a later part excuses no more than that.
    entries[at + 1] = marker(3, 0, started(Some((number(2), Seq(8)))));
    assert_eq!(defects(&ledger, &entries).lost.len(), 4);
}

#[test]
fn a_number_that_holds_what_nobody_sent_is_not_known_by_its_place() {
    let (ledger, mut entries) = clean_run([5, 6, 7]);
    let of_second = |it: &Entry| it.session == EntrySession::Number(number(2));
    let at = entries.iter().position(of_second).expect("it is there");
    entries.retain(|entry| !of_second(entry));
    entries.insert(at, entry(9, Seq(2), "MESSAGE_CREATE", "made up".into(), 0));
    let previous = Some((number(9), Seq(0)));
    let started = Marker::SessionStarted { start: SessionStart::Invalidated, previous };
    entries.insert(at + 1, marker(3, 0, started));
    let report = defects(&ledger, &entries);
    assert_eq!((report.lost.len(), report.altered.len()), (6, 1), "{report:?}");
    assert_eq!(report.altered[0].session, None);
}

#[test]
fn a_wiped_stream_is_excused_up_to_where_it_was_lost() {
    let (ledger, mut entries) = clean_run([6, 3, 3]);
    entries.drain(0..4);
    entries.insert(0, marker(1, 6, Marker::StreamLost { upto: Seq(6) }));
    let report = defects(&ledger, &entries);
    assert_eq!(report.lost.iter().map(|place| place.seq).collect::<Vec<_>>(), [Seq(8)]);
}

#[test]
fn a_switched_generation_excuses_the_rest_of_its_session() {
    let (mut ledger, mut entries) = clean_run([6, 3, 3]);
    ledger.sessions.retain(|session, _| *session == SessionOrdinal(1));
    entries.truncate(3);
    assert_eq!(defects(&ledger, &entries).lost.len(), 3);
    let [from, to] = [0, 1].map(baton_model::Generation);
    entries.push(marker(1, 6, Marker::GenerationSwitched { from, to }));
    assert_eq!(defects(&ledger, &entries), Report::default());
}

#[test]
fn what_is_missing_at_the_end_is_lost_but_no_gap() {
    let (ledger, mut entries) = clean_run([3, 3, 3]);
    entries.pop();
    let report = defects(&ledger, &entries);
    assert_eq!((report.lost.len(), report.unmarked_gaps.len()), (1, 0));
    assert!(!report.is_clean());
}

#[test]
fn a_session_that_never_arrived_is_lost_as_a_whole() {
    let (ledger, mut entries) = clean_run([3, 4, 3]);
    entries.drain(3..7);
    let report = defects(&ledger, &entries);
    assert_eq!((report.lost.len(), report.unmarked_gaps.len()), (4, 1));
}

#[test]
fn what_was_never_sent_is_altered() {
    let (ledger, mut entries) = clean_run([3, 3, 3]);
    let invented = entry(1, Seq(5), "MESSAGE_CREATE", Bytes::from_static(b"{}"), 0);
    let elsewhere = entry(9, Seq(2), "MESSAGE_CREATE", Bytes::from_static(b"{}"), 0);
    entries.extend([invented.clone(), elsewhere.clone()]);
    let altered = vec![place_of(&invented), place_of(&elsewhere)];
    assert_eq!(altered[1].session, None);
    assert_eq!(defects(&ledger, &entries), Report { altered, ..Report::default() });
}

#[test]
fn a_session_may_be_named_by_its_id() {
    let (ledger, mut entries) = clean_run([3, 3, 3]);
    for entry in &mut entries {
        let session = place_of(entry).session.unwrap();
        entry.session = EntrySession::Id(format!("id{session}"));
    }
    assert_eq!(audit(&ledger, &entries), Report::default());
}

#[test]
fn a_number_means_the_session_that_most_of_it_was_sent_on() {
    let (mut ledger, mut entries) = clean_run([3, 3, 3]);
    // Both of the first two sessions were told the same first, in the same bytes.
    let told_first = FrameHash::of(&entries[3].bytes);
    let first = ledger.sessions.get_mut(&SessionOrdinal(1)).unwrap();
    first.sent[0].hash = told_first;
    entries[0].bytes = entries[3].bytes.clone();
    assert_eq!(defects(&ledger, &entries), Report::default());
}

#[test]
fn only_a_pause_that_is_not_discords_own_is_a_gap_in_time() {
    let (ledger, mut entries) = clean_run([3, 3, 3]);
    for entry in &mut entries[4..] {
        entry.at = UnixMicros(entry.at.0 + 700_000);
    }
    let worst = [(SHARD, Duration::from_millis(700))].into();
    assert_eq!(audit(&ledger, &entries).worst_gaps, worst);
}

/// Forgets the first dispatches of a session, as a bounded ledger does.
fn forget(ledger: &mut Ledger, session: u64, count: usize) {
    let of_session = ledger.sessions.get_mut(&SessionOrdinal(session)).expect("a session");
    let gone = of_session.sent.drain(..count).next_back().expect("some to forget");
    of_session.complete_from = Seq(gone.seq.0 + 1);
}

#[test]
fn what_the_ledger_has_forgotten_of_a_session_is_unjudged_and_the_rest_is_judged() {
    let (mut ledger, mut entries) = clean_run([6, 3, 3]);
    forget(&mut ledger, 1, 2);
    let forgotten = vec![place_of(&entries[0]), place_of(&entries[1])];
    let unjudged = Report { unjudged: forgotten, ..Report::default() };
    assert_eq!(defects(&ledger, &entries), unjudged);
    assert!(unjudged.is_clean());
    let invented = Bytes::from_static(b"{}");
    entries.insert(6, entry(1, Seq(13), "MESSAGE_CREATE", invented, 0));
    entries.remove(3);
    let report = defects(&ledger, &entries);
    assert_eq!((report.lost.len(), report.altered.len(), report.unmarked_gaps.len()), (1, 1, 1));
}

#[test]
fn a_session_that_the_ledger_has_forgotten_is_unjudged() {
    let (mut ledger, mut entries) = clean_run([3, 3, 3]);
    ledger.sessions.remove(&SessionOrdinal(1));
    ledger.complete_from = SessionOrdinal(2);
    let report = defects(&ledger, &entries);
    assert_eq!(report.unjudged.len(), 3);
    assert_eq!(report, Report { unjudged: report.unjudged.clone(), ..Report::default() });
    for entry in &mut entries[..3] {
        entry.session = EntrySession::Id("id1".to_owned());
    }
    assert_eq!(defects(&ledger, &entries).unjudged.len(), 3);
}

#[test]
fn a_forgotten_session_is_not_taken_for_one_that_was_told_the_same() {
    let (mut ledger, mut entries) = clean_run([4, 4, 3]);
    // Both were told the same once, or twice.
    for same in [1, 2] {
        entries[same].bytes = entries[4 + same].bytes.clone();
    }
    ledger.sessions.remove(&SessionOrdinal(1));
    ledger.complete_from = SessionOrdinal(2);
    let report = defects(&ledger, &entries);
    assert_eq!(report.unjudged.len(), 4);
    assert!(report.is_clean(), "{report:?}");
}

#[test]
fn what_a_marker_says_of_a_session_half_forgotten_is_not_held_against_it() {
    let (mut ledger, mut entries) = clean_run([6, 3, 3]);
    let previous = Some((number(1), Seq(8)));
    let started = Marker::SessionStarted { start: SessionStart::Invalidated, previous };
    entries.splice(4..6, [marker(2, 0, started)]);
    assert_eq!(defects(&ledger, &entries), Report::default());
    forget(&mut ledger, 1, 4);
    let report = defects(&ledger, &entries);
    // Four that arrived, and two of which the marker speaks.
    assert_eq!((report.unjudged.len(), report.is_clean()), (6, true));
    // Where nothing arrived there is nothing to doubt.
    entries.drain(..5);
    let report = defects(&ledger, &entries);
    assert_eq!((report.lost.len(), report.unjudged.len()), (2, 0));
}
