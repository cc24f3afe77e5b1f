//! How long a frame's envelope takes to read, by the frame's size, its key order and where in the
//! body the guild stands. `docs/benchmarks.md` holds the figures.

use std::{hint::black_box, time::Duration};

use baton_envelope::Envelope;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Where the guild stands in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guild {
    First,
    Last,
    Absent,
}

/// In which order a frame's keys stand.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// `t`, `s`, `op`, `d`: what Discord sends.
    BodyLast,
    /// `d` before everything that tells what to look for in it.
    BodyFirst,
}

/// A message as a small server's members write it, about 1 kB with its envelope.
const MESSAGE: &str = r#""type":0,"tts":false,"timestamp":"2026-02-03T04:05:06.789000+00:00","pinned":false,"nonce":"1111111111111111111","mentions":[],"mention_roles":[],"mention_everyone":false,"member":{"roles":["222222222222222222","333333333333333333"],"premium_since":null,"pending":false,"nick":null,"mute":false,"joined_at":"2021-02-03T04:05:06.789000+00:00","flags":0,"deaf":false,"communication_disabled_until":null,"banner":null,"avatar":null},"id":"4444444444444444444","flags":0,"embeds":[],"edited_timestamp":null,"content":"is the \"new\" build up yet?\nasking for a friend","components":[],"channel_type":0,"channel_id":"555555555555555555","author":{"username":"somebody","public_flags":0,"primary_guild":null,"id":"666666666666666666","global_name":"Some Body","display_name_styles":null,"discriminator":"0","collectibles":null,"clan":null,"avatar_decoration_data":null,"avatar":"0123456789abcdef0123456789abcdef"},"attachments":[]"#;

/// One of many in a big body.
const MEMBER: &str = r#"{"user":{"username":"somebody","public_flags":64,"id":"666666666666666666","global_name":null,"discriminator":"0","bot":false,"avatar":"0123456789abcdef0123456789abcdef"},"roles":["222222222222222222","333333333333333333"],"nick":"a \"nick\"","mute":false,"joined_at":"2021-02-03T04:05:06.789000+00:00","deaf":false}"#;

fn frame(name: &str, content: &str, guild: Guild, order: Order) -> String {
    let id = if name == "GUILD_CREATE" { "id" } else { "guild_id" };
    let body = match guild {
        Guild::First => format!(r#"{{"{id}":"777777777777777777",{content}}}"#),
        Guild::Last => format!(r#"{{{content},"{id}":"777777777777777777"}}"#),
        Guild::Absent => format!("{{{content}}}"),
    };
    match order {
        Order::BodyLast => format!(r#"{{"t":"{name}","s":12345,"op":0,"d":{body}}}"#),
        Order::BodyFirst => format!(r#"{{"d":{body},"op":0,"s":12345,"t":"{name}"}}"#),
    }
}

fn members(bytes: usize) -> String {
    let list = vec![MEMBER; bytes / MEMBER.len()].join(",");
    format!(r#""members":[{list}]"#)
}

fn bench_reading(criterion: &mut Criterion) {
    let contents = [
        ("1kB", "MESSAGE_CREATE", MESSAGE.to_owned()),
        ("1MB", "GUILD_CREATE", members(1_000_000)),
        ("10MB", "GUILD_CREATE", members(10_000_000)),
    ];
    for (size, name, content) in &contents {
        let mut group = criterion.benchmark_group(*size);
        for order in [Order::BodyLast, Order::BodyFirst] {
            for guild in [Guild::First, Guild::Last, Guild::Absent] {
                let frame = frame(name, content, guild, order);
                let found =
                    Envelope::read(frame.as_bytes()).map(|envelope| envelope.guild.is_some());
                assert_eq!(found, Ok(guild != Guild::Absent));
                let case = BenchmarkId::new(format!("{order:?}"), format!("{guild:?}"));
                group.throughput(Throughput::Bytes(frame.len() as u64));
                group.bench_with_input(case, &frame, |bencher, frame| {
                    bencher.iter(|| black_box(Envelope::read(black_box(frame.as_bytes())).is_ok()));
                });
            }
        }
    }
}

fn bench_frames_without_a_guild(criterion: &mut Criterion) {
    let frames = [
        ("ready", r#"{"t":"READY","s":1,"op":0,"d":{}}"#),
        ("heartbeat ack", r#"{"t":null,"s":null,"op":11,"d":null}"#),
    ];
    let mut group = criterion.benchmark_group("no guild");
    for (name, frame) in frames {
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(Envelope::read(black_box(frame.as_bytes())).is_ok()));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(50);
    targets = bench_reading, bench_frames_without_a_guild
}
criterion_main!(benches);
