//! What `baton` refuses, and with which code.

use std::time::Duration;

use baton_e2e::processes::valkey;

use crate::fleet;

#[tokio::test(flavor = "multi_thread")]
async fn what_would_hurt_is_refused_and_says_why() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    for (line, code, because) in [
        ("drain a b c", 7, "would leave no instance"),
        ("drain nobody", 5, "no instance \"nobody\""),
        ("drain", 2, "required"),
        ("shard show 99", 5, "no shard app/0.99"),
        ("shard show x", 2, "is no shard"),
        ("shard move 3 --to nobody", 5, "no instance"),
        ("shard restart 3 --identify", 7, "--yes"),
        ("instance forget a", 7, "is there"),
        ("undrain a", 5, "nothing is wanted"),
        ("wait --for instances=4 --timeout 1s", 75, "not so after"),
        ("wait --for soon", 2, "all-owned"),
        ("intent withdraw drain/x", 2, "is not a subject"),
        ("check quorum-safe nobody", 5, "no instance"),
    ] {
        let refused = operator.types(line).await;
        assert_eq!(refused.code, code, "{line}: {refused:?}");
        assert!(refused.besides.contains(because), "{line}: {refused:?}");
        assert_eq!(refused.data, "", "{line}");
    }
    assert_eq!(operator.types("check ready").await.code, 0);
    assert_eq!(operator.types("check quorum-safe a").await.code, 0);
    fleet.gateway("a").signal(rustix::process::Signal::KILL);
    let mut status = operator.types("status").await;
    for _ in 0..50 {
        if status.code != 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        status = operator.types("status").await;
    }
    assert_eq!(status.code, 3, "{status:?}");
    assert!(status.data.contains("instance a is missing"), "{status:?}");
}
