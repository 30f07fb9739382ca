"""Counts the tests of JUnit files by folder; fails when a folder ran nothing or a skip has no reason."""

import sys
import xml.etree.ElementTree as tree
from collections import Counter

ran: Counter[str] = Counter()
skipped: Counter[str] = Counter()
silent = []
for case in (case for file in sys.argv[1:] for case in tree.parse(file).iter("testcase")):
    room = ".".join(case.get("classname", "").split(".")[:2])
    skip = case.find("skipped")
    if skip is None:
        ran[room] += 1
    else:
        skipped[room] += 1
        if not skip.get("message"):
            silent.append(case.get("name"))
for room in sorted(ran.keys() | skipped.keys()):
    print(f"{room}: {ran[room]} ran, {skipped[room]} skipped")
empty = [room for room in skipped if not ran[room]]
if empty or silent or not ran:
    print(f"skipped whole: {empty}; without a reason: {silent}")
    sys.exit(1)
print(f"{sum(ran.values())} ran, {sum(skipped.values())} skipped")
