"""Whether the files that checkpoints refer to are there: looked up while a pipeline runs and is hurt.

A checkpoint may refer to files in the folders of earlier ones, which stay when the rest of those is removed. At any
time, every file that a manifest names must lie where it says, with the size that it says, for as long as the
manifest itself is there: it is removed before its files are. So the files are looked at between two looks at the
manifest.
"""
import glob
import json
import os
import threading


def missing(path):
    """(findings, how many files of earlier checkpoints) of a manifest; None where it has been removed meanwhile."""
    try:
        with open(path, encoding="utf-8") as f:
            manifest = json.load(f)["manifest"]
    except FileNotFoundError:
        return None
    lineage, findings, referred = os.path.dirname(os.path.dirname(path)), [], 0
    for file in manifest["files"]:
        owner = file.get("checkpoint", manifest["id"])
        referred += owner != manifest["id"]
        try:
            size = os.stat(os.path.join(lineage, f"chk-{owner}", file["name"])).st_size
        except FileNotFoundError:
            size = "no"
        if size != file["bytes"]:
            findings.append(f"checkpoint {manifest['id']} needs {file['bytes']} bytes of chk-{owner}/{file['name']}, "
                            f"which has {size}")
    return (findings, referred) if os.path.exists(path) else None


class References:
    """Looks at all manifests again and again on a thread of its own, until stopped."""

    def __init__(self, state_dir, every=0.05):
        self.state_dir, self.findings, self.referring = state_dir, [], set()  # referring: manifests
        self._every, self._stop = every, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self):
        """Begins to look."""
        self._thread.start()

    def _run(self):
        while not self._stop.wait(self._every) and len(self.findings) < 20:
            self.look()

    def look(self):
        """One look at everything."""
        for path in glob.glob(os.path.join(self.state_dir, "*", "chk-*", "manifest")):
            found = missing(path)
            if found:
                self.findings += found[0]
                if found[1]:
                    self.referring.add(path)

    def finish(self):
        """Stops looking, looks once more; all findings."""
        self._stop.set()
        self._thread.join()
        self.look()
        return sorted(set(self.findings))
