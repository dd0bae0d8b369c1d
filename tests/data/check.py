"""Reads the sample books back and works expected.json out a second time, from the files alone.

Nothing is shared with the scripts that made them. Run: python3 check.py [quickbooks|xero|gnucash ...]
Exits 1 and names the first differences if anything disagrees.
"""

import importlib
import sys

COMPANIES = ["quickbooks", "xero", "gnucash"]


def main(names):
    bad = 0
    for name in names or COMPANIES:
        problems = list(importlib.import_module(f"check_{name}").check())
        bad += len(problems)
        print(f"{name}: {'agrees' if not problems else f'{len(problems)} differences'}")
        for problem in problems[:20]:
            print(f"  {problem}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
