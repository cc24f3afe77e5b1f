//! The conformance suite: the traits' promises as code.
//!
//! Every implementation runs all [`cases`], and a promise that no case checks is not one. A case is
//! a rule in the present tense; it gets a store and a [`Scope`] of names of its own, so that cases
//! can run side by side on one server. Where a store turns out to be wrong, a case comes first.

mod apps;
mod breaking;
mod claims;
mod commands;
mod conflicts;
mod entries;
mod faults;
mod fences;
mod hand_over;
mod hints;
mod identify;
mod intents;
mod journal;
mod lanes;
mod membership;
mod planning;
mod reassertion;
mod reports;
mod results;
mod scope;
mod sessions;
mod stored_apps;
mod transfer;
mod trimming;

use std::{future::Future, pin::Pin};

use crate::Store;

pub use scope::{Audit, Scope, append, dispatch, live, record, stream};

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One promise, checked. It panics if the promise is broken.
pub struct Case<S> {
    /// The rule.
    pub name: &'static str,
    /// Checks it on a store, with names that nobody else uses.
    pub run: fn(S, Scope) -> Running,
}

/// Lists cases of a module by the names of their functions.
macro_rules! cases_of {
    ($($module:ident :: $case:ident),+ $(,)?) => {
        vec![$(Case {
            name: concat!(stringify!($module), "::", stringify!($case)),
            run: |store, scope| Box::pin($module::$case(store, scope)),
        }),+]
    };
}

/// Every case.
#[must_use]
pub fn cases<S: Store>() -> Vec<Case<S>> {
    let mut cases = lease_cases();
    cases.extend(stream_cases());
    cases.extend(fleet_cases());
    cases
}

fn lease_cases<S: Store>() -> Vec<Case<S>> {
    cases_of![
        claims::a_shard_without_a_row_is_claimed_as_missing,
        claims::a_claim_against_a_changed_row_is_lost_and_shows_the_row,
        claims::of_many_claims_at_once_one_is_granted,
        claims::every_grant_has_a_larger_epoch,
        claims::an_epoch_is_never_below_the_stores_clock,
        claims::a_repeated_claim_returns_the_first_grant,
        claims::an_owner_may_claim_its_own_row_anew,
        claims::a_released_row_keeps_its_session,
        claims::releasing_again_changes_nothing,
        claims::rows_come_in_the_order_asked_for,
        hand_over::an_offer_is_accepted_once_and_only_by_its_target,
        hand_over::nobody_appends_while_an_offer_stands,
        hand_over::a_retracted_offer_is_gone_and_the_owner_goes_on,
        hand_over::after_the_accept_it_is_too_late_to_retract,
        hand_over::every_step_may_be_repeated,
        hand_over::an_offer_can_be_claimed_over,
        hand_over::an_offer_can_be_released,
        hand_over::a_resume_url_that_failed_is_forgotten_for_that_session_only,
        breaking::a_broken_lease_is_free_and_keeps_its_session,
        breaking::whoever_held_a_broken_lease_is_fenced_whatever_it_does,
        breaking::a_lease_on_offer_is_broken_and_nobody_accepts_it,
        breaking::only_the_lease_that_is_meant_is_broken,
        breaking::breaking_again_changes_nothing,
        reassertion::a_forgotten_row_is_written_back_and_the_stream_says_so,
        reassertion::the_later_holder_prevails_whoever_comes_first,
        reassertion::a_row_that_was_not_lost_stays_as_it_is,
        reassertion::a_forgotten_session_is_written_back_and_the_stream_says_what_it_follows,
    ]
}

fn stream_cases<S: Store>() -> Vec<Case<S>> {
    cases_of![
        entries::an_entry_is_read_as_it_was_appended,
        entries::entries_of_a_large_frame_survive,
        entries::what_the_stream_holds_is_skipped,
        entries::an_append_that_would_leave_a_gap_is_refused,
        entries::the_mark_moves_over_filtered_dispatches,
        entries::an_append_without_entries_moves_the_mark,
        entries::appends_in_one_go_are_answered_one_by_one,
        entries::a_marker_within_a_session_keeps_its_place,
        entries::shards_of_a_lane_share_its_stream,
        entries::entries_are_read_in_pieces,
        fences::only_the_owner_under_its_very_epoch_appends,
        fences::an_earlier_epoch_is_fenced_and_a_later_one_was_forgotten,
        fences::a_free_shard_takes_no_appends,
        fences::only_the_holder_begins_sessions,
        fences::only_the_holder_offers_releases_and_forgets,
        sessions::a_first_session_is_marked,
        sessions::a_new_session_names_the_one_before_and_where_it_ended,
        sessions::beginning_a_session_again_changes_nothing,
        sessions::a_session_follows_only_the_one_that_the_row_holds,
        sessions::a_session_number_is_never_below_the_stores_clock,
        sessions::an_append_of_a_dead_session_is_refused,
        trimming::an_empty_lane_has_nothing_to_trim,
        trimming::what_a_failover_can_lose_is_never_trimmed,
        faults::appends_over_a_faulty_connection_are_exact,
        faults::claims_over_a_faulty_connection_are_exact,
        faults::hints_over_a_faulty_connection_are_lost_and_never_doubled,
    ]
}

fn fleet_cases<S: Store>() -> Vec<Case<S>> {
    cases_of![
        apps::an_app_has_no_shape_before_one_is_proposed,
        apps::the_first_proposal_stands_and_everybody_is_told_it,
        apps::of_many_proposals_at_once_one_stands,
        apps::apps_do_not_share_a_shape,
        apps::all_apps_are_listed_by_name,
        stored_apps::an_app_stands_in_the_store_as_it_was_put_there,
        stored_apps::only_what_was_seen_is_replaced,
        stored_apps::an_app_that_is_put_again_is_the_same,
        stored_apps::an_app_that_is_too_large_is_refused,
        membership::a_data_set_has_one_identity,
        membership::a_beat_shows_in_the_next_poll,
        membership::a_beat_behind_the_stored_one_is_a_duplicate,
        membership::the_same_beat_again_is_no_duplicate,
        membership::a_forgotten_instance_is_gone,
        membership::presence_shows_while_it_is_held,
        membership::a_store_in_good_health_is_safe,
        planning::the_planners_lease_follows_the_rules_of_claims,
        planning::targets_are_set_and_cleared,
        planning::a_planner_that_stops_gives_its_lease_back,
        planning::only_the_planner_writes_targets,
        conflicts::a_conflict_is_read_as_it_was_written_down,
        conflicts::a_conflict_that_is_told_twice_is_the_same_by_its_id,
        intents::every_kind_of_intent_shows_in_the_next_poll,
        intents::a_later_intent_replaces_the_one_about_the_same_subject,
        intents::an_intent_that_is_repeated_is_the_same_one,
        intents::only_the_very_intent_is_taken_back,
        intents::a_forgotten_instance_need_not_drain,
        reports::the_latest_report_of_each_is_read_as_it_was_written,
        reports::only_members_report,
        reports::an_app_of_whose_consumers_nobody_has_heard_has_no_reports,
        reports::a_forgotten_instance_leaves_no_report,
        reports::a_report_that_nobody_could_read_is_refused,
        journal::what_was_noted_down_is_read_in_its_order,
        journal::the_most_recent_is_read_first,
        lanes::a_lane_of_which_nobody_has_heard_is_empty,
        lanes::a_lane_shows_its_entries_and_commands,
        lanes::a_lane_without_entries_shows_its_commands,
        lanes::a_group_of_which_nobody_has_heard_has_nothing,
        transfer::a_restored_row_is_free_and_its_session_goes_on,
        transfer::numbers_grow_over_those_of_a_store_whose_clock_was_ahead,
        transfer::restoring_again_changes_nothing,
        transfer::what_is_there_stays_and_nothing_of_the_lane_is_written,
        transfer::a_lane_with_entries_is_not_restored,
        transfer::a_restored_shard_begins_with_the_first_command,
        transfer::apps_are_not_restored_over_others,
        hints::a_hint_reaches_everybody_who_hears_and_whoever_told_it,
        hints::a_hint_is_any_bytes_up_to_its_limit,
        hints::who_falls_behind_goes_on_with_later_hints_and_hears_none_twice,
        identify::nothing_is_granted_before_the_limit_is_known,
        identify::a_bucket_is_granted_once_in_its_spacing,
        identify::buckets_do_not_wait_for_each_other,
        identify::the_reserve_is_never_granted,
        identify::within_a_window_the_lower_remainder_stands,
        identify::a_reset_starts_anew,
        commands::a_command_is_read_as_it_was_sent,
        commands::who_waits_for_a_command_is_told_of_it,
        commands::a_command_too_large_for_discord_is_refused,
        commands::a_name_for_results_that_is_too_long_is_refused,
        commands::what_all_shards_of_a_lane_have_dealt_with_is_trimmed,
        commands::commands_are_trimmed_so_many_at_a_time,
        commands::what_is_too_old_is_trimmed,
        results::a_result_is_read_as_it_was_written,
        results::only_the_last_results_are_kept,
        results::nobody_is_told_who_waits_under_no_name,
        commands::the_place_in_the_commands_moves_with_the_lease_and_never_back,
    ]
}
