//! The loop of a monitor: one `poll` over the task, its streams, its clients and signals.
//!
//! Leaves what an exit leads to to `life`. Invariant: what is polled is worked out anew from the state
//! at every turn, and nothing in a turn waits, so no client and no log can hold up another.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use hull_sys::pidfd::{self, Exit};
use hull_sys::poll::{Interest, Ready, poll};
use hull_sys::seqpacket;
use hull_sys::signal::{Signals, number};

use crate::client::Streams as Wanted;
use crate::clock;
use crate::error::{Error, call};
use crate::log::json_file::JsonFile;
use crate::peer::Peer;
use crate::protocol::frame::MAX;
use crate::protocol::{Frame, Launch, Reply, Request, StateRecord, Status, Task, VERSION};
use crate::restart::Restart;
use crate::stdio::Streams;
use crate::workload::Workload;

/// A monitor at work.
#[derive(Debug)]
pub(crate) struct Monitor {
    pub(crate) run_dir: PathBuf,
    pub(crate) launch: Launch,
    pub(crate) state: StateRecord,
    pub(crate) restart: Restart,
    /// Held for the monitor's whole life, see [`crate::facts`].
    pub(crate) lock: Option<File>,
    pub(crate) listener: Option<OwnedFd>,
    pub(crate) signals: Signals,
    pub(crate) peers: Vec<Peer>,
    pub(crate) streams: Streams,
    pub(crate) log: Option<JsonFile>,
    pub(crate) workload: Option<Workload>,
    /// How the present process ended, until that is dealt with.
    pub(crate) exit: Option<Exit>,
    /// The launching client takes over what `system reap` would do.
    pub(crate) reaped: bool,
    /// Nothing happened for a while: what can wait is set up, what is not needed was given back.
    pub(crate) settled: bool,
    /// The first session with standard input came; it alone may end it with `stdin_once`.
    pub(crate) stdin_taken: bool,
    pub(crate) buffer: Vec<u8>,
}

/// What a polled descriptor is.
#[derive(Debug, Clone, Copy)]
enum Source {
    Process,
    Listener,
    Signals,
    OutOfMemory,
    Input,
    Output(usize),
    Peer(usize),
}

impl Monitor {
    /// Waits at most `limit` for something to happen and deals with it.
    pub(crate) fn turn(&mut self, limit: Option<Duration>) -> Result<(), Error> {
        let (sources, interests): (Vec<Source>, Vec<Interest<'_>>) =
            self.interests().into_iter().unzip();
        let ready = poll(&interests, limit).map_err(call("wait for events"))?;
        for (source, ready) in sources.into_iter().zip(ready) {
            if ready.any() {
                self.dispatch(source, ready)?;
            }
        }
        self.sweep();
        Ok(())
    }

    fn interests(&self) -> Vec<(Source, Interest<'_>)> {
        let read = Interest::read;
        let mut all = vec![(Source::Signals, read(self.signals.as_fd()))];
        if let Some(listener) = &self.listener {
            all.push((Source::Listener, read(listener.as_fd())));
        }
        if let Some(workload) = self.workload.as_ref().filter(|_| self.exit.is_none()) {
            all.push((Source::Process, read(workload.pidfd.as_fd())));
            let memory = workload.out_of_memory();
            all.extend(memory.map(|interest| (Source::OutOfMemory, interest)));
        }
        if !self.peers.iter().any(Peer::holds_back) {
            let open = self
                .streams
                .outputs
                .iter()
                .enumerate()
                .filter(|(_, one)| !one.ended);
            all.extend(open.map(|(at, output)| (Source::Output(at), read(output.as_fd()))));
        }
        if let Some(fd) = self.streams.waiting_input() {
            all.push((Source::Input, Interest::write(fd)));
        }
        let full = self.streams.input_is_full();
        for (at, peer) in self.peers.iter().enumerate() {
            all.extend(
                peer.interest(full)
                    .map(|interest| (Source::Peer(at), interest)),
            );
        }
        all
    }

    fn dispatch(&mut self, source: Source, ready: Ready) -> Result<(), Error> {
        match source {
            Source::Process => self.take_exit()?,
            Source::Listener => self.accept(),
            Source::Signals => self.take_signals()?,
            Source::OutOfMemory => self.note_out_of_memory(),
            Source::Input => self.streams.push_input(),
            Source::Output(at) => drop(self.relay(at)),
            Source::Peer(at) => self.serve(at, ready),
        }
        Ok(())
    }

    fn take_exit(&mut self) -> Result<(), Error> {
        if let Some(workload) = &self.workload {
            let step = call("wait for the container's first process");
            self.exit = pidfd::try_wait(&workload.pidfd).map_err(step)?;
        }
        Ok(())
    }

    fn accept(&mut self) {
        let Some(listener) = &self.listener else {
            return;
        };
        // A client that already left, or no descriptors left: nobody to tell.
        if let Ok(Some(socket)) = seqpacket::accept(listener) {
            self.peers.push(Peer::new(socket));
        }
    }

    fn take_signals(&mut self) -> Result<(), Error> {
        let step = "read a signal";
        while let Some(signal) = self.signals.next_signal().map_err(call(step))? {
            match signal {
                number::CHILD => {
                    let kept = self.workload.as_ref().map(|workload| workload.pid);
                    pidfd::reap_others(kept.unwrap_or_default());
                }
                number::TERM => self.stop_task(),
                _ => {}
            }
        }
        Ok(())
    }

    /// The monitor was told to terminate: it asks the task to, and goes when the task is gone.
    fn stop_task(&mut self) {
        self.restart.stop();
        let signal = match &self.launch.task {
            Task::Container(task) => task.stop_signal.unwrap_or(number::TERM),
            Task::Exec(_) => number::TERM,
        };
        if let Some(workload) = &self.workload {
            // It may have ended meanwhile; the loop will see that.
            workload.signal(signal).ok();
        }
    }

    fn note_out_of_memory(&mut self) {
        if self
            .workload
            .as_mut()
            .is_some_and(Workload::count_out_of_memory)
        {
            self.note("oom", None);
        }
    }

    /// Takes what output `at` has to say to the log and the clients; whether there was anything.
    pub(crate) fn relay(&mut self, at: usize) -> bool {
        let mut relayed = false;
        let mut buffer = self.take_buffer();
        if let Some(output) = self.streams.outputs.get_mut(at)
            && let Some((kind, payload)) = buffer.split_first_mut()
            && let Some(length) = output.read(payload)
        {
            relayed = true;
            let stream = output.stream;
            *kind = stream.kind();
            if let Some(log) = self.log.as_mut() {
                log.push(
                    stream,
                    payload.get(..length).unwrap_or_default(),
                    clock::now(),
                );
            }
            let frame = buffer.get(..=length).unwrap_or_default();
            self.peers
                .iter_mut()
                .for_each(|peer| peer.output(stream, frame));
        }
        self.buffer = buffer;
        relayed
    }

    /// The buffer of this turn; kept until the monitor settles again.
    fn take_buffer(&mut self) -> Vec<u8> {
        let buffer = std::mem::take(&mut self.buffer);
        if !buffer.is_empty() {
            return buffer;
        }
        self.settled = false;
        vec![0; MAX]
    }

    fn serve(&mut self, at: usize, ready: Ready) {
        let mut buffer = self.take_buffer();
        if let Some(peer) = self.peers.get_mut(at) {
            if ready.write {
                peer.flush();
            }
            let length = if ready.read || ready.hang_up {
                peer.receive(&mut buffer)
            } else {
                None
            };
            if let Some(length) = length {
                self.hear(at, buffer.get(..length).unwrap_or_default());
            }
        }
        self.buffer = buffer;
    }

    fn hear(&mut self, at: usize, message: &[u8]) {
        let error = match Frame::decode(message) {
            Ok(Frame::Request(request)) => return self.answer(at, request),
            Ok(Frame::Stdin(bytes)) if self.sends_input(at) => return self.streams.feed(bytes),
            Ok(Frame::StdinEnd) if self.sends_input(at) => return self.end_input_of(at),
            // What is typed after the task closed its input is lost, as in any pipe.
            Ok(Frame::Stdin(_) | Frame::StdinEnd) => return,
            Ok(_) => "only a monitor sends such a frame".to_owned(),
            Err(error) => error.to_string(),
        };
        self.reply(at, Some(error), None);
    }

    fn sends_input(&self, at: usize) -> bool {
        self.peers.get(at).is_some_and(|peer| peer.streams.stdin)
    }

    fn end_input_of(&mut self, at: usize) {
        let Some(peer) = self.peers.get_mut(at) else {
            return;
        };
        let owns_input = std::mem::take(&mut peer.owns_input);
        if owns_input {
            self.streams.end_input();
        }
    }

    fn answer(&mut self, at: usize, request: Request) {
        let mut error = None;
        match request {
            Request::Status => {
                let status = self.status();
                return self.reply(at, None, Some(status));
            }
            Request::Attach {
                stdin,
                stdout,
                stderr,
                lossless,
            } => {
                self.attach(
                    at,
                    Wanted {
                        stdin,
                        stdout,
                        stderr,
                        lossless,
                    },
                );
            }
            Request::Wait => {
                if let Some(peer) = self.peers.get_mut(at) {
                    peer.told_exit = true;
                }
            }
            Request::Resize { size } => {
                error = self
                    .streams
                    .resize(size)
                    .err()
                    .map(|cause| cause.to_string());
            }
            Request::Signal { signal } => error = self.signal(signal),
            Request::StopRestarting => self.restart.stop(),
            Request::Update { restart } => self.restart.update(restart),
            Request::Reaped => {
                self.reaped |= self.peers.get(at).is_some_and(|peer| peer.launched_us);
                return;
            }
        }
        self.reply(at, error, None);
    }

    /// Lets client `at` take part in the task's streams.
    pub(crate) fn attach(&mut self, at: usize, wanted: Wanted) {
        let Some(peer) = self.peers.get_mut(at) else {
            return;
        };
        peer.attach(wanted);
        if wanted.stdin && self.launch.stdin_once && !self.stdin_taken {
            self.stdin_taken = true;
            peer.owns_input = true;
        }
    }

    fn signal(&self, signal: i32) -> Option<String> {
        match self.workload.as_ref().filter(|_| self.exit.is_none()) {
            Some(workload) => workload.signal(signal).err().map(|cause| cause.to_string()),
            None => Some("it does not run".to_owned()),
        }
    }

    fn status(&self) -> Status {
        let attached = self
            .peers
            .iter()
            .filter(|peer| peer.streams != Wanted::default());
        Status {
            version: VERSION,
            id: self.launch.id.clone(),
            state: self.state.clone(),
            sessions: u32::try_from(attached.count()).unwrap_or(u32::MAX),
            log_dropped: self.log.as_ref().map_or(0, JsonFile::dropped),
            restart_stopped: self.restart.is_stopped(),
        }
    }

    fn reply(&mut self, at: usize, error: Option<String>, status: Option<Status>) {
        if let Some(peer) = self.peers.get_mut(at) {
            peer.send(&Frame::Reply(Reply {
                version: VERSION,
                error,
                status,
            }));
        }
    }

    /// Forgets the clients that are gone; the one whose input was the task's may end it.
    fn sweep(&mut self) {
        let ends_input = self
            .peers
            .iter()
            .any(|peer| peer.is_gone() && peer.owns_input);
        self.peers.retain(|peer| !peer.is_gone());
        if ends_input {
            self.streams.end_input();
        }
    }
}
