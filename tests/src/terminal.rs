//! A person at a terminal: a pseudo-terminal, keys in, screen out.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::Env;
use crate::wait::wait_until;

/// A hull command that runs in a terminal of its own.
pub struct Terminal {
    keys: File,
    screen: Arc<Mutex<Vec<u8>>>,
    child: Child,
}

impl Terminal {
    /// Starts `hull ARGUMENTS` as the leader of a session whose terminal has these rows and columns.
    pub fn open(env: &Env, arguments: &[&str], rows: u16, columns: u16) -> Self {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&keys).expect("grantpt");
        unlockpt(&keys).expect("unlockpt");
        let name = ptsname(&keys, Vec::new())
            .expect("its name")
            .into_string()
            .expect("text");
        let tty = File::options()
            .read(true)
            .write(true)
            .open(name)
            .expect("the terminal's end");
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&tty, size).expect("its size");
        let hull = env.command(arguments);
        let mut command = Command::new("setsid");
        command
            .args(["--ctty", "--wait"])
            .arg(hull.get_program())
            .args(hull.get_args());
        command.envs(
            hull.get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        );
        command.stdin(Stdio::from(tty.try_clone().expect("dup")));
        command
            .stdout(Stdio::from(tty.try_clone().expect("dup")))
            .stderr(Stdio::from(tty));
        let child = command.spawn().expect("setsid");
        drop(command);
        Self::watch(keys, child)
    }

    fn watch(keys: OwnedFd, child: Child) -> Self {
        let keys = File::from(keys);
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut from, into) = (keys.try_clone().expect("dup"), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                into.lock()
                    .expect("the screen")
                    .extend_from_slice(&buffer[..count]);
            }
        });
        Self {
            keys,
            screen,
            child,
        }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).expect("pressing keys");
    }

    /// Changes the window's size.
    pub fn resize(&self, rows: u16, columns: u16) {
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&self.keys, size).expect("resizing");
    }

    /// Everything shown so far.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().expect("the screen")).into_owned()
    }

    /// Waits until the screen holds `text`.
    #[track_caller]
    pub fn until(&self, text: &str) {
        let shown = || self.screen().contains(text).then_some(());
        if crate::wait::within(std::time::Duration::from_secs(20), shown).is_none() {
            panic!("{text:?} was never on the screen:\n{}", self.screen());
        }
    }

    /// Waits until the command ends and answers its exit code.
    #[track_caller]
    pub fn end(&mut self) -> i32 {
        let status = wait_until("the command in the terminal ends", || {
            self.child.try_wait().expect("waiting")
        });
        status.code().unwrap_or(-1)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
