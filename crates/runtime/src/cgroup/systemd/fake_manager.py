"""systemd's manager as far as hull speaks with it, on the bus whose address is the argument.

Prints each call it gets as a line of JSON. A unit "hull-fail.scope" ends its job as failed, a unit
"hull-there.scope" exists until it is reset.
"""
import json
import sys

import dbus
import dbus.bus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

MANAGER = "org.freedesktop.systemd1.Manager"


def plain(value):
    if isinstance(value, (dbus.Array, list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, (dbus.Byte, dbus.UInt32, dbus.UInt64)):
        return int(value)
    return str(value)


class Failure(dbus.DBusException):
    def __init__(self, name, text):
        super().__init__(text)
        self._dbus_error_name = "org.freedesktop.systemd1." + name


class Manager(dbus.service.Object):
    there = {"hull-there.scope"}
    jobs = 0

    def tell(self, *words):
        print(json.dumps([plain(word) for word in words]), flush=True)

    def job(self, unit, result):
        self.jobs += 1
        number, path = self.jobs, f"/org/freedesktop/systemd1/job/{self.jobs}"
        GLib.idle_add(lambda: self.JobRemoved(999, "/other/job", "other.scope", "done"))
        GLib.idle_add(lambda: self.JobRemoved(number, path, unit, result))
        return dbus.ObjectPath(path)

    @dbus.service.method(MANAGER, in_signature="", out_signature="")
    def Subscribe(self):
        pass

    @dbus.service.method(MANAGER, in_signature="ssa(sv)a(sa(sv))", out_signature="o")
    def StartTransientUnit(self, unit, mode, properties, auxiliary):
        self.tell("start", unit, mode, properties, auxiliary)
        if unit in self.there:
            raise Failure("UnitExists", f"Unit {unit} already exists.")
        return self.job(unit, "failed" if unit == "hull-fail.scope" else "done")

    @dbus.service.method(MANAGER, in_signature="s", out_signature="")
    def ResetFailedUnit(self, unit):
        self.tell("reset", unit)
        self.there.discard(unit)

    @dbus.service.method(MANAGER, in_signature="sba(sv)", out_signature="")
    def SetUnitProperties(self, unit, runtime, properties):
        self.tell("set", unit, runtime, properties)

    @dbus.service.method(MANAGER, in_signature="ss", out_signature="o")
    def StopUnit(self, unit, mode):
        self.tell("stop", unit, mode)
        if unit == "hull-gone.scope":
            raise Failure("NoSuchUnit", f"Unit {unit} not loaded.")
        return self.job(unit, "done")

    @dbus.service.signal(MANAGER, signature="uoss")
    def JobRemoved(self, number, path, unit, result):
        pass


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(sys.argv[1])
name = dbus.service.BusName("org.freedesktop.systemd1", bus)
manager = Manager(bus, "/org/freedesktop/systemd1")
print("ready", flush=True)
GLib.MainLoop().run()
