//! The reader against the judge, over frames nobody thought of.

use frames::{bitten, noise, well_formed};
use oracle::{Verdict, compare, compare_cut};
use proptest::{prelude::*, sample::Index, strategy::ValueTree, test_runner::TestRunner};

mod frames;
mod oracle;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn what_the_judge_accepts_the_reader_reads_alike(frame in well_formed()) {
        compare(&frame);
    }

    #[test]
    fn a_cut_frame_is_truncated_or_the_end_was_not_needed(
        frame in well_formed(),
        cuts in proptest::collection::vec(any::<Index>(), 8),
    ) {
        if compare(&frame) == Verdict::Agreed {
            for cut in cuts {
                compare_cut(&frame, cut.index(frame.len()));
            }
        }
    }

    #[test]
    fn a_bitten_frame_is_read_as_the_judge_reads_it_or_refused(frame in bitten()) {
        compare(&frame);
    }

    #[test]
    fn noise_is_never_a_panic(frame in noise()) {
        compare(&frame);
    }
}

/// The properties above would hold for frames that the judge refuses, whatever the reader does.
#[test]
fn the_frames_put_to_the_test_are_mostly_accepted() {
    let mut runner = TestRunner::deterministic();
    let mut share_accepted = |frames: BoxedStrategy<Vec<u8>>| {
        let accepted = (0..500).filter(|_| {
            let frame = frames.new_tree(&mut runner).unwrap().current();
            compare(&frame) == Verdict::Agreed
        });
        accepted.count() / 5
    };
    let well_formed = share_accepted(well_formed().boxed());
    let bitten = share_accepted(bitten().boxed());
    assert!(well_formed >= 60, "{well_formed} % of the well-formed frames");
    assert!(bitten >= 10, "{bitten} % of the bitten frames");
}
