"""Somebody who looks at something again and again while a pipeline runs and is hurt."""
import threading

ENOUGH = 20  # findings: more of them say nothing new


class Watcher:
    """Calls look() on a thread of its own, until stopped; what it finds it adds to `findings`."""

    def __init__(self, every):
        self.findings = []
        self._every, self._stop = every, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self):
        """Begins to look."""
        self._thread.start()

    def _run(self):
        while not self._stop.wait(self._every) and len(self.findings) < ENOUGH:
            self.look()

    def look(self):
        """One look at everything."""
        raise NotImplementedError

    def stop(self):
        """Ends the thread, after the look at hand."""
        self._stop.set()
        self._thread.join()
