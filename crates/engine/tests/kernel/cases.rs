//! The cases.

use std::process::ExitCode;

use hull_engine::container::create::CreateRequest;
use hull_engine::container::exec::ExecRequest;
use hull_engine::container::list::ListRequest;
use hull_engine::container::logs::LogsRequest;
use hull_engine::container::remove::RemoveRequest;
use hull_engine::container::start::StartRequest;
use hull_engine::container::stop::StopRequest;
use hull_engine::container::wait::WaitCondition;
use hull_model::container::config::ContainerConfig;

use super::place::{Place, all_output, drain, read_until, shell};

type Case = (&'static str, fn());

const CASES: &[Case] = &[
    ("runs_and_forgets", runs_and_forgets),
    ("keeps_logs_and_exit", keeps_logs_and_exit),
    (
        "starts_stops_and_starts_again",
        starts_stops_and_starts_again,
    ),
    ("pauses_and_executes", pauses_and_executes),
    ("refuses_in_dockers_words", refuses_in_dockers_words),
    ("waits_and_kills", waits_and_kills),
    ("a_command_that_is_not_there", a_command_that_is_not_there),
    ("many_at_once", many_at_once),
];

pub(crate) fn run(words: &[String]) -> ExitCode {
    if !rustix_is_root() {
        println!("skipped: needs root");
        return ExitCode::SUCCESS;
    }
    let wanted = words.iter().find(|word| !word.starts_with('-'));
    let mut failed = 0;
    let mut passed = 0;
    for (name, case) in CASES {
        if wanted.is_some_and(|wanted| !name.contains(wanted.as_str())) {
            continue;
        }
        match std::panic::catch_unwind(case) {
            Ok(()) => {
                passed += 1;
                println!("test {name} ... ok");
            }
            Err(_) => {
                failed += 1;
                println!("test {name} ... FAILED");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn rustix_is_root() -> bool {
    hull_sys::process::is_root()
}

fn runs_and_forgets() {
    let place = Place::new();
    let config = ContainerConfig {
        auto_remove: true,
        ..shell("echo out; echo err >&2; exit 3")
    };
    let ran = place.run(config);
    assert_eq!(
        (ran.exit.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (3, "out\n", "err\n")
    );
    place.assert_clean(&[]);
    let all = ListRequest {
        all: true,
        ..ListRequest::default()
    };
    assert!(place.engine.containers().list(&all).unwrap().is_empty());
}

fn keeps_logs_and_exit() {
    let place = Place::new();
    let ran = place.run(shell("id -u; hostname; pwd; echo $HOME; exit 4"));
    assert_eq!(ran.exit.code, 4);
    let all = ListRequest {
        all: true,
        ..ListRequest::default()
    };
    let listed = place.another().containers().list(&all).unwrap();
    assert_eq!(listed.len(), 1);
    assert!(
        listed[0].status.starts_with("Exited (4)"),
        "{}",
        listed[0].status
    );
    let id = listed[0].id.to_string();
    assert_eq!(
        ran.stdout,
        format!("0\n{}\n/\n/root\n", listed[0].id.short())
    );
    place.wait_empty("run/containers");
    let mut logs = place
        .engine
        .containers()
        .logs(&id, LogsRequest::default())
        .unwrap();
    let mut text = String::new();
    while let Some(line) = logs.next_line().unwrap() {
        text.push_str(&line.log);
    }
    assert_eq!(text, ran.stdout);
    let document = place.engine.containers().inspect(&id, true).unwrap();
    assert_eq!(document["State"]["ExitCode"], 4);
    assert_eq!(document["Config"]["Image"], "busybox");
    place
        .engine
        .containers()
        .remove(&id, RemoveRequest::default())
        .unwrap();
    place.assert_clean(&[id]);
}

fn starts_stops_and_starts_again() {
    let place = Place::new();
    let line = "trap 'exit 7' TERM; echo begun >> /kept; cat /kept; while :; do sleep 0.01; done";
    let id = place.detached("web", shell(line));
    assert_eq!(place.status("web"), "running");
    place.wait_for_output("web", "begun");
    let containers = place.engine.containers();
    containers.stop("web", &StopRequest::default()).unwrap();
    let document = containers.inspect("web", false).unwrap();
    assert_eq!(document["State"]["Status"], "exited");
    assert_eq!(document["State"]["ExitCode"], 7);
    let connect = StartRequest {
        attach: all_output(),
        console_size: None,
    };
    let mut started = containers.start("web", connect).unwrap();
    assert!(!started.already);
    assert!(
        containers
            .start("web", StartRequest::default())
            .unwrap()
            .already
    );
    let mut session = started.session.take().unwrap();
    read_until(
        &mut session,
        "begun
begun
",
    );
    containers
        .restart(
            "web",
            &StopRequest {
                signal: None,
                timeout: Some(1),
            },
        )
        .unwrap();
    // The session is on the life that ended with the restart.
    assert_eq!(drain(&mut session).exit.code, 7);
    assert_eq!(place.status("web"), "running");
    containers
        .remove(
            "web",
            RemoveRequest {
                force: true,
                volumes: false,
            },
        )
        .unwrap();
    place.assert_clean(&[id]);
}

fn pauses_and_executes() {
    let place = Place::new();
    let id = place.detached("web", shell("exec sleep 1000"));
    let containers = place.engine.containers();
    let exec = |line: &str, user: Option<&str>| ExecRequest {
        command: vec!["sh".into(), "-c".into(), line.into()],
        user: user.map(Into::into),
        env: vec!["A=b".into()],
        attach: all_output(),
        ..ExecRequest::default()
    };
    let mut executed = containers
        .exec("web", exec("echo $A $(id -u); exit 5", Some("7")))
        .unwrap();
    let ran = drain(executed.session.as_mut().unwrap());
    assert_eq!((ran.exit.code, ran.stdout.as_str()), (5, "b 7\n"));
    containers.finish_exec(&executed, &ran.exit).unwrap();
    containers.pause("web").unwrap();
    assert_eq!(place.status("web"), "paused");
    let words = |error: hull_engine::Error| error.to_string();
    assert_eq!(
        words(containers.exec("web", exec("true", None)).unwrap_err()),
        format!("Container {id} is paused, unpause the container before exec")
    );
    assert_eq!(
        words(containers.pause("web").unwrap_err()),
        format!("Container {id} is already paused")
    );
    containers.unpause("web").unwrap();
    assert_eq!(place.status("web"), "running");
    let top = containers.top("web", &[]).unwrap();
    assert_eq!(top.processes.len(), 1);
    assert_eq!(top.processes[0][7], "sleep 1000");
    containers.pause("web").unwrap();
    containers
        .remove(
            "web",
            RemoveRequest {
                force: true,
                volumes: false,
            },
        )
        .unwrap();
    place.assert_clean(&[id]);
}

fn refuses_in_dockers_words() {
    let place = Place::new();
    let id = place.detached("web", shell("exec sleep 1000"));
    let containers = place.engine.containers();
    let request = CreateRequest {
        config: shell("true"),
        name: Some("web".into()),
        ..CreateRequest::default()
    };
    let words = |error: hull_engine::Error| error.to_string();
    assert_eq!(
        words(containers.create(request).unwrap_err()),
        format!(
            "Conflict. The container name \"/web\" is already in use by container \"{id}\". \
             You have to remove (or rename) that container to be able to reuse that name."
        )
    );
    assert_eq!(
        words(
            containers
                .remove("web", RemoveRequest::default())
                .unwrap_err()
        ),
        "cannot remove container \"/web\": container is running: \
         stop the container before removing or force remove"
    );
    assert_eq!(
        words(containers.pause("none").unwrap_err()),
        "No such container: none"
    );
    containers.kill("web", None).unwrap();
    assert_eq!(
        words(containers.kill("web", None).unwrap_err()),
        format!("cannot kill container: web: container {id} is not running")
    );
    let missing = CreateRequest {
        config: ContainerConfig {
            image: "nothing".into(),
            ..shell("true")
        },
        ..CreateRequest::default()
    };
    assert_eq!(
        words(containers.create(missing).unwrap_err()),
        "Unable to find image 'nothing:latest' locally"
    );
}

fn waits_and_kills() {
    let place = Place::new();
    place.detached("web", shell("exec sleep 1000"));
    let other = place.another();
    let waiter = std::thread::scope(|scope| {
        let waiter = scope.spawn(move || {
            other
                .containers()
                .wait("web", WaitCondition::NotRunning)
                .unwrap()
                .code
        });
        place.engine.containers().kill("web", Some("TERM")).unwrap();
        place.engine.containers().kill("web", Some("KILL")).unwrap();
        waiter.join().unwrap()
    });
    assert!(waiter == 137 || waiter == 143, "{waiter}");
    let again = place
        .engine
        .containers()
        .wait("web", WaitCondition::NotRunning)
        .unwrap();
    assert_eq!(again.code, waiter);
}

fn a_command_that_is_not_there() {
    let place = Place::new();
    let config = ContainerConfig {
        cmd: Some(vec!["nowhere".into()]),
        ..shell("")
    };
    let request = CreateRequest {
        config,
        name: Some("bad".into()),
        ..CreateRequest::default()
    };
    let connect = StartRequest::default();
    let error = place
        .engine
        .containers()
        .run(request, connect, &mut |_| {})
        .unwrap_err();
    assert_eq!(error.exit_code(), 127, "{error}");
    assert_eq!(place.status("bad"), "created");
    let document = place.engine.containers().inspect("bad", false).unwrap();
    assert_eq!(document["State"]["ExitCode"], 127);
    let id = document["Id"].as_str().unwrap().to_owned();
    place
        .engine
        .containers()
        .remove("bad", RemoveRequest::default())
        .unwrap();
    place.assert_clean(&[id]);
}

fn many_at_once() {
    let place = Place::new();
    const EACH: u32 = 25;
    // Threads of one process are told apart by nothing when they make the first shared layer.
    place.run(ContainerConfig {
        auto_remove: true,
        ..shell("true")
    });
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|worker| {
                let engine = place.another();
                scope.spawn(move || worker_runs(&engine, worker, EACH))
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    assert!(failures.is_empty(), "{failures:?}");
    place.assert_clean(&[]);
}

fn worker_runs(engine: &hull_engine::Engine, worker: u32, runs: u32) -> Vec<String> {
    let mut failures = Vec::new();
    for number in 0..runs {
        let line = format!("echo {worker}.{number}");
        let request = CreateRequest {
            config: ContainerConfig {
                auto_remove: true,
                ..shell(&line)
            },
            ..CreateRequest::default()
        };
        let connect = StartRequest {
            attach: all_output(),
            console_size: None,
        };
        match engine.containers().run(request, connect, &mut |_| {}) {
            Ok(mut started) => {
                let mut session = started.session.take().unwrap();
                let ran = drain(&mut session);
                engine.containers().finish(&started.id, session).unwrap();
                if ran.stdout != format!("{worker}.{number}\n") {
                    failures.push(format!("{line}: {ran:?}"));
                }
            }
            Err(error) => failures.push(hull_error::Report::new(&error).to_string()),
        }
    }
    failures
}
