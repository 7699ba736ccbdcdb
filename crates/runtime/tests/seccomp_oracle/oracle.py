"""Compiles OCI profiles with libseccomp the way runc and crun do, for the tests beside it.

Reads one question per line from standard input, {"profile": ..., "numbers": {arch: {name: n}}}.
Answers each with a line: {"unknown": [names this libseccomp numbers otherwise], "refused": n,
"program": [[code, jt, jf, k], ...]}.
"""
import json
import struct
import sys
import tempfile

import seccomp

OPS = {
    "SCMP_CMP_NE": seccomp.NE, "SCMP_CMP_LT": seccomp.LT, "SCMP_CMP_LE": seccomp.LE,
    "SCMP_CMP_EQ": seccomp.EQ, "SCMP_CMP_GE": seccomp.GE, "SCMP_CMP_GT": seccomp.GT,
    "SCMP_CMP_MASKED_EQ": seccomp.MASKED_EQ,
}


def action(name, errno):
    errno = 1 if errno is None else errno
    return {
        "SCMP_ACT_KILL": seccomp.KILL, "SCMP_ACT_KILL_THREAD": seccomp.KILL,
        "SCMP_ACT_KILL_PROCESS": seccomp.KILL_PROCESS, "SCMP_ACT_TRAP": seccomp.TRAP,
        "SCMP_ACT_ERRNO": seccomp.ERRNO(errno), "SCMP_ACT_TRACE": seccomp.TRACE(errno),
        "SCMP_ACT_ALLOW": seccomp.ALLOW, "SCMP_ACT_LOG": seccomp.LOG,
    }[name]


def conditions(args):
    made = []
    for arg in args:
        op, value = OPS[arg["op"]], arg["value"]
        rest = (arg.get("valueTwo", 0),) if op == seccomp.MASKED_EQ else ()
        made.append(seccomp.Arg(arg["index"], op, value, *rest))
    indexes = [arg["index"] for arg in args]
    return [[one] for one in made] if len(set(indexes)) < len(indexes) else [made]


def unknown(name, numbers):
    """Whether this libseccomp does not know the name yet, or not on every architecture."""
    for arch, table in numbers.items():
        theirs = seccomp.resolve_syscall(seccomp.Arch(getattr(seccomp.Arch, arch)), name)
        multiplexed = -300 < theirs <= -100
        if not multiplexed and max(theirs, -1) != table.get(name, -1):
            return True
    return False


def compile(profile, numbers):
    default = action(profile["defaultAction"], profile.get("defaultErrnoRet"))
    filter = seccomp.SyscallFilter(default)
    # The linear form of 2.5.4 forgets to load the number where x86_64 and x32 meet; runc asks for
    # the tree too.
    filter.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)
    for name in profile.get("architectures", []):
        arch = seccomp.Arch(getattr(seccomp.Arch, name.removeprefix("SCMP_ARCH_")))
        if not filter.exist_arch(arch):
            filter.add_arch(arch)
    names = {name for rule in profile.get("syscalls", []) for name in rule["names"]}
    refused = 0
    for rule in profile.get("syscalls", []):
        answer = action(rule["action"], rule.get("errnoRet"))
        if answer == default:
            continue
        for name in rule["names"]:
            number = seccomp.resolve_syscall(seccomp.Arch(), name)
            if number == -1:
                continue
            for args in conditions(rule.get("args", [])):
                try:
                    filter.add_rule(answer, number, *args)
                except (RuntimeError, OSError):
                    refused += 1
    with tempfile.TemporaryFile() as file:
        filter.export_bpf(file)
        file.seek(0)
        code = file.read()
    program = [list(one) for one in struct.iter_unpack("<HBBI", code)]
    others = [name for name in sorted(names) if unknown(name, numbers)]
    return {"unknown": others, "refused": refused, "program": program}


for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(compile(question["profile"], question["numbers"])), flush=True)
