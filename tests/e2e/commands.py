# SPDX-License-Identifier: ISC
"""The commands that stand in a Markdown file, for the tests that run them.

    commands.py list FILE DIR [HEADING]
    commands.py seen SEEN OUT NAMES

list prints a line for each command: its number, its line in FILE, the number
of its block, its prompt, the status that it ends with, and why no test runs
it, or -.  It writes the command to DIR/NUMBER, and to DIR/NUMBER.seen what
the document says is to be seen after it.

Without HEADING, commands are in blocks of code that are called console: what
follows a prompt, which is a word that ends in # or $ and a space.  A line that
ends in a backslash goes on, and so does a here-document, to its END.  Other
lines are what is seen.  A prompt in another block, or a block of console that
begins with something else, is refused: no test would run it.  "# exit N" at the end of a line is the status; a block
called "console unrun: REASON" is for the reader alone.

With HEADING, a regular expression, they are in the blocks without a name under
the heading that matches, each line one, and their prompt is -.

seen succeeds if each line of SEEN stands in OUT, in that order.  "..." is
anything, and so is a line of it; blanks are all alike, and so are times and
dates.  A word of six or eight of a-z2-7, of which some are digits, is an id:
which one stands there in OUT is remembered in NAMES, a script of sed.
"""
import re
import sys

PROMPT = re.compile(r"([a-z][a-z0-9-]*[#$]) (.*)")
TIMES = r"\d{4}-\d\d-\d\d|\b\d\d-\d\d\b|\b\d\d:\d\d(?::\d\d)?\b"
IDS = r"\b(?=[a-z]*[2-7])(?:[a-z2-7]{8}|[a-z2-7]{6})\b"


def blocks(path, heading):
    """(info, first line, lines) of each block of code under that heading."""
    on, block = not heading, None
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            if line.startswith("```"):
                if block and on:
                    yield block
                block = None if block else (line[3:], number + 1, [])
            elif block:
                block[2].append(line)
            elif heading and line.startswith("## "):
                on = re.search(heading, line) is not None


def commands(block, bare):
    """[line, prompt, [line of the command...], [what is seen...]] of each."""
    found, here, more = [], False, False
    for number, line in enumerate(block[2], block[1]):
        match = PROMPT.fullmatch(line)
        if here or more:
            found[-1][2].append(line)
            here = here and line != "END"
        elif bare or match:
            line = line if bare else match[2]
            found.append([number, "-" if bare else match[1], [line], []])
            here = re.search(r"<<-?'?END\b", line) is not None
        elif found:
            found[-1][3].append(line)
            continue
        more = not here and line.endswith("\\")
    return found


def wanted(info, bare):
    return not info if bare else info.split(" ")[0] == "console"


def stray(path):
    """Each line that would be taken for a command, and that nobody runs."""
    for info, start, lines in blocks(path, None):
        for number, line in enumerate(lines, start):
            prompt = re.match(r"\S*[#$] \S", line)
            if wanted(info, None):
                if number == start and not PROMPT.fullmatch(line):
                    yield number, line
            elif prompt:
                yield number, line


def list_commands(path, folder, heading=None):
    for number, line in [] if heading else stray(path):
        sys.exit("%s:%d: no test runs this: %s" % (path, number, line))
    number = 0
    chosen = [b for b in blocks(path, heading) if wanted(b[0], heading)]
    for nth, block in enumerate(chosen, 1):
        unrun = re.fullmatch(r"console unrun: (.+)", block[0])
        for line, prompt, text, seen in commands(block, heading):
            number += 1
            name = "%s/%03d" % (folder, number)
            status = re.search(r"# exit (\d+)$", text[-1])
            with open(name, "w", encoding="utf-8") as out:
                out.write("\n".join(text) + "\n")
            with open(name + ".seen", "w", encoding="utf-8") as out:
                out.writelines(s + "\n" for s in seen)
            print("%03d" % number, line, nth, prompt,
                  status[1] if status else 0, unrun[1] if unrun else "-")


def pattern(line):
    """The regular expression of a line to be seen, and the ids in it."""
    ids, text = [], ""
    for word in re.split(r"(\.\.\.|\s+|%s|%s)" % (TIMES, IDS), line.strip()):
        if re.fullmatch(IDS, word):
            ids.append(word)
            text += "([a-z2-7]{%d})" % len(word)
        elif word == "...":
            text += ".*"
        elif re.fullmatch(TIMES, word):
            text += "(?:%s)" % TIMES
        else:
            text += r"\s+" if word.isspace() else re.escape(word)
    return text, ids


def read(path):
    with open(path, encoding="utf-8", errors="replace") as lines:
        return [line.rstrip() for line in lines]


def seen(path, out, names):
    shown = read(out)
    for line in read(path):
        if line in ("", "..."):
            continue
        text, ids = pattern(line)
        while shown:
            match = re.search(text, shown.pop(0))
            if match:
                break
        else:
            sys.exit("not seen: " + line)
        with open(names, "a", encoding="utf-8") as script:
            for mine, theirs in zip(ids, match.groups()):
                script.write("s/\\b%s\\b/%s/g\n" % (mine, theirs))


if __name__ == "__main__":
    {"list": list_commands, "seen": seen}[sys.argv[1]](*sys.argv[2:])
