"""Running a pipeline to hurt it: starts `streamctl run --state-dir', finds its processes, and looks for leaks.

All processes of a run are found by their session: the command is started in a new one, and its workers, though in
process groups of their own, stay in it. Nothing else on the machine is ever looked at or killed.
"""
import glob
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

PLUGINS = tap.PLUGIN_PATH + ":" + os.path.join(tap.BUILDDIR, "tests", "plugins", ".libs")


def read(path):
    """The bytes of a file of /proc, or none where the process has gone."""
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def state(pid):
    """The letter of a process's state; empty where it has gone."""
    return read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[:1]


def alive(pid):
    """Whether there is such a process that is not a zombie."""
    return state(pid) not in ([], [b"Z"], [b"X"])


def of_sessions(sessions):
    """The processes of these sessions that are alive."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        fields = read(path).rpartition(b")")[2].split()
        if len(fields) > 3 and fields[0] not in (b"Z", b"X") and int(fields[3]) in sessions:
            found.append(int(path.split("/")[2]))
    return found


def wait_for(condition, seconds, step=0.01):
    """Waits until condition() is true; its value, or the last false one after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(step)


class Run:
    """One pipeline over one state directory, through any number of starts of the command."""

    def __init__(self, folder, case, environment=None, plugins=PLUGINS):
        self.folder, self.case = folder, case
        self.state_dir = os.path.join(folder, "state")
        self.log_path = os.path.join(folder, "log")
        self.temporary = os.path.join(folder, "tmp")
        os.makedirs(self.temporary, exist_ok=True)
        self.environment = dict(os.environ, STREAMD_PLUGIN_PATH=plugins, TMPDIR=self.temporary, **(environment or {}))
        self.process, self.sessions, self.starts = None, set(), 0

    def start(self, parallelism, *options):
        """Starts the command; it goes on from the newest checkpoint."""
        command = [tap.STREAMCTL, "run", "--quiet", "--state-dir", self.state_dir, "--parallelism", str(parallelism),
                   *options, self.case.file]
        with open(self.log_path, "ab") as log:
            log.write(f"--- start {self.starts} with {parallelism} workers\n".encode())
            log.flush()
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment, start_new_session=True)
        self.sessions.add(self.process.pid)
        self.starts += 1

    def workers(self):
        """Process ids of the workers there are now."""
        return [pid for pid in of_sessions(self.sessions)
                if b"worker" in read(f"/proc/{pid}/cmdline").split(b"\0")]

    def kill(self, pid, number=signal.SIGKILL):
        """Signals one of our processes, if it is still there; whether it was."""
        try:
            os.kill(pid, number)
            return True
        except ProcessLookupError:
            return False

    def running(self):
        """Whether the command has not ended."""
        return self.process is not None and self.process.poll() is None

    def control(self, verb, *arguments, timeout=60):
        """streamctl VERB --state-dir: its result."""
        return tap.run([tap.STREAMCTL, verb, *arguments, "--state-dir", self.state_dir], timeout=timeout)

    def orphans(self, seconds=10):
        """Processes that are still there so long after the command has ended."""
        wait_for(lambda: not of_sessions(self.sessions), seconds)
        return [f"process {pid} outlived its coordinator: {read(f'/proc/{pid}/cmdline')!r}"
                for pid in of_sessions(self.sessions)]

    def end(self):
        """Kills what is left."""
        for pid in of_sessions(self.sessions):
            self.kill(pid)
        if self.process:
            self.process.wait()

    def worker_leaks(self):
        """What a worker must not have inherited: the coordinator's database, lock or socket."""
        findings = []
        for pid in self.workers():
            for link in glob.glob(f"/proc/{pid}/fd/*"):
                try:
                    target = os.readlink(link)
                except OSError:
                    continue
                if target.startswith(self.state_dir) and os.path.basename(target).split("-")[0] in (
                        "meta.db", "lock", "control.sock"):
                    findings.append(f"worker {pid} holds {target}")
        return findings

    def leftovers(self):
        """What must not be there after a run has ended well: processes, temporary files."""
        findings = self.orphans()
        for folder, _, names in os.walk(self.state_dir):
            findings += [f"left behind: {os.path.join(folder, name)}" for name in names
                         if name.endswith((".tmp", ".part", ".sock", "-wal", "-shm", "-journal"))]
        findings += [f"left behind: {os.path.join(self.temporary, name)}" for name in os.listdir(self.temporary)]
        return findings

    def log_tail(self, lines=15):
        """The end of what the command said."""
        return "\n".join(read(self.log_path).decode(errors="replace").splitlines()[-lines:])
