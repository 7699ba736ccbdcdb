//! The tests, and the small harness that runs them against each runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use super::ends::{
    a_killed_monitor, a_panicking_monitor, a_second_monitor_is_refused, clean_signals,
    out_of_memory, restarts, sigterm,
};
use super::sessions::{exec_sessions, init};
use super::streams::{
    a_missing_command_is_reported_as_such, a_slow_foreground_client_loses_nothing,
    a_stuck_client_holds_nobody_up, a_terminal_has_the_size_asked_for, detached,
    exit_codes_and_signals_are_dockers, input_is_forwarded_and_ended,
    output_reaches_the_client_and_the_log, several_clients,
};

type Case = (&'static str, fn(Option<&str>));

const CASES: &[Case] = &[
    (
        "output_reaches_the_client_and_the_log",
        output_reaches_the_client_and_the_log,
    ),
    (
        "exit_codes_and_signals_are_dockers",
        exit_codes_and_signals_are_dockers,
    ),
    ("input_is_forwarded_and_ended", input_is_forwarded_and_ended),
    (
        "a_missing_command_is_reported_as_such",
        a_missing_command_is_reported_as_such,
    ),
    (
        "a_detached_container_is_seen_signalled_and_cleaned_up",
        detached,
    ),
    ("several_clients_see_the_same_output", several_clients),
    (
        "a_terminal_has_the_size_asked_for",
        a_terminal_has_the_size_asked_for,
    ),
    (
        "a_slow_foreground_client_loses_nothing",
        a_slow_foreground_client_loses_nothing,
    ),
    (
        "a_stuck_client_holds_nobody_up",
        a_stuck_client_holds_nobody_up,
    ),
    ("restarts_are_counted_and_stopped_by_hand", restarts),
    (
        "a_panicking_monitor_still_records_the_exit",
        a_panicking_monitor,
    ),
    (
        "a_killed_monitor_leaves_the_container_running",
        a_killed_monitor,
    ),
    ("sigterm_to_the_monitor_stops_the_container", sigterm),
    ("a_second_monitor_is_refused", a_second_monitor_is_refused),
    ("out_of_memory_is_recorded", out_of_memory),
    ("exec_sessions_have_a_monitor_of_their_own", exec_sessions),
    ("init_reaps_forwards_and_passes_the_code_on", init),
    (
        "the_container_gets_no_blocked_or_ignored_signals",
        clean_signals,
    ),
];

/// Runs the cases whose name holds the first argument.
pub(crate) fn run(arguments: &[std::ffi::OsString]) -> ExitCode {
    let wanted = arguments
        .first()
        .and_then(|text| text.to_str())
        .filter(|text| !text.starts_with('-'));
    if !Path::new("/bin/busybox").exists() || !hull_sys::process::is_root() {
        println!("skipped: needs root and /bin/busybox (busybox-static)");
        return ExitCode::SUCCESS;
    }
    let mut failed = 0;
    for runtime in [None, Some("/usr/bin/crun"), Some("/usr/sbin/runc")] {
        if runtime.is_some_and(|path| !Path::new(path).exists()) {
            continue;
        }
        for (name, case) in CASES
            .iter()
            .filter(|(name, _)| wanted.is_none_or(|part| name.contains(part)))
        {
            let begun = Instant::now();
            let result = catch_unwind(AssertUnwindSafe(|| case(runtime)));
            let verdict = if result.is_ok() { "ok" } else { "FAILED" };
            failed += usize::from(result.is_err());
            println!(
                "{name} ({}) … {verdict} {:?}",
                runtime.unwrap_or("hull"),
                begun.elapsed()
            );
        }
    }
    if failed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
