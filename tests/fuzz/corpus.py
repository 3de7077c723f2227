"""corpus.py pack FOLDER FILE | unpack FILE FOLDER

A corpus of libFuzzer is a folder of hundreds of small files. Here one lies in one file: for each input
its length, two bytes, the lower one first, and its bytes; shorter inputs first.
"""

import hashlib
import os
import sys


def pack(folder, path):
    """All files of the folder into one."""
    inputs = {open(os.path.join(folder, name), "rb").read() for name in os.listdir(folder)}
    with open(path, "wb") as out:
        for data in sorted(inputs, key=lambda d: (len(d), d)):
            out.write(len(data).to_bytes(2, "little") + data)


def unpack(path, folder):
    """Each input into a file of its own."""
    os.makedirs(folder, exist_ok=True)
    with open(path, "rb") as packed:
        while head := packed.read(2):
            data = packed.read(int.from_bytes(head, "little"))
            with open(os.path.join(folder, hashlib.sha1(data).hexdigest()), "wb") as out:
                out.write(data)


if len(sys.argv) == 4 and sys.argv[1] in ("pack", "unpack"):
    {"pack": pack, "unpack": unpack}[sys.argv[1]](sys.argv[2], sys.argv[3])
else:
    sys.exit(__doc__)
