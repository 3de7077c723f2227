#!/usr/bin/env python3
"""A storm of kill -9 in TAP: KILLS=n SEED=s tests/faults/kills.py (storm.py says more)."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import storm  # noqa: E402
from machine import tap  # noqa: E402


def main():
    kills = os.environ.get("KILLS", str(tap.effort(60, 120, 1000)))
    seed = os.environ.get("SEED", str(int(time.time()) % 100000))
    arguments, began = storm.options().parse_args([kills, "--seed", seed]), time.monotonic()
    tap.diag(f"{kills} kills from seed {seed}")
    outcomes = storm.storms(arguments, lambda outcome: tap.empty(outcome.line, outcome.findings))
    tap.ok("all pipelines were run", len(outcomes) >= len(storm.pipelines.ALL), f"{len(outcomes)} runs")
    tap.equal("some checkpoints refer to files of earlier ones", storm.invalid(outcomes, arguments), "")
    tap.diag(storm.summary(outcomes, arguments, began))
    tap.done_testing()


if __name__ == "__main__":
    main()
