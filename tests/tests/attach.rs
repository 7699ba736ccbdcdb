//! Terminals and attaching: `run -it`, `attach`, `exec -it`, detach keys, resizing, job control.

use hull_test::terminal::Terminal;
use hull_test::{Env, require, wait_until};

#[test]
fn a_shell_in_a_terminal() {
    require!();
    let env = Env::busybox();
    let mut tty = Terminal::open(
        &env,
        &[
            "run",
            "-it",
            "--rm",
            "--name",
            "t1",
            "--network",
            "none",
            "busybox",
        ],
        30,
        100,
    );
    tty.until("# ");
    tty.press(b"tty; stty size; echo $((40 + 2))\r");
    tty.until("/dev/pts/0");
    tty.until("30 100");
    tty.until("42");
    tty.resize(40, 120);
    wait_until("the new size arrives", || {
        tty.press(b"stty size\r");
        std::thread::sleep(std::time::Duration::from_millis(100));
        tty.screen().contains("40 120").then_some(())
    });
    tty.press(b"exit 9\r");
    assert_eq!(tty.end(), 9);
    wait_until("it is gone", || {
        env.sh("ps -aq").ok().is_empty().then_some(())
    });
}

#[test]
fn control_c_goes_to_the_foreground_job() {
    require!();
    let env = Env::busybox();
    let mut tty = Terminal::open(
        &env,
        &["run", "-it", "--rm", "--network", "none", "busybox"],
        24,
        80,
    );
    tty.until("# ");
    tty.press(b"sleep 1000\r");
    std::thread::sleep(std::time::Duration::from_millis(300));
    tty.press(b"\x03");
    tty.press(b"echo st''ill here\r");
    tty.until("still here");
    tty.press(b"exit\r");
    assert_eq!(tty.end(), 0);
}

#[test]
fn detach_and_attach_again() {
    require!();
    let env = Env::busybox();
    let mut tty = Terminal::open(
        &env,
        &["run", "-it", "--name", "t1", "--network", "none", "busybox"],
        24,
        80,
    );
    tty.until("# ");
    tty.press(b"\x10\x11");
    assert_eq!(tty.end(), 0);
    assert_eq!(env.state("t1"), "running");
    let mut again = Terminal::open(&env, &["attach", "t1"], 24, 80);
    again.press(b"echo ba''ck\r");
    again.until("back");
    again.press(b"exit 4\r");
    assert_eq!(again.end(), 4);
}

#[test]
fn detach_keys_can_be_chosen() {
    require!();
    let env = Env::busybox();
    let words = [
        "run",
        "-it",
        "--name",
        "t1",
        "--detach-keys",
        "ctrl-a,d",
        "--network",
        "none",
        "busybox",
    ];
    let mut tty = Terminal::open(&env, &words, 24, 80);
    tty.until("# ");
    tty.press(b"\x01d");
    assert_eq!(tty.end(), 0);
    assert_eq!(env.state("t1"), "running");
}

#[test]
fn exec_in_a_terminal() {
    require!();
    let env = Env::busybox();
    env.sh("run -d --name c1 --network none busybox sleep 1000")
        .ok();
    let mut tty = Terminal::open(&env, &["exec", "-it", "c1", "sh"], 24, 80);
    tty.until("# ");
    tty.press(b"tty; exit 6\r");
    tty.until("/dev/pts/");
    assert_eq!(tty.end(), 6);
}

#[test]
fn attach_without_a_terminal_sees_what_comes() {
    require!();
    let env = Env::busybox();
    let script = "while read line; do echo got $line; [ $line = end ] && exit 5; done";
    env.hull([
        "run",
        "-d",
        "-i",
        "--name",
        "c1",
        "--network",
        "none",
        "busybox",
        "sh",
        "-c",
        script,
    ])
    .ok();
    let done = env.feed(["attach", "c1"], b"one\nend\n");
    assert_eq!(
        (done.code, done.out.as_str()),
        (5, "got one\ngot end\n"),
        "{done}"
    );
    env.sh("attach c1").exits(1).complains("stopped");
}

#[test]
fn a_terminal_needs_a_terminal() {
    require!();
    let env = Env::busybox();
    env.sh("run --rm -it --network none busybox true")
        .exits(1)
        .complains("not a tty");
    env.sh("run --rm -t --network none busybox tty")
        .exits(0)
        .says("/dev/pts/0");
}

#[test]
fn two_see_the_same() {
    require!();
    let env = Env::busybox();
    env.hull([
        "run",
        "-d",
        "--name",
        "c1",
        "--network",
        "none",
        "busybox",
        "sh",
        "-c",
        "sleep 1; echo news; sleep 0.3",
    ])
    .ok();
    std::thread::scope(|scope| {
        let watchers = [(); 2].map(|()| scope.spawn(|| env.sh("attach c1").out));
        for watcher in watchers {
            assert_eq!(watcher.join().expect("a watcher"), "news\n");
        }
    });
}
