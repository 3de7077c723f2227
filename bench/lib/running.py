"""A pipeline that is looked at, and killed, while it runs: `streamctl run --state-dir` in the background."""
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import struct
import subprocess
import time

from . import measure

START_LIMIT_S = 60


class Running:
    """A context manager: started on entry, with a new state directory, and stopped at its end."""

    def __init__(self, command, state, environment, output=subprocess.DEVNULL):
        self.command, self.state = command, state
        self.environment, self.output = environment, output

    def __enter__(self):
        shutil.rmtree(self.state, ignore_errors=True)
        self._log = open(f"{self.state}.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(self.command, env=self.environment, stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=self._log)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self._log.close()

    def failed(self, why):
        self._log.seek(0)
        return measure.RunFailed(f"{' '.join(self.command)}: {why}\n{self._log.read()[-4000:]}")

    def status(self):
        """What `streamctl status --json` says, without starting a process for it. Waits for the socket."""
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                return ask(self.state, "status")
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise self.failed(error) from None
                time.sleep(0.01)

    def worker(self, index=0):
        """Process id of a worker, once it runs."""
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            status = self.status()
            if status["state"] == "running" and len(status["workers"]) > index:
                return status["workers"][index]["pid"]
            time.sleep(0.01)
        raise self.failed("it does not run")

    def scheduled_s(self):
        """(CPU seconds, seconds that it waited for a CPU) of the main threads of the workers there are."""
        cpu = waited = 0
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for child in children.read_text().split():
            numbers = pathlib.Path(f"/proc/{child}/schedstat").read_text().split()
            cpu, waited = cpu + int(numbers[0]), waited + int(numbers[1])
        return cpu / 1e9, waited / 1e9


def ask(state, what):
    """One question to a coordinator: a length of four bytes and a JSON object, either way."""
    folder = os.open(state, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.settimeout(START_LIMIT_S)
            s.connect(f"/proc/self/fd/{folder}/control.sock")
            text = json.dumps({"type": what, "version": 1, "attempt": 0}).encode()
            s.sendall(struct.pack("<I", len(text)) + text)
            with s.makefile("rb") as answer:
                head = answer.read(4)
                if len(head) < 4:
                    raise ConnectionError("the run is over")
                return json.loads(answer.read(struct.unpack("<I", head)[0]))
    finally:
        os.close(folder)


def kill_and_see(process_id):
    """Kills with SIGKILL and returns the time just before, once the process is gone."""
    handle = os.pidfd_open(process_id)
    try:
        before = time.monotonic()
        os.kill(process_id, signal.SIGKILL)
        select.select([handle], [], [])
        return before
    finally:
        os.close(handle)


class Lines:
    """The lines of a pipe, read without waiting longer than is said."""

    def __init__(self, pipe):
        self._fd = pipe.fileno()
        os.set_blocking(self._fd, False)
        self._rest = b""

    def there(self, seconds):
        """1 where something can be read within that time."""
        return bool(select.select([self._fd], [], [], seconds)[0])

    def take(self):
        """The whole lines that are there now. None: the other end is closed."""
        parts = [self._rest]
        while True:
            try:
                part = os.read(self._fd, 1 << 16)
            except BlockingIOError:
                break
            if not part:
                return None
            parts.append(part)
        *lines, self._rest = b"".join(parts).split(b"\n")
        return lines

    def tear(self):
        """Forgets the beginning of a line, whose writer is dead."""
        self._rest = b""
