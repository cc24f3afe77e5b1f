//! The function library: put together from one file a function, and loaded where it is missing.
//!
//! Two versions of Baton share one Valkey during an upgrade. The library's name carries its
//! contract (`baton_1`), its revision grows with every change that keeps the contract: the newer
//! Baton replaces the older's, and both go on calling it. A library that no longer serves callers
//! of our revision says so, and then nothing is done at all.

use baton_store::StoreError;

/// The library's name: its contract. What cannot be kept compatible gets another name.
pub(crate) const NAME: &str = "baton_1";

/// The revision that this Baton brings. To be raised with every change of a function.
pub(crate) const REVISION: u32 = 16;

/// The oldest revision of a caller that these functions still serve.
const OLDEST_CALLER: u32 = 1;

/// How many files come first that hold what the functions share.
#[cfg(test)]
const SHARED: usize = 2;

/// The files, in the order in which they are put together.
const FILES: [&str; 42] = [
    include_str!("../functions/prelude.lua"),
    include_str!("../functions/streams.lua"),
    include_str!("../functions/append.lua"),
    include_str!("../functions/append_copied.lua"),
    include_str!("../functions/append_instead.lua"),
    include_str!("../functions/begin_session.lua"),
    include_str!("../functions/trim.lua"),
    include_str!("../functions/trimmable.lua"),
    include_str!("../functions/lane.lua"),
    include_str!("../functions/tend.lua"),
    include_str!("../functions/routed.lua"),
    include_str!("../functions/route.lua"),
    include_str!("../functions/remove_group.lua"),
    include_str!("../functions/redeliver.lua"),
    include_str!("../functions/claim.lua"),
    include_str!("../functions/offer.lua"),
    include_str!("../functions/accept.lua"),
    include_str!("../functions/retract.lua"),
    include_str!("../functions/release.lua"),
    include_str!("../functions/break_lease.lua"),
    include_str!("../functions/reassert.lua"),
    include_str!("../functions/forget_resume_url.lua"),
    include_str!("../functions/commands_done.lua"),
    include_str!("../functions/answer.lua"),
    include_str!("../functions/trim_commands.lua"),
    include_str!("../functions/beat.lua"),
    include_str!("../functions/forget.lua"),
    include_str!("../functions/poll.lua"),
    include_str!("../functions/data_set.lua"),
    include_str!("../functions/agree_app.lua"),
    include_str!("../functions/put_app.lua"),
    include_str!("../functions/restore_lane.lua"),
    include_str!("../functions/restore_apps.lua"),
    include_str!("../functions/write_targets.lua"),
    include_str!("../functions/intend.lua"),
    include_str!("../functions/withdraw.lua"),
    include_str!("../functions/report.lua"),
    include_str!("../functions/identify_take.lua"),
    include_str!("../functions/identify_learn.lua"),
    include_str!("../functions/identify_limit.lua"),
    include_str!("../functions/writable.lua"),
    include_str!("../functions/describe.lua"),
];

/// The functions by name, as they are called.
pub(crate) mod function {
    pub(crate) const APPEND: &str = "baton_1_append";
    pub(crate) const APPEND_COPIED: &str = "baton_1_append_copied";
    pub(crate) const APPEND_INSTEAD: &str = "baton_1_append_instead";
    pub(crate) const BEGIN_SESSION: &str = "baton_1_begin_session";
    pub(crate) const TRIM: &str = "baton_1_trim";
    pub(crate) const TRIMMABLE: &str = "baton_1_trimmable";
    pub(crate) const LANE: &str = "baton_1_lane";
    pub(crate) const TEND: &str = "baton_1_tend";
    pub(crate) const ROUTED: &str = "baton_1_routed";
    pub(crate) const ROUTE: &str = "baton_1_route";
    pub(crate) const REMOVE_GROUP: &str = "baton_1_remove_group";
    pub(crate) const REDELIVER: &str = "baton_1_redeliver";
    pub(crate) const CLAIM: &str = "baton_1_claim";
    pub(crate) const OFFER: &str = "baton_1_offer";
    pub(crate) const ACCEPT: &str = "baton_1_accept";
    pub(crate) const RETRACT: &str = "baton_1_retract";
    pub(crate) const RELEASE: &str = "baton_1_release";
    pub(crate) const BREAK_LEASE: &str = "baton_1_break_lease";
    pub(crate) const REASSERT: &str = "baton_1_reassert";
    pub(crate) const FORGET_RESUME_URL: &str = "baton_1_forget_resume_url";
    pub(crate) const COMMANDS_DONE: &str = "baton_1_commands_done";
    pub(crate) const ANSWER: &str = "baton_1_answer";
    pub(crate) const TRIM_COMMANDS: &str = "baton_1_trim_commands";
    pub(crate) const BEAT: &str = "baton_1_beat";
    pub(crate) const FORGET: &str = "baton_1_forget";
    pub(crate) const POLL: &str = "baton_1_poll";
    pub(crate) const DATA_SET: &str = "baton_1_data_set";
    pub(crate) const AGREE_APP: &str = "baton_1_agree_app";
    pub(crate) const PUT_APP: &str = "baton_1_put_app";
    pub(crate) const RESTORE_LANE: &str = "baton_1_restore_lane";
    pub(crate) const RESTORE_APPS: &str = "baton_1_restore_apps";
    pub(crate) const WRITE_TARGETS: &str = "baton_1_write_targets";
    pub(crate) const INTEND: &str = "baton_1_intend";
    pub(crate) const WITHDRAW: &str = "baton_1_withdraw";
    pub(crate) const REPORT: &str = "baton_1_report";
    pub(crate) const IDENTIFY_TAKE: &str = "baton_1_identify_take";
    pub(crate) const IDENTIFY_LEARN: &str = "baton_1_identify_learn";
    pub(crate) const IDENTIFY_LIMIT: &str = "baton_1_identify_limit";
    pub(crate) const WRITABLE: &str = "baton_1_writable";
    pub(crate) const DESCRIBE: &str = "baton_1_describe";
}

/// The library's source, as `FUNCTION LOAD` takes it.
pub(crate) fn source() -> String {
    source_of(REVISION, OLDEST_CALLER)
}

fn source_of(revision: u32, oldest_caller: u32) -> String {
    let body = FILES
        .join("\n")
        .replace("@REVISION@", &revision.to_string())
        .replace("@OLDEST_CALLER@", &oldest_caller.to_string());
    format!("#!lua name={NAME}\n{body}")
}

/// What to do about the library that a server holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It serves us.
    Use,
    /// It is older than ours.
    Replace,
}

/// Judges a library by what it says of itself.
pub(crate) fn judge(revision: u32, oldest_caller: u32) -> Result<Verdict, StoreError> {
    if oldest_caller > REVISION {
        let what = format!(
            "function library {NAME} in the store is revision {revision} and serves callers from \
             revision {oldest_caller}; this Baton is revision {REVISION}"
        );
        return Err(StoreError::Newer { what });
    }
    if revision < REVISION {
        return Ok(Verdict::Replace);
    }
    Ok(Verdict::Use)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_registers_one_function_of_this_library() {
        for file in &FILES[SHARED..] {
            assert_eq!(file.matches("redis.register_function(").count(), 1, "{file}");
            assert!(file.contains(&format!("'{NAME}_")), "{file}");
        }
        assert!(!source().contains('@'), "a placeholder was not filled in");
    }

    #[test]
    fn an_older_library_is_replaced_and_a_newer_one_is_used_as_long_as_it_serves_us() {
        assert_eq!(judge(REVISION - 1, 0), Ok(Verdict::Replace));
        assert_eq!(judge(REVISION, OLDEST_CALLER), Ok(Verdict::Use));
        assert_eq!(judge(REVISION + 1, REVISION), Ok(Verdict::Use));
        let error = judge(REVISION + 2, REVISION + 1).unwrap_err();
        assert!(matches!(error, StoreError::Newer { .. }));
        assert!(error.to_string().ends_with("upgrade this Baton"), "{error}");
    }
}
