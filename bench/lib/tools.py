"""Where things are: the programs of the bench (compiled here), streamctl, the work folder, the input."""
import hashlib
import os
import pathlib
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
CFLAGS = ["-std=c17", "-D_GNU_SOURCE", "-O3", "-march=native", "-Wall", "-Wextra", "-Wconversion",
          "-Wshadow", "-Wstrict-prototypes", "-Werror"]
PROGRAMS = {"events": "gen/events.c", "measure": "tools/measure.c",
            "hiccup": "tools/hiccup.c",
            "w1": "fused/w1.c", "w2": "fused/w2.c", "w3": "fused/w3.c"}


class Missing(Exception):
    """Something without which no figure may be printed."""


class Tools:
    """Paths of everything a run needs; construction compiles the C programs and finds streamctl."""

    def __init__(self, work, records, seed):
        self.work = pathlib.Path(work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.programs = {name: self._compile(name, source) for name, source in PROGRAMS.items()}
        self.streamctl = find_streamctl()
        self.environment = engine_environment(self.streamctl)
        self.duckdb = [sys.executable, str(BENCH / "peers" / "duckdb_peer.py")]
        self.records = records
        self.seed = seed

    def _compile(self, name, source):
        """Compiles once per content: the file's name carries a hash of flags, source and headers."""
        content = " ".join(CFLAGS).encode() + (BENCH / source).read_bytes()
        for path in sorted((BENCH / source).parent.glob("*.h")):
            content += path.read_bytes()
        target = self.work / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}"
        if not target.exists():
            compiler = os.environ.get("CC", "cc").split()
            partial = target.with_suffix(".partial")
            result = subprocess.run([*compiler, *CFLAGS, "-o", str(partial), str(BENCH / source)])
            if result.returncode != 0:
                raise Missing(f"cannot compile bench/{source}")
            partial.rename(target)
        return str(target)

    def events(self, records=None):
        """The NDJSON input with that many records (written once, then kept in the work folder)."""
        records = records or self.records
        name = os.path.basename(self.programs["events"])
        path = self.work / f"{name}-{records}-{self.seed}.ndjson"
        if not path.exists():
            partial = path.with_suffix(".partial")
            with open(partial, "wb") as out:
                subprocess.run([self.programs["events"], "--records", str(records),
                                "--seed", str(self.seed)], stdout=out, check=True)
            partial.rename(path)
        return str(path)


def find_streamctl():
    """$STREAMCTL, the build tree ($BUILD), then PATH; the bench is about it, so none is an error."""
    build = os.environ.get("BUILD", str(ROOT / "build"))
    candidates = [os.environ.get("STREAMCTL"), os.path.join(build, "streamctl")]
    candidates += [os.path.join(folder, "streamctl")
                   for folder in os.environ.get("PATH", "").split(":") if folder]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            return os.path.abspath(candidate)
    raise Missing("streamctl not found: build it, or set STREAMCTL=/path/to/streamctl")


def engine_environment(streamctl):
    """The environment of a streamctl run; a program of a build tree gets that tree's plugins."""
    environment = dict(os.environ)
    plugins = os.path.join(os.path.dirname(streamctl), "plugins-live")
    if "STREAMD_PLUGIN_PATH" not in environment and os.path.isdir(plugins):
        environment["STREAMD_PLUGIN_PATH"] = plugins
    return environment


def real_program(path):
    """The ELF file behind a libtool wrapper script, for valgrind; any other path as it is."""
    with open(path, "rb") as program:
        if program.read(2) != b"#!":
            return path
    folder, name = os.path.split(path)
    for inner in (f".libs/lt-{name}", f".libs/{name}"):
        if os.access(os.path.join(folder, inner), os.X_OK):
            return os.path.join(folder, inner)
    return path
