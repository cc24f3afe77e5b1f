//! Cold starts where few shards may IDENTIFY at once.

use baton_e2e::scenario::cold_start::play;

#[tokio::test(flavor = "multi_thread")]
async fn one_identifies_at_once() {
    play("cold start, one at once", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_identify_at_once() {
    play("cold start, four at once", 4).await;
}
