"""Links: those of the manual lead to a file of the tree, and to a heading that is there."""

import os
import re

import tree
from tree import tap

PAGES = ["README.md", "CHANGELOG.md", *tree.files(["docs", "examples"], ".md")]


def without_code(text):
    """The text without its fenced blocks and inline code."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(text):
    """The fragments that headings can be reached by, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def faults(page):
    """One line for each link of a page that leads nowhere."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(tree.read(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if not os.path.exists(os.path.join(tap.SRCDIR, path)):
            yield f"{page}: there is no {path}"
        elif fragment and fragment not in anchors(tree.read(path)):
            yield f"{page}: {path} has no heading #{fragment}"


tap.ok("there are pages", len(PAGES) > 10)
tap.empty("links lead somewhere", [fault for page in PAGES for fault in faults(page)])
tap.done_testing()
