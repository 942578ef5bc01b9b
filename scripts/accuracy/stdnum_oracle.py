#!/usr/bin/env python3
"""Says of values whether python-stdnum accepts them: the judge of tests/stdnum.rs.

usage: pip install python-stdnum==2.2 && scripts/accuracy/stdnum_oracle.py [--modules] < lines

Each line is MODULE, a tab, a value; each answer one word: `ok`, or what python-stdnum finds wrong
(`checksum`, `component`, `format`, `length`). With --modules it lists every module instead.
python-stdnum (LGPL) is run, never copied.
"""

import importlib
import sys

try:
    from stdnum import exceptions
    from stdnum.util import get_number_modules
except ImportError:
    sys.exit("failed to judge: install python-stdnum; see the usage in this file")

WRONG = (
    (exceptions.InvalidChecksum, "checksum"),
    (exceptions.InvalidComponent, "component"),
    (exceptions.InvalidLength, "length"),
    (exceptions.InvalidFormat, "format"),
)


def judge(module, value):
    try:
        module.validate(value)
        return "ok"
    except exceptions.ValidationError as wrong:
        return next((word for kind, word in WRONG if isinstance(wrong, kind)), "other")
    except Exception:
        # Some modules fail on what their tables do not have (cn.ric on a province without counties).
        return "error"


def main():
    if "--modules" in sys.argv[1:]:
        for module in sorted(get_number_modules(), key=lambda m: m.__name__):
            print(module.__name__.removeprefix("stdnum."))
        return
    modules = {}
    answers = []
    for line in sys.stdin:
        name, value = line.rstrip("\n").split("\t")
        if name not in modules:
            modules[name] = importlib.import_module(f"stdnum.{name}")
        answers.append(judge(modules[name], value))
    print("\n".join(answers))


if __name__ == "__main__":
    main()
