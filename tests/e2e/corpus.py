"""Bad files, one by one, as a user meets them: `streamctl validate' says where, with exit code 78, in
100 ms of CPU and 16 MiB more than a good file needs. (test_config_corpus tries thousands in process.)"""

import os
import random
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

SANITIZED = b"__asan_init" in open(tap.STREAMCTL, "rb").read()
MOST_CPU = 0.1
MOST_RSS = 16 << 10  # KiB

seed = int(os.environ.get("STREAMD_TEST_SEED", random.randrange(1 << 32)))
tap.diag(f"STREAMD_TEST_SEED={seed}")
dice = random.Random(seed)
folder = tempfile.TemporaryDirectory(prefix="streamd-test.")
ENV = dict(os.environ, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH, OUT="/tmp/out", ACCESS_LOG="/tmp/log")
GOOD = open(os.path.join(tap.SRCDIR, "examples/access-log.yaml"), "rb").read()


def validate(content):
    """Exit status, standard error, CPU seconds and peak KiB of `streamctl validate' of this file."""
    path = os.path.join(folder.name, "access-log.yaml")
    with open(path, "wb") as file:
        file.write(content)
    said = os.path.join(folder.name, "err")
    pid = os.fork()
    if pid == 0:
        err = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(err, 2)
        os.execve(tap.STREAMCTL, [tap.STREAMCTL, "validate", path], ENV)
    _, status, usage = os.wait4(pid, 0)
    with open(said, "rb") as file:
        text = file.read().decode("utf-8", "replace")
    return os.waitstatus_to_exitcode(status), text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def bomb(width, levels):
    """Aliases of aliases of aliases."""
    lines = ["k0: &a0 [x, x]"]
    for level in range(1, levels):
        lines.append(f"k{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * width) + "]")
    return "\n".join(lines).encode()


def cases():
    """(name, content) of files that cannot be right."""
    for opening in (b"[", b"{a: ", b"- ", b"? ", b"'", b"\"", b"!", b"&a", b"%TAG ! x\n", b"\\", b"\t"):
        for size in (50, 5000, 1000000):
            yield f"{size} bytes of {opening!r}", opening * (size // len(opening))
    for size in (1000, 70000, 1000000, 2000000):
        yield f"a text of {size} bytes", b"a: " + b"x" * size
        yield f"a quoted text of {size} bytes", b"a: \"" + b"x y " * (size // 4) + b"\""
        yield f"a block of {size} bytes", b"a: |\n" + b"  x\n" * (size // 4)
        yield f"a list of {size} bytes", b"a: [" + b"1," * (size // 2) + b"]"
        yield f"{size} bytes of keys", b"".join(b"k%d: 1\n" % i for i in range(size // 10))
        yield f"{size} bytes of references", b"a: [" + b"\"${NO}\"," * (size // 8) + b"]"
        yield f"{size} bytes of newlines", b"\n" * size
    for width in (2, 9):
        for levels in (5, 10, 20, 40):
            yield f"a bomb of {levels} levels of {width}", bomb(width, levels)
    for bad in (b"\xff", b"\0", b"\x1b[2J", b"\xc0\x80", b"\xed\xa0\x80", b"\x7f"):
        for _ in range(4):
            at = dice.randrange(len(GOOD))
            yield f"{bad!r} at byte {at}", GOOD[:at] + bad + GOOD[at:]
    keys = [m.start() for m in re.finditer(rb"(?m)^ *[a-z_]+:", GOOD)]
    for at in keys:
        yield f"a tab before byte {at}", GOOD[:at] + b"\t" + GOOD[at:]
    for match in re.finditer(rb"\b(version|name|sources|operators|sinks|type|config|schema|format|inputs"
                             rb"|event_time|on_error|key_by|path|pattern|window|tumbling|out_of_orderness)"
                             rb"(?=: )|^(sources|operators|sinks|    schema|    format|    config)(?=:$)",
                             GOOD, re.MULTILINE):  # fmt: skip
        at = match.end()
        yield f"a key nobody knows at byte {at}", GOOD[:at] + b"qqqq" + GOOD[at:]
    for match in re.finditer(rb"(?m)^version: 1|^name: access-log|type: [a-z]+|inputs: \[[a-z]+", GOOD):
        yield f"another value at byte {match.start()}", GOOD[: match.end()] + b"q" + GOOD[match.end() :]
    for word in (b"sources", b"sinks", b"inputs", b"config", b"type", b"schema", b"format", b"window"):
        for wrong in (b"1", b"''", b"~", b"[[]]"):
            at = dice.choice([m.end() for m in re.finditer(rb"\b" + word + rb":(?! ')", GOOD)])
            indent = len(GOOD[GOOD.rfind(b"\n", 0, at) + 1 : at]) - len(
                GOOD[GOOD.rfind(b"\n", 0, at) + 1 : at].lstrip()
            )
            rest = re.search(rb"(?m)^ {0,%d}\S" % indent, GOOD[at:])
            cut = at + rest.start() if rest else len(GOOD)
            yield f"{word!r} is {wrong!r}", GOOD[:at] + b" " + wrong + b"\n" + GOOD[cut:]


status, text, cpu, least = validate(GOOD)
tap.equal("a good file is accepted", (status, text), (0, ""))
tap.diag(f"it takes {cpu * 1000:.0f} ms and {least >> 10} MiB")
count, slowest, largest = 0, 0.0, 0
wrong = {"exit code 78": [], "a place with line and column": [], "100 ms": [], "16 MiB": [], "safe": []}
for name, content in cases():
    status, text, cpu, size = validate(content)
    count += 1
    for _ in range(2):  # a busy machine inflates CPU times: the least of three counts
        if cpu > MOST_CPU:
            cpu = min(cpu, validate(content)[2])
    slowest, largest = max(slowest, cpu), max(largest, size)
    if status != 78:
        wrong["exit code 78"].append(f"{name}: {status} {text[:200]}")
    elif len(content) <= 1 << 20 and not re.search(r"access-log\.yaml:\d+:\d+: error\[SD\d{4}\]: ", text):
        wrong["a place with line and column"].append(f"{name}: {text[:200]}")
    if cpu > MOST_CPU and not SANITIZED:
        wrong["100 ms"].append(f"{name}: {cpu * 1000:.0f} ms")
    if size - least > MOST_RSS and not SANITIZED:
        wrong["16 MiB"].append(f"{name}: {(size - least) >> 10} MiB more")
    if re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text):
        wrong["safe"].append(f"{name}: {text[:200]!r}")
tap.diag(f"{count} files, at most {slowest * 1000:.0f} ms and {(largest - least) / 1024:.1f} MiB more")
tap.ok("at least 200 files were tried", count >= 200, f"{count}")
tap.empty("every one has exit code 78", wrong["exit code 78"])
tap.empty("and a problem with line and column", wrong["a place with line and column"])
tap.empty("none takes more than 100 ms of CPU", wrong["100 ms"])
tap.empty("none takes 16 MiB more than a good file", wrong["16 MiB"])
tap.empty("none makes streamctl print what drives a terminal", wrong["safe"])
tap.done_testing()
