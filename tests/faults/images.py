#!/usr/bin/env python3
"""Crash images: what a power cut would have left, at every point, must recover to an exact result.

A pipeline with a file sink and a SQLite sink runs over a state directory under recorder.so, which writes down
every write, fsync, rename, link, unlink and mkdir of all its processes. Afterwards, for every prefix of that
record, folders are built that hold what may lie on the disk if the power went at that point:

  strict   only what was synced: a file's content up to its last fsync, a name only if its folder was synced since
  names    every name, but of each file only the synced content
  kill     everything (a kill -9 of all processes at once)
  mixed    by chance, file by file and folder by folder, one or the other
  torn     mixed, but the last write that was not synced is there up to a boundary of sectors
  sectors  mixed, but of that write some sectors are there and others are not

Then the pipeline is started again over the folder, runs to its end, and is judged as always: every row once.

    SEED=n IMAGES=n PIPELINES=late,dedup tests/faults/images.py

draws other images where not all are tried, and so many for each pipeline (0: all).
"""
import concurrent.futures
import dataclasses
import os
import random
import re
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine  # noqa: E402
import pipelines  # noqa: E402
import reader  # noqa: E402
from machine import tap  # noqa: E402

RECORDER = os.path.join(tap.BUILDDIR, "tests", "faults", ".libs", "recorder.so")
VARIANTS = ("strict", "names", "kill", "mixed")
TEARS = ("torn", "sectors")  # where there is a write of several sectors to be torn
SECTOR = 512  # what a disk writes as a whole


def records(path):
    """The record: (what, inode, offset, path, second path, data)."""
    with open(path, "rb") as f:
        blob = f.read()
    at, found = 0, []
    while at < len(blob):
        length, = struct.unpack_from("<I", blob, at)
        what, inode, offset, n = struct.unpack_from("<cQqH", blob, at + 4)
        first = at + 4 + 19
        m, = struct.unpack_from("<H", blob, first + n)
        second = first + n + 2
        end = at + 4 + length
        found.append((what.decode(), inode, offset, os.path.normpath(blob[first:first + n].decode()),
                      os.path.normpath(blob[second:second + m].decode()) if m else "", blob[second + m:end]))
        at = end
    return found


class File:
    """A file: what is in it, and what of that is on the disk."""

    def __init__(self):
        self.data, self.synced = bytearray(), b""


class Write:
    """A write that was not synced, and how the file was before it."""

    def __init__(self, file, offset, data):
        self.file, self.offset, self.data = file, offset, data
        self.length, self.old = len(file.data), bytes(file.data[offset:offset + len(data)])

    def cuts(self):
        """Where it can be torn: boundaries of sectors inside it, as positions in its data."""
        return range(SECTOR - self.offset % SECTOR, len(self.data), SECTOR)

    def torn(self, variant, r):
        """The file's content with a part of the write."""
        before, cuts = bytearray(self.file.data), list(self.cuts())
        before[self.offset:self.offset + len(self.data)] = self.old
        del before[self.length:]
        if variant == "torn":
            pieces = [(0, r.choice(cuts))]
        else:
            bounds = [0, *cuts, len(self.data)]
            pieces = list(zip(bounds, bounds[1:]))
            pieces = sorted(r.sample(pieces, r.randint(1, len(pieces) - 1)))
        for first, end in pieces:
            at = self.offset + first
            before[len(before):] = bytes(max(0, at - len(before)))
            before[at:at + end - first] = self.data[first:end]
        return bytes(before)


class Disk:
    """The folder's files and folders, in memory and on the disk. A folder is None, a file a File."""

    def __init__(self, root):
        self.root = root
        self.names, self.synced_names = {root: None}, {root: None}
        self.files, self.folders = {}, {}  # by inode
        self.last = None  # the last write, if it is not synced and nothing was written since to that file

    def apply(self, record):
        """Takes one record; whether anything has changed."""
        what, inode, offset, path, second, data = record
        if what in ("o", "t") and path != ".":
            return self._open(what, inode, path)
        if what == "w":
            file = self.files[inode]
            self.last = Write(file, offset, data)
            file.data[len(file.data):] = bytes(max(0, offset - len(file.data)))
            file.data[offset:offset + len(data)] = data
        elif what == "t":
            file = self.files[inode]
            self._settle(file)
            file.data[len(file.data):] = bytes(max(0, offset - len(file.data)))
            del file.data[offset:]
        elif what == "s":
            self._sync(inode)
        elif what == "r":
            self.names[second] = self.names.pop(path)
        elif what == "l":
            self.names[second] = self.names[path]
        elif what == "m":
            self.names[path] = None
        else:
            self.names.pop(path, None)
        return True

    def _open(self, what, inode, path):
        if path in self.names and self.names[path] is None:
            self.folders[inode] = path
            self.files.pop(inode, None)  # numbers of inodes are used again
            return False
        new = path not in self.names
        if new:
            self.names[path] = File()
        self.files[inode] = self.names[path]
        self.folders.pop(inode, None)
        cut = what == "t" and len(self.names[path].data) > 0
        if cut:
            self._settle(self.names[path])
            self.names[path].data = bytearray()
        return new or cut

    def _settle(self, file):
        """A write to this file can no longer be torn."""
        if self.last and self.last.file is file:
            self.last = None

    def can_tear(self):
        """Whether there is a write that may lie on the disk in part."""
        return self.last is not None and len(self.last.cuts()) > 0

    def _sync(self, inode):
        if inode in self.files:
            self._settle(self.files[inode])
            self.files[inode].synced = bytes(self.files[inode].data)
            return
        folder = self.folders[inode]
        for names, other in ((self.names, self.synced_names), (self.synced_names, self.names)):
            for path in [p for p in names if os.path.dirname(p) == folder and p != self.root]:
                if names is self.names:
                    other[path] = names[path]
                elif path not in other:
                    del names[path]

    def image(self, variant, r):
        """What lies on the disk after a power cut now: path -> content, None for a folder."""
        def keep(always):
            return r.random() < 0.5 if variant in ("mixed", *TEARS) else always

        by_folder, found = {}, {}
        for path in sorted(self.names.keys() | self.synced_names.keys()):
            folder = os.path.dirname(path)
            if path != self.root and folder not in found:
                continue
            names = self.names if by_folder.setdefault(folder, keep(variant != "strict")) else self.synced_names
            if path not in names and path != self.root:
                continue
            file = names.get(path)
            if variant in TEARS and file is self.last.file:
                found[path] = self.last.torn(variant, r)
            else:
                found[path] = None if file is None else bytes(file.data if keep(variant == "kill") else file.synced)
        return found


def build(image, root, folder):
    """Makes the image's files below `folder', as they were below `root'."""
    for path, data in image.items():
        place = folder + path[len(root):]
        if data is None:
            os.makedirs(place, exist_ok=True)
        else:
            with open(place, "wb") as f:
                f.write(data)


def run(case, folder, environment=None):
    """The pipeline over the state directory in `folder', to its end."""
    command = [tap.STREAMCTL, "run", "--quiet", "--batch-rows", "128", "--state-dir", "state", case.file]
    return tap.run(command, cwd=folder, timeout=120,
                   env=dict(os.environ, STREAMD_PLUGIN_PATH=machine.PLUGINS, TMPDIR=folder, **(environment or {})))


def unbraked(path):
    """The same pipeline in a hurry: a recorded run needs time for checkpoints, one over an image does not."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    folder = os.path.join(os.path.dirname(path), "unbraked")
    os.makedirs(folder)
    path = os.path.join(folder, os.path.basename(path))
    with open(path, "w", encoding="utf-8") as f:
        f.write(re.sub(r"\brate: \d+", "rate: 40000", text))
    return path


def judge(case, folder, result):
    """What is wrong with the end of a run."""
    if result.returncode:
        return [f"exit status {result.returncode}: {result.stderr[-600:]}"]
    here = pipelines.Case(case.name, case.file, [
        pipelines.Sink(s.name, s.kind, os.path.join(folder, s.path), s.columns, s.expected) for s in case.sinks],
        case.rows)
    watcher = reader.Reader(here)
    watcher.start()
    return watcher.finish()


class Lane:
    """One recorded run, and the images of it. They are built where the run was, one after the other, since
    what is in them names files by their full path."""

    def __init__(self, work, name, seed, wanted):
        self.work, self.root = os.path.join(work, name), os.path.join(work, name, "disk")
        os.makedirs(self.root)
        self.case = pipelines.ALL[name](self.work, seed, 1, rate=4000, checkpoint="120ms", out="out")
        self.name, self.random = name, random.Random(seed)
        record = os.path.join(self.work, "record")
        result = run(self.case, self.root, {"LD_PRELOAD": RECORDER, "RECORDER_ROOT": self.root,
                                            "RECORDER_LOG": record})
        self.findings = judge(self.case, self.root, result)
        self.again = dataclasses.replace(self.case, file=unbraked(self.case.file))
        self.log = records(record) if os.path.exists(record) else []
        points = cuts(self.log, self.root)
        self.images = len(points)
        self.chosen = sorted(self.random.sample(points, min(wanted or len(points), len(points))))

    def title(self, n, variant):
        """The name of an image's case."""
        return f"{self.name}: power cut after record {n} of {len(self.log)}, {variant}"

    def judged(self):
        """Yields (name, findings) of each image."""
        disk, done = Disk(self.root), 0
        for n, variant in self.chosen:
            while done < n:
                disk.apply(self.log[done])
                done += 1
            shutil.rmtree(self.root)
            build(disk.image(variant, self.random), self.root, self.root)
            findings = judge(self.case, self.root, run(self.again, self.root))
            if findings:
                kept = os.path.join(self.work, f"cut-{n}-{variant}")
                shutil.copytree(self.root, kept)
                findings.append(f"kept {kept}")
            yield self.title(n, variant), findings


def cuts(log, root):
    """(number of records, variant) of every image that differs from the one before."""
    disk, found = Disk(root), []
    for n, record in enumerate(log):
        if disk.apply(record):
            found += [(n + 1, variant) for variant in VARIANTS + (TEARS if disk.can_tear() else ())]
    return found


def main():
    seed, work = int(os.environ.get("SEED", "1")), tempfile.mkdtemp(prefix="streamd-images-")
    wanted = int(os.environ.get("IMAGES", tap.effort(20, 100, 0)))
    names = os.environ.get("PIPELINES", ",".join(pipelines.ALL)).split(",")
    failed = False
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        lanes = list(pool.map(lambda name: Lane(work, name, seed, wanted), names))
        for lane in lanes:
            tap.empty(f"{lane.name}: the recorded run is exact", lane.findings)
            tap.diag(f"seed {seed}: {len(lane.log)} records, {lane.images} images, {len(lane.chosen)} of them tried")
            tap.ok(f"{lane.name}: there are writes to be torn",
                   sum(variant in TEARS for _, variant in lane.chosen) > 0)
            tap.ok(f"{lane.name}: the record has renames and syncs of several checkpoints",
                   sum(x[0] == "r" for x in lane.log) > 10 and sum(x[0] == "s" for x in lane.log) > 20)
        for lane, cases in zip(lanes, pool.map(lambda lane: list(lane.judged()), lanes)):
            for title, findings in cases:
                failed |= not tap.empty(title, findings)
    if not failed:
        shutil.rmtree(work)
    tap.done_testing()


if __name__ == "__main__":
    main()
