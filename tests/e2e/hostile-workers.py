"""Workers and plan children that misbehave: the coordinator says which and how, ends, and leaves nobody behind.

A program in Python stands in for streamd; it speaks the protocol of docs/internals/control-protocol.md, which makes it a
second implementation of it, up to the point where it does what the case wants.
"""

import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

STREAMD = os.path.join(os.path.dirname(tap.STREAMCTL), "streamd")

FAKE = r'''#!/usr/bin/env python3
import json, os, signal, socket, struct, sys, time

CASE = os.environ["FAKE_CASE"]


def send(kind, attempt, **members):
    text = json.dumps({"type": kind, "version": 1, "attempt": attempt, **members}).encode()
    control.sendall(struct.pack("<I", len(text)) + text)


def exactly(n):
    got = b""
    while len(got) < n:
        piece, fds, _, _ = socket.recv_fds(control, n - len(got), 300)
        for fd in fds:
            os.close(fd)
        if not piece:
            sys.exit(1)
        got += piece
    return got


def receive(kind):
    message = json.loads(exactly(struct.unpack("<I", exactly(4))[0]))
    if message["type"] == "stats" != kind:
        return receive(kind)
    assert message["type"] == kind, message
    return message


def plan():
    if CASE == "plan-dies":
        os.kill(os.getpid(), signal.SIGSEGV)
    if CASE == "plan-garbage":
        print("no JSON")
        sys.exit(0)
    if CASE == "plan-odd":
        print('{"pipeline":"p","plan":{},"hash":"x"}')
        sys.exit(0)
    if CASE == "plan-endless":
        while True:
            os.write(1, b"x" * (1 << 20))
    os.execv(os.environ["REAL"], ["streamd"] + sys.argv[1:])


def misbehave(where, attempt, worker):
    """What the case wants at this point of the conversation, in worker 1 only."""
    if not CASE.startswith(where + "-") or worker != 1:
        return
    what = CASE[len(where) + 1:]
    if what == "exit0":
        os._exit(0)
    if what == "exit3":
        os._exit(3)
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "closes":
        control.close()
        time.sleep(60)
    if what == "nonsense":
        control.sendall(b"\x08\0\0\0nonsense")
    if what == "long":
        control.sendall(b"\xff\xff\xff\xff")
    if what == "version":
        text = b'{"type":"running","version":2,"attempt":1}'
        control.sendall(struct.pack("<I", len(text)) + text)
    if what == "unknown":
        send("surprise", attempt)
    if what == "stopped":
        send("stopped", attempt)
    if what == "odd-ack":
        send("ack", attempt, checkpoint="seven")
    if what == "odd-stats":
        send("stats", attempt, stats={"nodes": [{}]})
    if what == "failed":
        send("failed", attempt, error={"code": -2, "class": 4, "diagnostic": 5203, "message": "a full disk"})
        os._exit(1)
    if what == "odd-failed":
        send("failed", attempt, error="bad")
        os._exit(1)
    if what == "old-attempt":
        send("failed", attempt + 7, error={"code": -2, "class": 4, "diagnostic": 0, "message": "not me"})
        send("failed", attempt, error={"code": -2, "class": 4, "diagnostic": 0, "message": "it is me"})
    time.sleep(60)


def worker():
    global control
    control = socket.socket(fileno=int(sys.argv[sys.argv.index("--control") + 1]))
    send("hello", 0, pid=os.getpid())
    hello = receive("hello")
    attempt, number = hello["attempt"], hello["worker"]
    misbehave("hello", attempt, number)
    given = receive("plan")
    channels = receive("channels")
    assert len(channels["rings"]) == hello["workers"]
    send("ready", attempt, hash="0" * 32 if CASE == "other-plan" and number == 1 else given["hash"])
    misbehave("ready", attempt, number)
    receive("start")
    send("running", attempt)
    misbehave("running", attempt, number)
    send("finished", attempt)
    trigger = receive("trigger")
    assert trigger["kind"] == "final" and trigger["folder"] is None
    misbehave("trigger", attempt, number)
    send("ack", attempt, checkpoint=trigger["checkpoint"], name="", bytes=0, checksum="", rows_between=0, stall_us=0)
    assert receive("complete")["checkpoint"] == trigger["checkpoint"]
    misbehave("complete", attempt, number)
    send("committed", attempt, checkpoint=trigger["checkpoint"])
    receive("stop")
    misbehave("stop", attempt, number)
    send("stopped", attempt)


plan() if sys.argv[1] == "plan" else worker()
'''

PIPELINE = """version: 1
parallelism: 3
sources: {in: {type: generator, config: {rows: 10, fields: {n: {type: int64, sequence: {start: 0}}}}}}
sinks: {out: {type: blackhole, inputs: [in]}}
"""

# case: exit code and a piece of what is said
CASES = {
    "good": (0, ""),
    "plan-dies": (1, "SD5503: a child of the coordinator was killed by signal 11"),
    "plan-garbage": (1, "a plan is no JSON"),
    "plan-odd": (1, "whole number"),
    "plan-endless": (1, "SD5503: a child of the coordinator"),
    "other-plan": (1, "SD5531: worker 1: its plan of the file is another"),
    "hello-exit0": (1, "SD5501: worker 1 exited with code 0"),
    "hello-killed": (1, "SD5501: worker 1 was killed by signal 9"),
    "hello-nonsense": (1, "SD5502: worker 1: a control message is not a JSON object"),
    "ready-exit3": (1, "SD5501: worker 1 exited with code 3"),
    "ready-closes": (1, "SD5501: worker 1 was killed by signal 9"),
    "running-long": (1, "SD5502: worker 1: a control message of 4294967295 bytes is announced"),
    "running-version": (1, "SD5502: worker 1: a control message has version 2"),
    "running-unknown": (1, "SD5502: worker 1: it says 'surprise', which nobody understands"),
    "running-stopped": (1, "SD5502: worker 1: it stopped without being told to"),
    "running-odd-ack": (1, "SD5502: worker 1: 'checkpoint' of a control message is no whole number"),
    "running-odd-stats": (1, "SD5502: worker 1: 'elapsed_us' of a control message"),
    "running-failed": (1, "SD5203: a full disk"),
    "running-odd-failed": (1, "tells of an error in no known form"),
    "running-old-attempt": (1, "it is me"),
    "trigger-killed": (1, "SD5501: worker 1 was killed by signal 9"),
    "complete-killed": (1, "SD5501: worker 1 was killed by signal 9"),
    "stop-exit0": (0, ""),
}


def left_over(session):
    """Processes of a session that are still alive."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[3] == str(session) and fields[0] not in "ZX":
            found.append(pid)
    return found


def run_case(folder, case, code, said):
    """One case: exit code, message, and what is left."""
    environment = dict(os.environ, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH, FAKE_CASE=case, REAL=STREAMD,
                       STREAMD_PROGRAM=os.path.join(folder, "fake"))
    started = time.monotonic()
    with subprocess.Popen([tap.STREAMCTL, "run", "--quiet", "p.yaml"], cwd=folder, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          start_new_session=True) as process:
        try:
            _, err = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            _, err = process.communicate()
            err += "\nit did not end"
    took = time.monotonic() - started
    tap.ok(f"{case}: ends with {code}", process.returncode == code, f"{process.returncode} after {took:.1f} s: {err}")
    if said:
        tap.ok(f"{case}: says why", said in err, err)
    deadline = time.monotonic() + 5
    while left_over(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    tap.equal(f"{case}: nobody is left", left_over(process.pid), [])


def main():
    """All cases."""
    with tempfile.TemporaryDirectory(prefix="streamd-test-") as folder:
        with open(os.path.join(folder, "fake"), "w", encoding="utf-8") as f:
            f.write(FAKE)
        os.chmod(os.path.join(folder, "fake"), 0o755)
        with open(os.path.join(folder, "p.yaml"), "w", encoding="utf-8") as f:
            f.write(PIPELINE)
        for case, (code, said) in CASES.items():
            run_case(folder, case, code, said)
    tap.done_testing()


main()
