"""Whether the files that checkpoints refer to are there: looked up while a pipeline runs and is hurt.

A checkpoint may refer to files in the folders of earlier ones, which stay when the rest of those is removed. At any
time, every file that a manifest names must lie where it says, with the size that it says, for as long as the
manifest itself is there: it is removed before its files are. So the files are looked at between two looks at the
manifest.
"""
import glob
import json
import os

import watcher


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


class References(watcher.Watcher):
    """Looks at all manifests."""

    def __init__(self, state_dir, every=0.05):
        super().__init__(every)
        self.state_dir, self.referring = state_dir, set()  # referring: manifests

    def look(self):
        for path in glob.glob(os.path.join(self.state_dir, "*", "chk-*", "manifest")):
            found = missing(path)
            if found:
                self.findings += found[0]
                if found[1]:
                    self.referring.add(path)

    def finish(self):
        """Stops looking, looks once more; all findings."""
        self.stop()
        self.look()
        return sorted(set(self.findings))
