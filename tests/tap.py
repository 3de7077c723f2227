"""TAP for tests in Python. Import it, state what holds, end with done_testing():

    import os, sys
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    import tap

    result = tap.run([tap.STREAMCTL, "validate", "x.yaml"])
    tap.equal("exit status", result.returncode, 78)
    tap.done_testing()

What is tested comes through STREAMCTL, STREAMD_PLUGIN_PATH, SRCDIR and BUILDDIR, as in tap.sh. EFFORT is
`quick', `normal' or `full' (STREAMD_TEST_EFFORT): how many seeds or cases a random test should try.
"""

import os
import subprocess
import sys

SRCDIR = os.environ.get(
    "SRCDIR", os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
)
BUILDDIR = os.environ.get("BUILDDIR", os.path.join(SRCDIR, "build"))
STREAMCTL = os.environ.get("STREAMCTL", os.path.join(BUILDDIR, "streamctl"))
PLUGIN_PATH = os.environ.get("STREAMD_PLUGIN_PATH", os.path.join(BUILDDIR, "plugins-live"))
EFFORT = os.environ.get("STREAMD_TEST_EFFORT", "normal")

_count = 0


def run(command, **options):
    """Run a command with its output captured as text and with the plugin path set."""
    options.setdefault("env", dict(os.environ, STREAMD_PLUGIN_PATH=PLUGIN_PATH))
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def effort(quick, normal, full):
    """The one of three numbers that STREAMD_TEST_EFFORT asks for."""
    return {"quick": quick, "normal": normal, "full": full}[EFFORT]


def diag(text):
    """Comment lines in the log."""
    for line in str(text).splitlines():
        print("#", line)


def ok(name, passed, why=""):
    """One case: passed if `passed' is true; `why' explains a failure."""
    global _count
    _count += 1
    print(f"{'ok' if passed else 'not ok'} {_count} - {name}")
    if not passed and why:
        diag(why)
    sys.stdout.flush()
    return bool(passed)


def equal(name, got, want):
    """One case: passed if got == want."""
    return ok(name, got == want, f"got:  {got!r}\nwant: {want!r}")


def empty(name, findings):
    """One case: passed if the list of findings is empty; each finding is one line of the log."""
    return ok(name, not findings, "\n".join(findings))


def skip(name, reason):
    """A case that cannot run here."""
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {reason}")


def skip_all(reason):
    """None of this program's cases can run here."""
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def done_testing():
    """The plan; without it the driver reports an error."""
    print(f"1..{_count}")
