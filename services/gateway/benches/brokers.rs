//! How long it takes to make the copy of an event that `@discordjs/brokers` reads, by the frame's
//! size.

use std::hint::black_box;

use baton_gateway::brokers::copying::data;
use baton_model::ShardNumber;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const MEMBER: &str = r#"{"user":{"username":"somebody","public_flags":64,
    "id":"666666666666666666","global_name":null,"discriminator":"0","bot":false,
    "avatar":"0123456789abcdef0123456789abcdef"},"roles":["222222222222222222"],"nick":"a \"nick\"",
    "mute":false,"joined_at":"2021-02-03T04:05:06.789000+00:00","deaf":false}"#;

/// About so many bytes of members.
fn frame(bytes: usize) -> String {
    let members = vec![MEMBER; (bytes / MEMBER.len()).max(1)].join(",");
    format!(r#"{{"t":"GUILD_CREATE","s":12345,"op":0,"d":{{"members":[{members}]}}}}"#)
}

fn bench_copying(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("copy");
    for bytes in [1_000, 10_000, 1_000_000] {
        let frame = frame(bytes);
        group.throughput(Throughput::Bytes(frame.len() as u64));
        let id = BenchmarkId::from_parameter(frame.len());
        group.bench_with_input(id, frame.as_bytes(), |bencher, frame| {
            bencher.iter(|| data(ShardNumber(7), black_box(frame)));
        });
    }
    group.finish();
}

criterion_group!(benches, bench_copying);
criterion_main!(benches);
