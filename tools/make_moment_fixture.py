"""Makes tests/fixtures/parity/moments.json: bitsandbytes' table of 8-bit numbers, signed and not.

    python3 tools/make_moment_fixture.py

Needs torch and bitsandbytes (from PyPI); the product and its tests do not.
"""

import json
from pathlib import Path

from bitsandbytes.functional import create_dynamic_map

FILE = Path(__file__).resolve().parent.parent / "tests/fixtures/parity/moments.json"


def main():
    tables = {name: create_dynamic_map(signed).tolist() for name, signed in (("signed", True), ("unsigned", False))}
    FILE.write_text(json.dumps(tables, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
