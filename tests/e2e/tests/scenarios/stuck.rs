//! A shard's task hangs in the middle of its work, and the thread that it runs on with it.

use baton_e2e::{processes::valkey, scenario::Scenario, trial};
use baton_mock_discord::{Input, Slice, load::Content};
use baton_model::EventName;
use rustix::process::Signal;

use crate::{EVERY, fleet, seconds, trial_gateway};

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_hangs_is_started_afresh_by_its_own_instance() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.start("a");
    fleet.start_another("b", trial_gateway(), &[]);
    fleet.until_all_live().await;
    fleet.load(EVERY).await;
    seconds(2).await;
    let shard = *fleet.held_by("b").await.first().expect("it has its share");
    let scenario = Scenario::begin("a shard's task hangs", &fleet).await.about([shard].into());
    let refused = Content::Given {
        name: EventName::new("RATE_LIMITED"),
        data: format!(r#"{{"opcode":{},"retry_after":1.0,"meta":{{}}}}"#, trial::STUCK_OP).into(),
    };
    let slice = Some(Slice(shard, fleet.shape().shards));
    fleet.discord.input(Input::Emit { slice, content: refused }).await;
    seconds(15).await;
    let noticed = "a shard's task makes no progress; starting it afresh";
    assert!(fleet.gateway("b").log().contains(noticed), "{}", fleet.logs());
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies), (0, 0), "here, and by RESUME");
    let back = outcome.streams.back.get(&shard).expect("it is back");
    assert!(back.as_secs() >= 5, "too soon, after {back:?}: did it hang?");
    let mut b = fleet.gateways.remove("b").expect("it runs");
    b.signal(Signal::TERM);
    assert_eq!(b.ended().await.code(), Some(0), "a thread that hangs keeps nobody\n{}", b.log());
}
