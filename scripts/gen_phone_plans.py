#!/usr/bin/env python3
"""Writes src/detect/checks/phone_plan/plans.rs: national numbering plans by region.

    pip install phonenumbers==9.0.43
    python3 scripts/gen_phone_plans.py

The plans are those that the regulators report to the ITU (E.164 national numbering plans,
https://www.itu.int/oth/T0202.aspx?parent=T0202), as Google's libphonenumber (Apache-2.0) collects
them. Of each region are kept the lengths of fixed and mobile numbers and the two digits they begin
with, also behind the trunk prefix. Prints the share of random numbers of each length that fit.
"""
import collections
import pathlib
import random
import re

import phonenumbers
from phonenumbers import PhoneMetadata

OUT = pathlib.Path(__file__).resolve().parent.parent / "src/detect/checks/phone_plan/plans.rs"
# Where names of fields are in one language, and which countries' numbers stand under them. Of
# countries whose numbers have no fixed length (Austria, Germany, Indonesia) none are kept: they are
# written with their trunk prefix.
GROUPS = {
    "SOUTH": "ES IT AR CL CO CR CU DO EC MX PE VE",
    "PORTUGUESE": "PT BR",
    "NORTH": "CH CZ DK EE HR HU IS LT LV NO PL RO SE SI SK TR FI",
    "WEST": "BE CH FR NL",
    "EAST": "BG GR RU UA",
    "OTHERS": "AU CN GB HK IE IL IN JP KE KR MY NG NZ PK SG TH TW VN ZA",
}
LENGTHS = range(8, 13)
SAMPLES = 200
# Of the numbers that begin with two digits, at least so many are fixed or mobile ones.
SHARE_MIN = 0.1


def plan(region, rng):
    """{length: set of two leading digits} of numbers as they are dialled within `region`."""
    data = PhoneMetadata.metadata_for_region(region)
    patterns = [re.compile(d.national_number_pattern) for d in (data.fixed_line, data.mobile)
                if d and d.national_number_pattern]
    fits = collections.defaultdict(set)
    prefix = data.national_prefix or ""
    for length in range(6, 13):
        for lead in range(100):
            numbers = [f"{lead:02}{rng.randrange(10 ** (length - 2)):0{length - 2}}"
                       for _ in range(SAMPLES)]
            known = sum(any(p.fullmatch(number) for p in patterns) for number in numbers)
            if known < SHARE_MIN * SAMPLES:
                continue
            fits[length].add(f"{lead:02}")
            if prefix in ("0", "8"):
                fits[length + 1].add(f"{prefix}{lead // 10}")
    return {n: leads for n, leads in sorted(fits.items()) if n in LENGTHS}


def main():
    rng = random.Random(7)
    lines, unions = [], {}
    for group, regions in GROUPS.items():
        plans = []
        union = collections.defaultdict(set)
        for region in sorted(regions.split()):
            for length, leads in plan(region, rng).items():
                bits = sum(1 << int(lead) for lead in leads)
                plans.append(f"    ({length}, 0x{bits:025x}), // {region}")
                union[length] |= leads
        lines.append((group, plans))
        unions[group] = union
    out = [
        "//! National numbering plans. Written by scripts/gen_phone_plans.py of phonenumbers",
        f"//! {phonenumbers.__version__} (Apache-2.0), which collects what regulators report to the ITU:",
        "//! do not edit. Each line: how many digits are dialled in a region, and the bit of each pair",
        "//! of digits that such a fixed or mobile number begins with.",
        "",
        "use super::Plan;",
    ]
    for group, plans in lines:
        out += ["", f"pub(super) const {group}: &[Plan] = &[", *plans, "];"]
    OUT.write_text("\n".join(out) + "\n")
    everywhere = collections.defaultdict(set)
    for union in unions.values():
        for length, leads in union.items():
            everywhere[length] |= leads
    for group, union in [*unions.items(), ("ALL", everywhere)]:
        print(group, {n: round(len(union.get(n, ())) / 100, 2) for n in LENGTHS})


main()
