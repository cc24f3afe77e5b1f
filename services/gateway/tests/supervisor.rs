//! The supervisor: whom a decision of the fleet is about, and what a shard's word means for it.

mod desk;

use baton_fleet::{Hint, PermitAnswer, RequestId, Sweep};
use baton_gateway::supervisor::{Ask, Errand, Input, Output, Remark, Report};
use baton_model::{Epoch, Expected, Holding, InstanceId, LeaseRow, OfferId, SessionRow};
use baton_shard::{Input as ShardInput, Notice, Refusal, SocketId};
use baton_store::What;

use desk::{Desk, ME, OTHER, identity, row, session, shard};

fn plain(input: ShardInput) -> Errand {
    Errand::Input(input)
}

fn claim(epoch: u64, holder: Option<InstanceId>) -> Errand {
    plain(ShardInput::Claim { expected: Expected { holder, epoch: Epoch(epoch) } })
}

fn look_at(row: &LeaseRow) -> Errand {
    plain(ShardInput::Row(row.clone()))
}

#[test]
fn a_new_task_learns_first_what_all_others_know() {
    let mut desk = Desk::claiming();
    assert_eq!(desk.errands(0), [plain(ShardInput::LeaseConfirmed), claim(50, Some(OTHER))]);
    desk.say(Input::Halt(shard(0).app));
    assert_eq!(desk.errands(0), [plain(ShardInput::Halt)]);

    let mut halted = Desk::up();
    halted.say(Input::Halt(shard(0).app));
    halted.rows.insert(shard(0), row(50, Holding::Owned { owner: ME }));
    halted.pass(61_000);
    let first: Vec<_> = halted.errands(0).into_iter().take(2).collect();
    assert_eq!(first, [plain(ShardInput::LeaseConfirmed), plain(ShardInput::Halt)]);
}

#[test]
fn a_row_that_names_this_instance_is_never_ignored() {
    let offer = OfferId(3);
    for holding in [
        Holding::Owned { owner: ME },
        Holding::Offered { owner: ME, to: OTHER, offer },
        Holding::Offered { owner: OTHER, to: ME, offer },
    ] {
        let mut desk = Desk::up();
        let named = row(70, holding);
        desk.rows.insert(shard(1), named.clone());
        desk.pass(61_000);
        let errands = desk.errands(1);
        assert!(errands.contains(&look_at(&named)), "{holding:?}: {errands:?}");
    }
}

#[test]
fn a_row_read_before_the_lease_ended_is_no_news() {
    let mut desk = Desk::holding();
    let sweep = Sweep { store: identity(), rows: desk.rows.clone() };
    desk.notice(0, Notice::Released { epoch: Epoch(60) });
    desk.errands(0);
    // Asked for before, answered after.
    desk.say(Input::Swept(RequestId(u64::MAX), sweep));
    assert_eq!(desk.errands(0), []);
    // The row says so still: then the store has fallen back, and the shard must know.
    desk.pass(61_000);
    assert!(!desk.errands(0).is_empty());
}

#[test]
fn a_task_at_rest_is_dismissed_unless_an_errand_is_on_its_way_to_it() {
    let mut desk = Desk::claiming();
    let sent = desk.errands(0).len() as u64;
    desk.revive_the_other();
    desk.pass(5_000);
    desk.notice(0, Notice::NotOurs);
    desk.report(0, Report::AtRest { errands: sent - 1 });
    assert!(!desk.was_dismissed(0), "it has not read everything");
    desk.report(0, Report::AtRest { errands: sent });
    assert!(desk.was_dismissed(0));

    let mut holding = Desk::holding();
    for errands in 0..10 {
        holding.report(0, Report::AtRest { errands });
    }
    assert!(!holding.was_dismissed(0), "it holds a lease");
}

#[test]
fn a_permit_goes_to_the_socket_that_waits_for_it_now_and_to_no_other() {
    let mut desk = Desk::holding();
    desk.report(0, Report::PermitWanted(SocketId(1)));
    desk.report(0, Report::PermitWithdrawn);
    desk.report(0, Report::PermitWanted(SocketId(2)));
    let permit = baton_fleet::Input::Permit(desk.permit_request(), PermitAnswer::Granted);
    desk.say(Input::Fleet(Box::new(permit)));
    match desk.errands(0).as_slice() {
        [Errand::Permit { socket: SocketId(2), use_before }] => assert!(*use_before > desk.now),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_claim_that_the_shard_refuses_is_not_waited_for() {
    for refusal in [Refusal::Unconfirmed, Refusal::AlreadyOurs] {
        let mut desk = Desk::claiming();
        assert_eq!(desk.errands(0).last(), Some(&claim(50, Some(OTHER))));
        desk.notice(0, Notice::Refused(refusal));
        desk.pass(10_000);
        assert_eq!(
            desk.errands(0).last(),
            Some(&claim(50, Some(OTHER))),
            "claimed again: {refusal:?}"
        );
    }
}

#[test]
fn a_hand_over_that_the_shard_refuses_is_not_waited_for() {
    let mut desk = Desk::holding();
    for attempt in 0..2 {
        desk.targets.insert(shard(0), OTHER);
        desk.pass(10_000);
        let hand_over = plain(ShardInput::HandOver { to: OTHER });
        assert_eq!(desk.errands(0), [hand_over], "attempt {attempt}");
        desk.notice(0, Notice::Refused(Refusal::Busy));
    }
}

#[test]
fn a_lease_that_is_found_again_is_not_noted_down_as_taken() {
    let taken = |desk: &Desk| {
        let is_taken = |output: &&Output| {
            matches!(output, Output::Remark(Remark::Happened(What::Took { .. })))
        };
        desk.outputs.iter().filter(is_taken).count()
    };
    let mut desk = Desk::holding();
    desk.notice(0, Notice::Ours { epoch: Epoch(60) });
    assert_eq!(taken(&desk), 0, "it is the one that was held");
    desk.say(Input::Restarted(shard(0)));
    desk.notice(0, Notice::Ours { epoch: Epoch(61) });
    assert_eq!(taken(&desk), 0, "its task was started afresh, and has it again");
    desk.notice(0, Notice::Ours { epoch: Epoch(62) });
    assert_eq!(taken(&desk), 1, "nobody here held that one");
}

#[test]
fn a_task_that_was_started_afresh_claims_under_a_new_epoch() {
    let mut desk = Desk::holding();
    desk.say(Input::Restarted(shard(0)));
    assert_eq!(desk.errands(0), [plain(ShardInput::LeaseConfirmed), claim(60, Some(ME))]);
    desk.notice(0, Notice::Ours { epoch: Epoch(61) });
    desk.rows.insert(shard(0), row(61, Holding::Owned { owner: ME }));
    desk.pass(61_000);
    assert_eq!(desk.errands(0), [], "nobody claims or releases what it holds again");
}

#[test]
fn a_shard_that_is_to_come_is_warmed_awaited_and_its_offer_accepted() {
    let mut desk = Desk::up();
    desk.targets.insert(shard(1), ME);
    desk.pass(1_100);
    let warm = plain(ShardInput::Warm(session()));
    assert_eq!(desk.errands(1), [plain(ShardInput::LeaseConfirmed), warm]);
    let warmed = Output::Tell(Hint::Warmed { shard: shard(1), by: ME });
    assert!(!desk.outputs.contains(&warmed), "not yet");
    desk.notice(1, Notice::Warm);
    assert!(desk.outputs.contains(&warmed));
    let offered = row(50, Holding::Offered { owner: OTHER, to: ME, offer: OfferId(1) });
    desk.rows.insert(shard(1), offered.clone());
    // Nobody says so: it is looked for.
    desk.pass(100);
    assert_eq!(desk.errands(1), [look_at(&offered)]);
    // Said, it is looked at at once, by whom it concerns.
    desk.say(Input::Hint(Hint::Offered { shard: shard(1), to: OTHER }));
    assert_eq!(desk.errands(1), []);
    desk.say(Input::Hint(Hint::Offered { shard: shard(1), to: ME }));
    assert_eq!(desk.errands(1), [look_at(&offered)]);
}

#[test]
fn who_cannot_connect_says_so_after_it_has_tried_discords_own_door() {
    let mut desk = Desk::up();
    let resumable =
        SessionRow { resume_url: Some("wss://gone.discord.gg".parse().unwrap()), ..session() };
    let owned =
        LeaseRow { session: Some(resumable.clone()), ..row(50, Holding::Owned { owner: OTHER }) };
    desk.rows.insert(shard(1), owned);
    desk.targets.insert(shard(1), ME);
    let warm = |session| plain(ShardInput::Warm(session));
    let mut errands = Vec::new();
    while errands.is_empty() {
        desk.pass(50);
        errands = desk.errands(1);
    }
    assert_eq!(errands, [plain(ShardInput::LeaseConfirmed), warm(resumable)]);
    desk.notice(1, Notice::Cold);
    assert_eq!(desk.errands(1), [warm(session())]);
    let not_warmed = Output::Tell(Hint::NotWarmed { shard: shard(1), by: ME });
    assert!(!desk.outputs.contains(&not_warmed), "not yet");
    desk.notice(1, Notice::Cold);
    assert!(desk.outputs.contains(&not_warmed));
    assert_eq!(desk.errands(1), []);
}

#[test]
fn who_learns_too_late_that_it_cannot_connect_says_so_at_once() {
    let mut desk = Desk::up();
    let resume_url = Some("wss://gone.discord.gg".parse().unwrap());
    let resumable = SessionRow { resume_url, ..session() };
    let owned = row(50, Holding::Owned { owner: OTHER });
    desk.rows.insert(shard(1), LeaseRow { session: Some(resumable), ..owned });
    desk.targets.insert(shard(1), ME);
    let mut errands = Vec::new();
    while errands.is_empty() {
        desk.pass(50);
        errands = desk.errands(1);
    }
    desk.pass(500);
    desk.notice(1, Notice::Cold);
    let not_warmed = Output::Tell(Hint::NotWarmed { shard: shard(1), by: ME });
    assert!(desk.outputs.contains(&not_warmed), "the source waits for the word");
    assert_eq!(desk.errands(1), []);
}

#[test]
fn a_warm_socket_that_is_lost_later_does_not_stop_the_offer() {
    let mut desk = Desk::up();
    desk.targets.insert(shard(1), ME);
    desk.pass(1_100);
    desk.notice(1, Notice::Warm);
    desk.notice(1, Notice::Cold);
    let not_warmed = Output::Tell(Hint::NotWarmed { shard: shard(1), by: ME });
    assert!(!desk.outputs.contains(&not_warmed));
}

#[test]
fn what_is_not_to_come_any_more_lets_its_socket_go() {
    let mut desk = Desk::up();
    desk.targets.insert(shard(1), ME);
    desk.pass(1_100);
    desk.errands(1);
    desk.targets.clear();
    desk.pass(1_100);
    assert_eq!(desk.errands(1).first(), Some(&plain(ShardInput::Release)));
}

#[test]
fn one_shard_finds_out_whether_discord_accepts_the_app_again() {
    let mut desk = Desk::holding();
    desk.notice(1, Notice::Ours { epoch: Epoch(60) });
    desk.outputs.clear();
    desk.say(Input::Halt(shard(0).app));
    let halt = [plain(ShardInput::Halt)];
    assert_eq!((desk.errands(0).as_slice(), desk.errands(1).as_slice()), (&halt[..], &halt[..]));
    desk.say(Input::Probe(shard(0).app));
    let probes = [desk.errands(0), desk.errands(1)].concat();
    assert_eq!(probes, [plain(ShardInput::Restart)]);
    desk.say(Input::Resume(shard(0).app));
    assert_eq!(desk.errands(1), [plain(ShardInput::Restart)]);
}

#[test]
fn a_permit_is_asked_for_once_more_where_nobody_waited_for_the_last() {
    let mut desk = Desk::holding();
    desk.report(0, Report::PermitWanted(SocketId(1)));
    let request = desk.permit_request();
    desk.report(0, Report::PermitWithdrawn);
    let permit = baton_fleet::Input::Permit(request, PermitAnswer::Granted);
    desk.say(Input::Fleet(Box::new(permit)));
    assert_eq!(desk.errands(0), []);
    let asked = |output: &Output| matches!(output, Output::Ask(Ask::TakePermit { .. }));
    assert!(!desk.outputs.iter().any(asked), "nobody waits");
}

#[test]
fn an_app_that_is_to_run_no_more_is_not_taken_and_ends_when_all_others_know() {
    let mut desk = Desk::holding();
    let app = shard(0).app;
    desk.say(Input::Retire(app.clone()));
    desk.rows.insert(shard(1), row(70, Holding::Free));
    desk.pass(5_000);
    assert_eq!((desk.errands(0), desk.errands(1)), (vec![], vec![]), "others may not know yet");
    desk.pass(2_000);
    let ending = [plain(ShardInput::NewSession), plain(ShardInput::Release)];
    assert_eq!(desk.errands(0), ending);
    assert_eq!(desk.errands(1), [plain(ShardInput::Release)], "its claim was on its way");

    desk.notice(0, Notice::Released { epoch: Epoch(60) });
    desk.rows.insert(shard(0), row(60, Holding::Free));
    let sweeps = desk.sweeps;
    desk.pass(40_000);
    assert_eq!(desk.errands(0), [], "nobody takes it again");
    assert!(desk.sweeps <= sweeps + 2, "what is not to be taken is no reason to look");
    let retired = Output::Remark(Remark::Retired { app: app.clone() });
    assert!(!desk.outputs.contains(&retired), "its task has not ended");
    desk.notice(1, Notice::NotOurs);
    for errands in 0..10 {
        desk.report(0, Report::AtRest { errands });
        desk.report(1, Report::AtRest { errands });
    }
    assert!(desk.was_dismissed(0) && desk.outputs.contains(&retired));
    desk.outputs.clear();
    desk.say(Input::Retire(app));
    assert!(desk.outputs.contains(&retired), "where it does not run there is nothing to wait for");
}

#[test]
fn a_claim_that_is_granted_when_its_app_ends_is_given_back() {
    let mut desk = Desk::claiming();
    desk.revive_the_other();
    desk.errands(0);
    desk.say(Input::Retire(shard(0).app));
    desk.pass(7_000);
    assert_eq!(desk.errands(0), [plain(ShardInput::Release)], "whatever comes of the claim");
}
