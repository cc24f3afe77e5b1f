//! A cold start where sixteen shards may IDENTIFY at once; with fewer it takes minutes.

use baton_e2e::scenario::cold_start::play;

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_identify_at_once() {
    play("cold start, 16 at once", 16).await;
}
