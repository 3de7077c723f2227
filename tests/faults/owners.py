"""Who owns which key group: looked up in every checkpoint that a run makes, while it runs.

The files are read by the independent program tests/model/native.py. In a checkpoint of parallelism P and G key
groups, rows of group g may only be in the file of task floor(g * P / G); so each group has one owner at all times.
"""
import glob
import json
import os
import sys

import watcher

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "model"))
import native  # noqa: E402


def misplaced(folder, manifest):
    """Groups in files of tasks that do not own them."""
    parallelism, groups, findings = manifest["parallelism"], manifest["key_groups"], []
    for file in manifest["files"]:
        owner = file.get("checkpoint", manifest["id"])  # which may be an earlier one of the same attempt
        with open(os.path.join(os.path.dirname(folder), f"chk-{owner}", file["name"]), "rb") as f:
            _, sections = native.read(f.read())
        for section in sections:
            found = {group for group, _, _ in section["rows"]} - {native.NO_GROUP}
            findings += [f"checkpoint {manifest['id']}: group {group} of {section['node']}.{section['table']} lies with "
                         f"task {file['task']} of {parallelism}" for group in found
                         if group * parallelism // groups != file["task"]]
    return findings


class Owners(watcher.Watcher):
    """Looks at each checkpoint once."""

    def __init__(self, state_dir):
        super().__init__(every=0.02)
        self.state_dir, self.seen = state_dir, {}  # seen: manifest -> parallelism
        self.start()

    def look(self):
        for path in glob.glob(os.path.join(self.state_dir, "*", "chk-*", "manifest")):
            if path not in self.seen:
                self._look_at(path)

    def _look_at(self, path):
        """Retention may remove it at any moment, which is no finding."""
        try:
            with open(path, encoding="utf-8") as f:
                manifest = json.load(f)["manifest"]
            self.findings += misplaced(os.path.dirname(path), manifest)
            self.seen[path] = manifest["parallelism"]
        except FileNotFoundError:
            pass

    def finish(self):
        """Stops looking; all findings."""
        self.stop()
        return self.findings
