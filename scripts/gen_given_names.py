#!/usr/bin/env python3
"""Writes rules/dictionaries/given-names.txt: what people are called by first, in Latin letters.

The given names of every locale of the npm package @faker-js/faker (MIT), in lower case, as they are
written and without their marks (`josé`, `jose`). Left out is what is a word, too: those APIs name
things with (rules/dictionaries/api-words.txt, care-words.txt) and those that package makes texts,
colours, goods and slogans of, but for names of four locales and more (`grace`). They serve one
purpose: in a column of capitalised words that may be firms or persons, persons are told by how many
have a given name. Needs npm, Node.js and Python 3.

usage: scripts/gen_given_names.py
"""
import collections, json, pathlib, subprocess, tarfile, tempfile, unicodedata

PACKAGE = "@faker-js/faker@10.6.0"
FOLDER = pathlib.Path(__file__).parent.parent / "rules/dictionaries"
LETTERS_MIN = 3
# A word that so many locales have as a name is one.
LOCALES_MIN = 4
READ = """
import { allLocales } from "./package/dist/index.js";
const kinds = ["generic", "female", "male"];
const given = Object.values(allLocales).map((l) => l.person?.first_name);
const names = given.map((n) => kinds.flatMap((kind) => n?.[kind] ?? []));
const { color, commerce, company, hacker, word } = allLocales.en;
const words = { color, commerce, company, hacker, adjective: word.adjective, noun: word.noun };
console.log(JSON.stringify({ names, words }));
"""
# Letters that are no other letter with a mark.
LETTERS = str.maketrans({"ł": "l", "ø": "o", "ı": "i", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


def texts(value):
    """Every string anywhere in `value`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for member in value.values() if isinstance(value, dict) else value:
            yield from texts(member)


def plain(name):
    marks = unicodedata.normalize("NFKD", name)
    return "".join(c for c in marks if not unicodedata.combining(c)).translate(LETTERS)


def is_latin(name):
    return all(unicodedata.name(c, "").startswith("LATIN") for c in name)


with tempfile.TemporaryDirectory() as folder:
    pack = subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True, text=True)
    tarfile.open(pathlib.Path(folder) / pack.stdout.split()[-1]).extractall(folder, filter="data")
    script = pathlib.Path(folder) / "read.mjs"
    script.write_text(READ)
    read = subprocess.run(["node", script.name], cwd=folder, check=True, capture_output=True, text=True)
    data = json.loads(read.stdout)
words = {word.lower() for text in texts(data["words"]) for word in text.split()}
for file in ("api-words.txt", "care-words.txt"):
    words.update((FOLDER / file).read_text().split())
locales = collections.Counter()
for given in data["names"]:
    locales.update({name.replace("İ", "i").lower() for text in given for name in text.replace("-", " ").split()})
names = {form for name in locales if is_latin(name) for form in (name, plain(name))}
# What is a word without its marks (`Thể`) is one, too.
names = {name for name in names if locales[name] >= LOCALES_MIN or name not in words}
kept = sorted(name for name in names if len(name) >= LETTERS_MIN)
(FOLDER / "given-names.txt").write_text("".join(f"{name}\n" for name in kept))
print(len(kept), "given names")
