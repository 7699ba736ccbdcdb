//! [`Containers`]: the verbs on containers under one handle; each lives in its own file.

use hull_model::filter::Filters;
use hull_model::id::ContainerId;
use hull_model::time::Timestamp;
use hull_monitor::client::{Session, Streams};
use hull_monitor::protocol::ExitRecord;
use serde_json::Value;

use crate::container::attach::{self, Attached};
use crate::container::create::{self, CreateRequest, Created};
use crate::container::exec::{self, ExecRequest, Executed};
use crate::container::list::{self, ListRequest, Summary};
use crate::container::logs::{self, Logs, LogsRequest};
use crate::container::prune::{self, Pruned};
use crate::container::remove::{self, RemoveRequest};
use crate::container::start::{self, StartRequest, Started};
use crate::container::stop::{self, StopRequest};
use crate::container::top::{self, Top};
use crate::container::wait::{self, WaitCondition, Waited};
use crate::container::{inspect, kill, pause, rename, restart, run, settle};
use crate::context::Context;
use crate::error::Error;

/// Verbs on containers; `name` is a name, an id or the beginning of an id.
#[derive(Clone, Copy)]
pub struct Containers<'a> {
    context: &'a Context,
}

impl<'a> Containers<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Makes a container; nothing runs yet.
    pub fn create(&self, request: CreateRequest) -> Result<Created, Error> {
        let created = create::create(self.context, request)?;
        // No reaper follows, and the next command would read all of a large log.
        self.context.ledger.truncate_wal_if_large()?;
        Ok(created)
    }

    /// Creates and starts a container. `created` hears of it before it starts.
    pub fn run(
        &self,
        request: CreateRequest,
        connect: StartRequest,
        created: &mut dyn FnMut(&Created),
    ) -> Result<Started, Error> {
        run::run(self.context, request, connect, created)
    }

    /// To be called after the exit was received on the session of an attached run or start: does what
    /// follows from it (`--rm`, journal), so that it has happened when the caller returns.
    pub fn finish(&self, id: &ContainerId, session: Session) -> Result<(), Error> {
        settle::finish(self.context, id, session)
    }

    /// Starts a container that was created or has ended.
    pub fn start(&self, name: &str, request: StartRequest) -> Result<Started, Error> {
        start::start(self.context, name, request)
    }

    /// Takes part in a running container's streams.
    pub fn attach(&self, name: &str, streams: Streams) -> Result<Attached, Error> {
        attach::attach(self.context, name, streams)
    }

    /// Sets the size of a container's terminal.
    pub fn resize(&self, name: &str, rows: u16, columns: u16) -> Result<(), Error> {
        attach::resize(self.context, name, rows, columns)
    }

    /// Starts a further process in a running container.
    pub fn exec(&self, name: &str, request: ExecRequest) -> Result<Executed, Error> {
        exec::exec(self.context, name, request)
    }

    /// To be called after the exit was received on an exec session.
    pub fn finish_exec(&self, executed: &Executed, exit: &ExitRecord) -> Result<(), Error> {
        exec::finish(self.context, executed, exit)
    }

    /// What a container wrote.
    pub fn logs(&self, name: &str, request: LogsRequest) -> Result<Logs<'a>, Error> {
        logs::logs(self.context, name, request)
    }

    /// Containers that match, newest first.
    pub fn list(&self, request: &ListRequest) -> Result<Vec<Summary>, Error> {
        list::list(self.context, request)
    }

    /// Everything about a container, in docker's shape and order; `size` measures its layer.
    pub fn inspect(&self, name: &str, size: bool) -> Result<Value, Error> {
        inspect::inspect(self.context, name, size)
    }

    /// Waits for a container's end.
    pub fn wait(&self, name: &str, condition: WaitCondition) -> Result<Waited, Error> {
        wait::wait(self.context, name, condition)
    }

    /// Ends a running container: stop signal, grace period, SIGKILL.
    pub fn stop(&self, name: &str, request: &StopRequest) -> Result<(), Error> {
        stop::stop(self.context, name, request)
    }

    /// Sends a signal, SIGKILL unless told otherwise.
    pub fn kill(&self, name: &str, signal: Option<&str>) -> Result<(), Error> {
        kill::kill(self.context, name, signal)
    }

    /// Stops and starts a container.
    pub fn restart(&self, name: &str, request: &StopRequest) -> Result<(), Error> {
        restart::restart(self.context, name, request)
    }

    /// Freezes a running container.
    pub fn pause(&self, name: &str) -> Result<(), Error> {
        pause::pause(self.context, name)
    }

    /// Thaws a frozen container.
    pub fn unpause(&self, name: &str) -> Result<(), Error> {
        pause::unpause(self.context, name)
    }

    /// Removes every container that does not run, has these labels and was created before `until`.
    pub fn prune(&self, filters: &Filters, until: Option<Timestamp>) -> Result<Pruned, Error> {
        prune::prune(self.context, filters, until)
    }

    /// Removes a container.
    pub fn remove(&self, name: &str, request: RemoveRequest) -> Result<(), Error> {
        remove::remove(self.context, name, request)?;
        self.context.ledger.truncate_wal_if_large()?;
        Ok(())
    }

    /// Gives a container another name.
    pub fn rename(&self, name: &str, new: &str) -> Result<(), Error> {
        rename::rename(self.context, name, new)
    }

    /// The processes of a running container, as `ps ARGS` shows them.
    pub fn top(&self, name: &str, arguments: &[String]) -> Result<Top, Error> {
        top::top(self.context, name, arguments)
    }
}
