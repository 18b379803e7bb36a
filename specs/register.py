#!/usr/bin/env python3
"""Writes specs/rules.md from the doc comments, and the rules' sentences into the chapters.

A rule stands as `/// > ABC-01: sentence` above what enforces it. The chapters repeat it as
`- **ABC-01**: sentence`: sentences are kept up here, and a rule that no chapter has yet is put beside
its neighbour by number, from where it can be moved by hand. What is missing (a test, a chapter, a doc
comment) goes to standard error. Run from anywhere; no arguments.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULE = re.compile(r"^\s*//[/!] > ([A-Z]{3}-\d\d): (.*?)\s*$")
MORE = re.compile(r"^\s*//[/!] > (?![A-Z]{3}-\d\d:)(.*?)\s*$")
FN = re.compile(r"^(\s*)(?:pub(?:\([\w: ]+\))? )?(?:const )?fn (\w+)")
IMPL = re.compile(r"^(?:impl(?:<[^>]*>)? (?:.* for )?|(?:pub )?trait )(\w+)")
TESTED = re.compile(r"(?:[a-z]{3}_\d\d(?:_|$))*")
LEADING = re.compile(r"([a-z]{3})_(\d\d)")
BULLET = re.compile(r"^- \*\*([A-Z]{3}-\d\d)\*\*: .*$", re.M)
HEAD = """# The register of rules

One row for each rule: its sentence as it stands in the doc comment, the function that enforces it, one test that shows it. The
chapters explain them. Written by `specs/register.py`; a test of the package `tests` compares register, code, tests and chapters.

| ID | Rule | Function | Test |
| --- | --- | --- | --- |
"""


def sources():
    for folder in ("crates", "tests"):
        yield from sorted((ROOT / folder).rglob("*.rs"))


def module_of(path):
    """`parclose_store::disk::wal` of a file below crates/; empty for tests."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[0] != "crates" or parts[2] != "src":
        return None
    inner = [part for part in parts[3:] if part not in ("lib", "main")]
    return "::".join(["parclose_" + parts[1], *inner])


def item(lines, at):
    """The lines from a doc comment to the first line of what it documents."""
    for found in range(at, len(lines)):
        yield lines[found]
        if lines[found].strip() and not lines[found].strip().startswith(("//", "#", "]")):
            return


def enforcing(lines, at):
    """The function after a doc comment, with its type when it is a method."""
    of_a_type = at < len(lines) and not any(FN.match(line) for line in item(lines, at))
    for found in range(at, len(lines)):
        match = FN.match(lines[found])
        if match and not (of_a_type and match[2] == "new"):
            if match[1]:
                for above in reversed(lines[:found]):
                    if outer := IMPL.match(above):
                        return f"{outer[1]}::{match[2]}"
            return match[2]
    return "?"


def read():
    rules, tests, named = {}, {}, set()
    for path in sources():
        text = path.read_text()
        lines, module = text.split("\n"), module_of(path)
        for at, line in enumerate(lines):
            if module and (match := RULE.match(line)):
                sentence, end = match[2], at + 1
                while end < len(lines) and (more := MORE.match(lines[end])):
                    sentence, end = f"{sentence} {more[1]}", end + 1
                place = (f"{module}::{enforcing(lines, end)}", path)
                # A rule that is stated twice keeps its first place; both must say the same.
                if rules.setdefault(match[1], (sentence, *place))[0] != sentence:
                    print(f"{match[1]}: stated in two ways", file=sys.stderr)
            if match := FN.match(line):
                for prefix, number in LEADING.findall(TESTED.match(match[2])[0]):
                    tests.setdefault(f"{prefix.upper()}-{number}", []).append((match[2], path))
        if module:
            named.update(re.findall(r'"([A-Z]{3}-\d\d)"', text))
    return rules, tests, named


def nearest(tests, home):
    """The test that stands closest to the rule: same file, its tests, same crate, anywhere."""
    def distance(test):
        shared = 0
        for a, b in zip(test[1].with_suffix("").parts, home.with_suffix("").parts):
            if a != b:
                break
            shared += 1
        return -shared
    return min(tests, key=distance)[0]


def beside(rule, bullets):
    """The rule of the same kind after which, or before which, a new one stands; None for a new kind."""
    kind = [known for known in bullets if known[:3] == rule[:3]]
    before = [known for known in kind if known < rule]
    return max(before) if before else min(kind, default=None)


def write_chapters(sentences):
    """Keeps the bullets of all chapters up; returns where each rule is explained."""
    paths = sorted((ROOT / "specs").glob("[0-9]*.md"))
    texts = {path: path.read_text() for path in paths}
    home = {rule: path for path in paths for rule in BULLET.findall(texts[path])}
    for rule in sorted(set(sentences) - set(home)):
        if (known := beside(rule, home)) is None:
            continue
        line = re.search(rf"^- \*\*{known}\*\*: .*$", texts[home[known]], re.M)[0]
        pair = [line, f"- **{rule}**: -"] if known < rule else [f"- **{rule}**: -", line]
        home[rule] = home[known]
        texts[home[rule]] = texts[home[rule]].replace(line, "\n".join(pair))
    explained = {}
    for path in paths:
        for rule in BULLET.findall(texts[path]):
            explained.setdefault(rule, []).append(path.name)
        fresh = BULLET.sub(lambda m: f"- **{m[1]}**: {sentences[m[1]]}" if m[1] in sentences else m[0], texts[path])
        if fresh != path.read_text():
            path.write_text(fresh)
    return explained


def main():
    rules, tests, named = read()
    rows, missing = [], []
    for rule in sorted(rules):
        sentence, function, home = rules[rule]
        test = f"`{nearest(tests[rule], home)}`" if rule in tests else "none"
        cell = sentence.replace("|", "\\|")
        rows.append(f"| {rule} | {cell} | `{function}` | {test} |\n")
    (ROOT / "specs/rules.md").write_text(HEAD + "".join(rows))
    explained = write_chapters({rule: sentence for rule, (sentence, *_) in rules.items()})
    missing += [f"{rule}: no test is named after it" for rule in sorted(rules) if rule not in tests]
    missing += [f"{rule}: no chapter explains it" for rule in sorted(rules) if rule not in explained]
    missing += [f"{rule}: explained twice, in {', '.join(where)}" for rule, where in sorted(explained.items()) if len(where) > 1]
    missing += [f"{rule}: explained, but no doc comment states it" for rule in sorted(set(explained) - set(rules))]
    missing += [f"{rule}: named in code, but no doc comment states it" for rule in sorted(named - set(rules))]
    missing += [f"{rule}: a test is named after it, but no doc comment states it" for rule in sorted(set(tests) - set(rules))]
    for line in missing:
        print(line, file=sys.stderr)
    print(f"{len(rows)} rules")


if __name__ == "__main__":
    main()
