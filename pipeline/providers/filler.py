"""Text that fits a schema and says nothing: what the scripted model answers when nobody tells it what to say."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from re import _constants as sre  # type: ignore[attr-defined]  # how Python itself reads a pattern
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from .base import Request

_THINGS = (
    "anvil apron atlas bench bicycle blanket bottle broom bucket button candle carpet chair chalk chisel clock coat "
    "compass cup curtain desk diary door drawer drum easel envelope fence flask fork funnel garden glove hammer hinge "
    "hose ink iron jacket jar jug kettle key knife ladder lamp lantern ledger lens letter lid list lock loom map mirror "
    "mop mug nail needle notebook oven paddle pan pencil pillow pipe plank plate pocket pot pump quilt radio rake ribbon "
    "rope ruler saddle sail saw scarf scissors shelf shovel sieve sink spade sponge spoon stamp stool stove string table "
    "tap teapot tent thermometer ticket tile timer torch tray trunk umbrella vase wagon wallet wheel whistle window wire"
)
_PLACES = (
    "attic bakery barn basement boathouse cabin canteen cellar chapel clinic corridor courtyard depot dock farm ferry "
    "foundry gallery garage greenhouse hall harbour inn kitchen laundry library lobby market mill museum nursery office "
    "orchard pantry park pharmacy pier quarry school shed shop stable station studio theatre tower tunnel workshop yard"
)
THINGS, PLACES = _THINGS.split(), _PLACES.split()
SENTENCES = (
    "The {0} in the {2} is looked at once a week, and the {1} less often.",
    "For example, one team kept a {0} beside the {1} and wrote down every question.",
    "Start with the {0}, and leave the {1} in the {2} for another day.",
    "Nobody in the {2} had asked what the {0} was for.",
    "A {0} that is easy to find saves a walk through the {2}.",
    "Put the {0} where the people of the {2} pass each morning.",
    "Most of the trouble with a {0} begins long before it reaches the {2}.",
    "Ask the person who uses the {0} in the {2} before you change the {1}.",
    "It takes one quiet hour to learn what the {0} does for the {2}.",
    "When the {0} breaks, the {2} goes on with a spare {1}.",
    "A good {0} is dull, and the {2} is grateful for that.",
    "Try it with one {0} first, then with the {1} of the {2}.",
    "Between the {0} and the {1} there is room for one more chair.",
    "Someone in the {2} has mended a {0} before, so find out who.",
)
LIMITS = ("minLength", "maxLength")
USUAL_WORDS, SHORT_WORDS = 34, 8
SHORT = 160  # characters: where no more fit, a line is wanted and not a paragraph
_VOWEL = re.compile(r"\b([Aa]) (?=[aeiou])")
_GIVEN = re.compile(r"<text>\n(?P<text>.*?)\n</text>\n+<note>", re.S)  # of a text that is to be revised
_PARTS = re.compile(r"(\n[ \t]*\n)")
ROUNDS = 20  # until two of a list are not alike


def filler(request: Request) -> str:
    """Text of about the length that was asked for, as the schema wants it; another one for every request."""
    asked = request.messages[-1]["content"]
    draw = random.Random(f"{request.seed}{request.prompt}{asked}")
    if request.schema is None and (given := _GIVEN.search(asked)):
        return revised(draw, given["text"])
    if request.schema is None:
        return prose(draw, request.max_tokens // 4)
    return json.dumps(fill(request.schema, request.schema.get("$defs", {}), draw))


def prose(draw: random.Random, words: int) -> str:
    """Sentences of about `words` words together, in paragraphs of three; no sentence twice."""
    said: list[str] = []
    shapes: list[str] = []
    count = 0
    while count < words:
        shapes = shapes or draw.sample(SENTENCES, len(SENTENCES))
        sentence = shapes.pop().format(*draw.sample(THINGS, 2), draw.choice(PLACES))
        sentence = _VOWEL.sub(r"\1n ", sentence)
        if sentence not in said:
            said.append(sentence)
            count += len(sentence.split())
    return "\n\n".join(" ".join(said[at : at + 3]) for at in range(0, len(said), 3))


def revised(draw: random.Random, text: str) -> str:
    """A text that is to be revised, with one sentence of it in other words and all its marks in their places."""
    parts = _PARTS.split(text)
    prose = [at for at, part in enumerate(parts) if part[:1].isupper() and len(part.split()) >= SHORT_WORDS]
    if prose:
        at = draw.choice(prose)
        first, stop, rest = parts[at].partition(". ")
        shape = draw.choice([one for one in SENTENCES if len(one) <= len(first) + 10] or SENTENCES[:1])
        sentence = _VOWEL.sub(r"\1n ", shape.format(*draw.sample(THINGS, 2), draw.choice(PLACES)))
        parts[at] = f"{sentence}{' ' if stop else ''}{rest}"
    return "".join(parts)


def fill(schema: Mapping[str, Any], known: Mapping[str, Any], draw: random.Random, name: str = "") -> Any:
    """A value that keeps to `schema`; `known` are its $defs, `name` the field's, which tells what reads well there."""
    if "$ref" in schema:
        return fill(known[schema["$ref"].rsplit("/", 1)[1]], known, draw, name)
    for of in ("anyOf", "oneOf", "allOf"):
        if of in schema:
            choices = [part for part in schema[of] if part.get("type") != "null"]
            return fill(choices[0], known, draw, name)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            return {field: fill(part, known, draw, field) for field, part in schema.get("properties", {}).items()}
        case "array":
            return _several(schema, known, draw, name)
        case "integer" | "number":
            return schema.get("minimum", schema.get("maximum", 1))
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _text(schema, draw, name)


def _several(schema: Mapping[str, Any], known: Mapping[str, Any], draw: random.Random, name: str) -> list[Any]:
    """As few as are allowed, or up to three; no two the same as long as the schema leaves a choice."""
    most = schema.get("maxItems", 3)
    fewest = schema.get("minItems", min(3, most))
    count = draw.randint(fewest, max(fewest, min(3, most)))
    made: list[Any] = []
    for _ in range(count):
        for _ in range(ROUNDS):
            one = fill(schema["items"], known, draw, name)
            if one not in made:
                break
        made.append(one)
    return made


def _text(schema: Mapping[str, Any], draw: random.Random, name: str) -> str:
    fewest, most = schema.get("minLength", 0), schema.get("maxLength")
    if "tag" in name or "keyword" in name:
        text = draw.choice(THINGS)
    elif name in {"title", "headline", "name", "topic", "category", "idea"}:
        text = f"{draw.choice(THINGS)}, {draw.choice(THINGS)} and {draw.choice(PLACES)}".capitalize()
    else:
        text = _sentences(draw, fewest, most)
    if most is not None and len(text) > most:
        text = text[:most].rsplit(" ", 1)[0].rstrip(",.")
    if len(text) < fewest:
        text = (text + " " + prose(draw, fewest)).replace("\n\n", " ")[: max(fewest, min(fewest + 20, most or fewest))]
    pattern = schema.get("pattern")
    return text if not pattern or re.search(pattern, text) else _matching(_parser.parse(pattern), draw)


def _sentences(draw: random.Random, fewest: int, most: int | None) -> str:
    """Whole sentences, as many as a paragraph has, or as the limits want; one at least."""
    wanted = SHORT_WORDS if most is not None and most <= SHORT else USUAL_WORDS
    said: list[str] = []
    for sentence in re.split(r"(?<=[.])\s+", prose(draw, max(wanted, fewest))):
        longer = " ".join([*said, sentence])
        if said and ((most is not None and len(longer) > most) or (len(said[0]) and _enough(said, wanted, fewest))):
            break
        said.append(sentence)
    return " ".join(said)


def _enough(said: list[str], wanted: int, fewest: int) -> bool:
    text = " ".join(said)
    return len(text.split()) >= wanted and len(text) >= fewest


def _matching(parsed: Any, draw: random.Random) -> str:
    """Some text that a pattern takes, as short as it may be; without look-around and back references."""
    made = []
    for what, value in parsed:
        match what:
            case sre.LITERAL:
                made.append(chr(value))
            case sre.IN:
                made.append(_one_of(value, draw))
            case sre.ANY | sre.NOT_LITERAL:
                made.append("a" if value != ord("a") else "b")
            case sre.MAX_REPEAT | sre.MIN_REPEAT | sre.POSSESSIVE_REPEAT:
                fewest, _, repeated = value
                made += [_matching(repeated, draw) for _ in range(fewest)]
            case sre.SUBPATTERN:
                made.append(_matching(value[-1], draw))
            case sre.BRANCH:
                made.append(_matching(draw.choice(value[1]), draw))
            case sre.AT:
                pass
            case _:
                raise NotImplementedError(f"the scripted model cannot fill a pattern with {what}")
    return "".join(made)


def _one_of(members: list[Any], draw: random.Random) -> str:
    what, value = draw.choice([member for member in members if member[0] != sre.NEGATE])
    if members[0][0] == sre.NEGATE:
        refused = re.compile("[^" + "".join(chr(v) for k, v in members if k == sre.LITERAL).replace("\\", "\\\\") + "]")
        return next(sign for sign in "abcdefg 0123" if refused.match(sign))
    match what:
        case sre.RANGE:
            return chr(draw.randint(*value))
        case sre.LITERAL:
            return chr(value)
        case _:
            return {sre.CATEGORY_DIGIT: "7", sre.CATEGORY_SPACE: " "}.get(value, "a")
