//! The rules of reading an envelope, one by one. Every frame is also put before the judge.

use baton_envelope::{Envelope, EnvelopeError};
use oracle::{Answer, Verdict, compare, compare_cut};

mod oracle;

/// Reads a frame that the judge accepts too.
#[track_caller]
fn read(frame: &str) -> Answer {
    assert_eq!(compare(frame.as_bytes()), Verdict::Agreed, "{frame}");
    for length in 0..frame.len() {
        compare_cut(frame.as_bytes(), length);
    }
    Answer::from(Envelope::read(frame.as_bytes()).expect("the judge would have complained"))
}

/// Reads a frame that the judge refuses too.
#[track_caller]
fn error(frame: impl AsRef<[u8]>) -> EnvelopeError {
    assert_eq!(compare(frame.as_ref()), Verdict::Refused);
    Envelope::read(frame.as_ref()).expect_err("the judge refuses it")
}

fn answer(op: u64, seq: Option<u64>, name: Option<&str>, guild: Option<u64>) -> Answer {
    Answer { op, seq, name: name.map(str::to_owned), guild }
}

fn message(guild: Option<u64>) -> Answer {
    answer(0, Some(7), Some("MESSAGE_CREATE"), guild)
}

/// A dispatch in Discord's key order.
fn dispatch(name: &str, body: &str) -> String {
    format!(r#"{{"t":"{name}","s":7,"op":0,"d":{body}}}"#)
}

#[test]
fn reads_every_order_of_keys() {
    let members = [
        r#""t":"MESSAGE_CREATE""#,
        r#""s":7"#,
        r#""op":0"#,
        r#""d":{"id":"5","t":"x","guild_id":"42","op":1,"s":2,"z":[]}"#,
    ];
    for a in 0..4 {
        for b in (0..4).filter(|b| *b != a) {
            for c in (0..4).filter(|c| ![a, b].contains(c)) {
                let d = 6 - a - b - c;
                let order = [a, b, c, d].map(|index| members[index]);
                assert_eq!(read(&format!("{{{}}}", order.join(","))), message(Some(42)));
            }
        }
    }
}

#[test]
fn reads_frames_that_are_no_dispatches() {
    let hello = r#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250,"guild_id":"1"}}"#;
    assert_eq!(read(hello), answer(10, None, None, None));
    assert_eq!(read(r#"{"op":11}"#), answer(11, None, None, None));
    assert_eq!(read(r#"{"op":9,"d":false}"#), answer(9, None, None, None));
    assert_eq!(read(r#"{"d":null,"op":7}"#), answer(7, None, None, None));
    let unknown = format!(r#"{{"op":{}}}"#, u64::MAX);
    assert_eq!(read(&unknown), answer(u64::MAX, None, None, None));
}

#[test]
fn whitespace_may_stand_wherever_json_allows_it() {
    let frame = "\r\n{ \"t\"\t:\n\"MESSAGE_CREATE\" , \"s\" : 7\n, \"op\"\r:\t0 , \
                 \"d\" : { \"a\" : [ ] , \"guild_id\" : \"42\" } } \n";
    assert_eq!(read(frame), message(Some(42)));
}

#[test]
fn a_key_is_what_it_says_however_it_is_spelled() {
    let frame = r#"{"\u0074":"MESSAGE\u005fCREATE","\u0073":7,"o\u0070":0,
                    "\u0064":{"\u0067uild_id":"\u00342"}}"#;
    assert_eq!(read(frame), message(Some(42)));
    // Two characters of source, `\` and `t`, are a tab.
    let tab = r#"{"\t":"X","s":7,"op":0,"t":"MESSAGE_CREATE","d":{}}"#;
    assert_eq!(read(tab), message(None));
}

#[test]
fn look_alike_keys_below_the_envelope_are_not_its_own() {
    let body = r#"{"content":"\"guild_id\":\"1\",\"op\":7}","x":{"guild_id":"2","t":"evil"},
                   "y":[{"guild_id":"3"},"guild_id"],"guild_id":"42"}"#;
    assert_eq!(read(&dispatch("MESSAGE_CREATE", body)), message(Some(42)));
    let as_value = r#"{"content":"guild_id","x":"id","guild_id":"42"}"#;
    assert_eq!(read(&dispatch("MESSAGE_CREATE", as_value)), message(Some(42)));
    let last =
        format!(r#"{{"d":{body},"x":{{"t":"a","s":1,"op":2}},"s":7,"op":0,"t":"MESSAGE_CREATE"}}"#);
    assert_eq!(read(&last), message(Some(42)));
    let only_deeper = r#"{"message_reference":{"guild_id":"2"},"mentions":[{"guild_id":"3"}]}"#;
    assert_eq!(read(&dispatch("MESSAGE_CREATE", only_deeper)), message(None));
    let beside = r#"{"guild_id":"1","t":"MESSAGE_CREATE","s":7,"op":0,"d":{}}"#;
    assert_eq!(read(beside), message(None));
}

#[test]
fn of_equal_keys_the_first_counts() {
    let frame = r#"{"op":0,"op":7,"s":7,"s":8,"d":{"guild_id":"42","guild_id":"43"},
                    "d":{"guild_id":"44"},"t":"MESSAGE_CREATE","t":"X"}"#;
    assert_eq!(read(frame), message(Some(42)));
    let nulls = r#"{"s":null,"s":7,"t":null,"t":"X","d":null,"d":{"guild_id":"1"},"op":0}"#;
    assert_eq!(read(nulls), answer(0, None, None, None));
    let null_guild = r#"{"guild_id":null,"guild_id":"1"}"#;
    assert_eq!(read(&dispatch("MESSAGE_CREATE", null_guild)), message(None));
    let second_ids = r#"{"d":{"id":"5","id":"6"},"op":0,"s":7,"t":"GUILD_CREATE"}"#;
    assert_eq!(read(second_ids).guild, Some(5));
    let null_id = r#"{"id":null,"id":"1"}"#;
    assert_eq!(read(&dispatch("GUILD_CREATE", null_id)).guild, None);
    // A second one may be anything: it is skipped like a foreign key.
    let other_kinds = r#"{"op":0,"op":"x","s":7,"s":{},"t":"MESSAGE_CREATE","t":1}"#;
    assert_eq!(read(other_kinds), message(None));
}

#[test]
fn the_guild_is_the_body_itself_in_three_events_only() {
    let body = r#"{"id":"5","guild_id":"42"}"#;
    for name in ["GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"] {
        assert_eq!(read(&dispatch(name, body)).guild, Some(5), "{name}");
        let last = format!(r#"{{"d":{body},"op":0,"s":1,"t":"{name}"}}"#);
        assert_eq!(read(&last).guild, Some(5), "{name}");
    }
    for name in ["GUILD_MEMBER_ADD", "GUILD_ROLE_CREATE", "GUILD_BAN_ADD", "guild_create"] {
        assert_eq!(read(&dispatch(name, body)).guild, Some(42), "{name}");
    }
    assert_eq!(read(&dispatch("GUILD_CREATE", r#"{"guild_id":"42"}"#)).guild, None);
}

#[test]
fn sessions_and_users_belong_to_no_guild() {
    for name in ["READY", "RESUMED", "USER_UPDATE"] {
        assert_eq!(read(&dispatch(name, r#"{"guild_id":"1","id":"2"}"#)).guild, None, "{name}");
        let last = format!(r#"{{"d":{{"guild_id":"1","id":"2"}},"op":0,"t":"{name}"}}"#);
        assert_eq!(read(&last).guild, None, "{name}");
    }
}

#[test]
fn a_body_is_not_touched_where_no_guild_can_be() {
    let broken = r#"{"t":"READY","s":1,"op":0,"d":{"v":"#;
    let envelope = Envelope::read(broken.as_bytes()).unwrap();
    assert_eq!(envelope.name.as_deref(), Some("READY"));
    let ping = r#"{"t":null,"s":null,"op":1,"d":"#;
    assert_eq!(Envelope::read(ping.as_bytes()).unwrap().op.number(), 1);
    // Nor where the body stands in the way of something else.
    let on_the_way = r#"{"t":"READY","op":0,"d":{"guild_id":},"s":7}"#;
    let envelope = Envelope::read(on_the_way.as_bytes()).unwrap();
    assert_eq!(envelope.seq.unwrap().0, 7);
}

#[test]
fn only_a_named_dispatch_has_a_guild() {
    let body = r#"{"guild_id":"42","id":"42"}"#;
    let ping = format!(r#"{{"op":1,"t":"MESSAGE_CREATE","s":7,"d":{body}}}"#);
    assert_eq!(read(&ping), answer(1, Some(7), Some("MESSAGE_CREATE"), None));
    let ping_late = format!(r#"{{"d":{body},"op":1,"t":"GUILD_CREATE","s":7}}"#);
    assert_eq!(read(&ping_late), answer(1, Some(7), Some("GUILD_CREATE"), None));
    let nameless = format!(r#"{{"op":0,"s":7,"d":{body}}}"#);
    assert_eq!(read(&nameless), answer(0, Some(7), None, None));
}

#[test]
fn reading_stops_where_the_answer_is_complete() {
    let cut = r#"{"t":"MESSAGE_CREATE","s":7,"op":0,"d":{"guild_id":"42""#;
    assert_eq!(Answer::from(Envelope::read(cut.as_bytes()).unwrap()), message(Some(42)));
    let guild = r#"{"t":"GUILD_CREATE","s":7,"op":0,"d":{"id":"42""#;
    assert_eq!(Envelope::read(guild.as_bytes()).unwrap().guild.unwrap().0, 42);
    let by_name_later =
        r#"{"op":0,"s":7,"d":{"id":"1","guild_id":"42","x" oops},"t":"MESSAGE_CREATE""#;
    assert_eq!(Answer::from(Envelope::read(by_name_later.as_bytes()).unwrap()), message(Some(42)));
}

#[test]
fn a_snowflake_is_digits_in_a_string_or_a_number() {
    let cases = [
        (r#""42""#, Some(42)),
        ("42", Some(42)),
        ("0", Some(0)),
        (r#""042""#, Some(42)),
        (r#""18446744073709551615""#, Some(u64::MAX)),
        ("18446744073709551615", Some(u64::MAX)),
        (r#""18446744073709551616""#, None),
        ("18446744073709551616", None),
        ("42.0", None),
        ("42e0", None),
        ("-42", None),
        ("-0", None),
        (r#""""#, None),
        (r#""+42""#, None),
        (r#"" 42""#, None),
        (r#""4\n2""#, None),
        ("null", None),
        ("true", None),
        ("false", None),
        (r#"["42"]"#, None),
        (r#"{"guild_id":"42"}"#, None),
    ];
    for (id, guild) in cases {
        let by_guild_id = dispatch("MESSAGE_CREATE", &format!(r#"{{"guild_id":{id},"z":1}}"#));
        assert_eq!(read(&by_guild_id), message(guild), "{id}");
        let by_id = dispatch("GUILD_CREATE", &format!(r#"{{"id":{id},"z":1}}"#));
        assert_eq!(read(&by_id).guild, guild, "{id}");
    }
}

#[test]
fn a_body_may_be_any_value() {
    for body in ["null", "true", "-1.5e3", r#""x""#, "[]", "{}", r#"[{"guild_id":"1"}]"#] {
        assert_eq!(read(&dispatch("MESSAGE_CREATE", body)), message(None), "{body}");
    }
}

#[test]
fn op_is_a_whole_number() {
    for op in ["1.0", "1e3", "-1", "-0", "18446744073709551616", "null", "true", r#""0""#, "{}"] {
        let at = 6;
        assert_eq!(error(format!(r#"{{"op":{op}}}"#)), EnvelopeError::Op { at }, "{op}");
    }
    assert_eq!(error(r#"{"op":00}"#), EnvelopeError::Op { at: 6 });
    assert_eq!(error(r#"{"t":"X","s":1,"d":{"op":0}}"#), EnvelopeError::OpMissing);
    assert_eq!(error("{}"), EnvelopeError::OpMissing);
}

#[test]
fn seq_is_a_whole_number_or_null() {
    for seq in ["1.0", "1e3", "-1", "-0", "18446744073709551616", "true", r#""1""#, "[1]"] {
        let at = 12;
        let frame = format!(r#"{{"op":0,"s":{seq}}}"#);
        assert_eq!(error(frame), EnvelopeError::Seq { at }, "{seq}");
    }
    assert_eq!(read(r#"{"op":0,"s":18446744073709551615}"#).seq, Some(u64::MAX));
    assert_eq!(error(r#"{"op":0,"s":01}"#), EnvelopeError::Seq { at: 12 });
}

#[test]
fn a_name_is_well_formed_text_or_null() {
    assert_eq!(read(r#"{"op":0,"t":"\ud83d\ude00 é"}"#).name.unwrap(), "😀 é");
    assert_eq!(read(r#"{"op":0,"t":""}"#).name.unwrap(), "");
    let at = 12;
    for name in [r#""\ud83d""#, r#""\x""#, "\"\n\"", "1", "true", "{}", "nul", r#"["t"]"#] {
        let frame = format!(r#"{{"op":0,"t":{name}}}"#);
        assert_eq!(error(frame), EnvelopeError::Name { at }, "{name}");
    }
    assert_eq!(error(b"{\"op\":0,\"t\":\"\xff\"}"), EnvelopeError::Name { at });
}

#[test]
fn punctuation_is_expected_where_it_belongs() {
    let cases = [
        ("[]", 0, "an object"),
        ("\"op\"", 0, "an object"),
        ("{,}", 1, "a key or }"),
        ("{op:0}", 1, "a key or }"),
        (r#"{"op" 0}"#, 6, "a colon"),
        (r#"{"op":0,}"#, 8, "a string"),
        (r#"{"op":0 "s":1}"#, 8, ", or }"),
        (r#"{"op":0"s":1}"#, 7, ", or }"),
        (r#"{"op":0]"#, 7, ", or }"),
        (r#"{"x":,"op":0}"#, 5, "a value"),
        (r#"{"x":}"#, 5, "a value"),
        (r#"{"x":]"#, 5, "a value"),
        (r#"{"x":"y"z}"#, 8, ", or }"),
        (r#"{"d":{"guild_id":},"op":0}"#, 17, "a value"),
        (r#"{"d":{"guild_id":1"x":2},"op":0}"#, 18, ", or }"),
    ];
    for (frame, at, expected) in cases {
        assert_eq!(error(frame), EnvelopeError::Unexpected { at, expected }, "{frame}");
    }
}

#[test]
fn an_empty_frame_is_truncated() {
    assert_eq!(error(""), EnvelopeError::Truncated { at: 0 });
    assert_eq!(error(" \n"), EnvelopeError::Truncated { at: 2 });
}

#[test]
fn invalid_utf8_matters_in_the_name_only() {
    let frames: [&[u8]; 4] = [
        b"{\"t\":\"X\",\"s\":7,\"op\":0,\"d\":{\"content\":\"\xff\xc3\",\"guild_id\":\"42\"}}",
        b"{\"t\":\"X\",\"s\":7,\"op\":0,\"d\":{\"\xff\":[\"\xfe\"],\"guild_id\":\"42\"}}",
        b"{\"\xff\":1,\"t\":\"X\",\"s\":7,\"op\":0,\"d\":{\"guild_id\":\"42\"}}",
        b"{\"d\":{\"guild_id\":\"\xff\",\"id\":\"\xff\"},\"t\":\"GUILD_X\",\"s\":7,\"op\":0}",
    ];
    let guilds = frames.map(|frame| Envelope::read(frame).unwrap().guild.map(|guild| guild.0));
    assert_eq!(guilds, [Some(42), Some(42), Some(42), None]);
}

#[test]
fn a_body_is_searched_but_not_checked() {
    let body = r#"{"a":[},"b":"\ud83d\x","c":tru,,"d" oops:{"x":nope],"guild_id":"42"}"#;
    let frame = dispatch("MESSAGE_CREATE", body);
    assert_eq!(Answer::from(Envelope::read(frame.as_bytes()).unwrap()), message(Some(42)));
    let behind = r#"{"op":11} and {more"#;
    assert_eq!(Envelope::read(behind.as_bytes()).unwrap().op.number(), 11);
}

#[test]
fn depth_costs_no_stack() {
    let depth = 200_000;
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let nest = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let body = format!(r#"{{"x":{nest},"guild_id":"42"}}"#);
        let frame = dispatch("MESSAGE_CREATE", &body);
        assert_eq!(compare(frame.as_bytes()), Verdict::Agreed);
        assert_eq!(Answer::from(Envelope::read(frame.as_bytes()).unwrap()), message(Some(42)));
        let unclosed = &frame[..frame.len() / 2];
        assert_eq!(
            Envelope::read(unclosed.as_bytes()),
            Err(EnvelopeError::Truncated { at: unclosed.len() })
        );
    }
}

#[test]
fn a_frame_of_20_mb_is_read() {
    let member = r#"{"user":{"id":"1","username":"\"}]"},"guild_id":"2"},"#;
    let members = member.repeat(20_000_000 / member.len());
    let body = format!(r#"{{"members":[{}],"id":"42"}}"#, members.trim_end_matches(','));
    let in_order = dispatch("GUILD_CREATE", &body);
    assert_eq!(compare(in_order.as_bytes()), Verdict::Agreed);
    let body_first = format!(r#"{{"d":{body},"s":7,"t":"GUILD_CREATE","op":0}}"#);
    assert_eq!(compare(body_first.as_bytes()), Verdict::Agreed);
    assert_eq!(Envelope::read(in_order.as_bytes()).unwrap().guild.unwrap().0, 42);
}

#[test]
fn an_error_says_where() {
    let messages = [
        (r#"{"op":0"#, "frame ends after 7 bytes, before its envelope is complete"),
        ("[]", "frame is not JSON at byte 0: expected an object"),
        ("{}", "frame has no \"op\""),
        (r#"{"op":-1}"#, "\"op\" at byte 6 is not a whole number from 0 to 2^64-1"),
        (r#"{"s":""}"#, "\"s\" at byte 5 is neither null nor a whole number from 0 to 2^64-1"),
        (r#"{"t":1}"#, "\"t\" at byte 5 is neither null nor a string of valid UTF-8 and escapes"),
    ];
    for (frame, message) in messages {
        assert_eq!(error(frame).to_string(), message);
    }
}
