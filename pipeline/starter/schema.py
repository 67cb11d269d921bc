"""What of JSON Schema the starter model accepts as `format`.

llguidance, inside this llama.cpp, fails open: a schema that it cannot compile gives free text and no error. So only
what was seen to hold is let through, and patterns are kept to what Python's `re`, llguidance and llama.cpp's own
converter (behind a real Ollama) read alike. Everything else is refused by name, before a token is written.
"""

from typing import Any

NOTES = {"title", "description", "default", "examples", "$schema", "$comment", "$defs", "definitions"}
RULES = {
    "type", "enum", "const", "anyOf", "$ref", "properties", "required", "additionalProperties", "items",
    "minItems", "maxItems", "pattern", "minLength", "maxLength",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
}  # fmt: skip
TYPES = {"object", "array", "string", "integer", "number", "boolean", "null"}
LONGEST = 2000  # llama.cpp's own converter refuses longer repetitions
MOST_STEPS = 50_000  # nested repetitions multiply; a pattern unrolled beyond this costs seconds to compile
MOST_PARTS = 1000  # sub-schemas, references counted each time they are used


class Unusable(ValueError):
    """The schema cannot be kept to; the message says where and why."""


def require_usable(schema: dict[str, Any]) -> None:
    """Raise Unusable unless the engine will keep to every rule in `schema`."""
    _Walk(schema).part(schema, "format", ())


class _Walk:
    def __init__(self, root: dict[str, Any]) -> None:
        self.root, self.parts = root, 0

    def part(self, schema: Any, where: str, inside: tuple[str, ...]) -> None:
        """`inside` names the references being followed, so that a circle is seen."""
        if not isinstance(schema, dict):
            raise Unusable(f"{where}: expected a schema object")
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise Unusable(f"format: more than {MOST_PARTS} parts")
        for keyword in schema:
            if keyword not in NOTES and keyword not in RULES and not keyword.startswith("x-"):
                raise Unusable(f"{where}: unsupported keyword {keyword!r}")
        self._kind(schema, where)
        self._bounds(schema, where)
        if "pattern" in schema:
            if "minLength" in schema or "maxLength" in schema:
                raise Unusable(f"{where}: give lengths inside the pattern, as {{a,b}}, not beside it")
            require_portable(schema["pattern"], where)
        self._object(schema, where, inside)
        if "items" in schema:
            self.part(schema["items"], f"{where}.items", inside)
        if "anyOf" in schema:
            for number, choice in enumerate(_filled_list(schema["anyOf"], f"{where}.anyOf")):
                self.part(choice, f"{where}.anyOf[{number}]", inside)
        if "$ref" in schema:
            self._reference(schema["$ref"], where, inside)

    def _kind(self, schema: dict[str, Any], where: str) -> None:
        if "type" in schema:
            kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            if not kinds or any(not isinstance(kind, str) or kind not in TYPES for kind in kinds):
                raise Unusable(f"{where}: unknown type {schema['type']!r}")
        if "enum" in schema:
            _filled_list(schema["enum"], f"{where}.enum")

    def _bounds(self, schema: dict[str, Any], where: str) -> None:
        for low, high in (("minLength", "maxLength"), ("minItems", "maxItems")):
            for name in (low, high):
                if name in schema and (type(schema[name]) is not int or not 0 <= schema[name] <= LONGEST):
                    raise Unusable(f"{where}: {name} must be a whole number from 0 to {LONGEST}")
            if schema.get(low, 0) > schema.get(high, LONGEST):
                raise Unusable(f"{where}: {low} is above {high}")
        limits = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
        if any(name in schema and type(schema[name]) not in (int, float) for name in limits):
            raise Unusable(f"{where}: limits must be numbers")
        floors = [schema[name] for name in limits[:2] if name in schema]
        ceilings = [schema[name] for name in limits[2:] if name in schema]
        if floors and ceilings and max(floors) > min(ceilings):
            raise Unusable(f"{where}: no number is within its limits")

    def _object(self, schema: dict[str, Any], where: str, inside: tuple[str, ...]) -> None:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, dict):
            raise Unusable(f"{where}: properties must be an object")
        if not isinstance(required, list) or any(type(n) is not str or n not in properties for n in required):
            raise Unusable(f"{where}: required must list names out of properties")
        for name, part in properties.items():
            self.part(part, f"{where}.{name}", inside)
        extra = schema.get("additionalProperties", True)
        if not isinstance(extra, bool):
            self.part(extra, f"{where}.additionalProperties", inside)

    def _reference(self, reference: Any, where: str, inside: tuple[str, ...]) -> None:
        for folder in ("$defs", "definitions"):
            prefix = f"#/{folder}/"
            definitions = self.root.get(folder)
            if isinstance(reference, str) and reference.startswith(prefix) and isinstance(definitions, dict):
                name = reference.removeprefix(prefix)
                if name in definitions:
                    if reference in inside:
                        raise Unusable(f"{where}: {reference} refers to itself")
                    return self.part(definitions[name], reference, (*inside, reference))
        raise Unusable(f"{where}: {reference!r} is not one of the schema's own $defs")


def _filled_list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise Unusable(f"{where}: expected a list with something in it")
    return value


def require_portable(pattern: Any, where: str = "pattern") -> None:
    """Raise Unusable unless `pattern` means the same to every backend.

    Portable: `^…$` around literals, classes such as `[a-z]` and `[.]`, plain groups with `|`, and the quantifiers
    `?`, `*`, `+`, `{a,b}`. A quote, a bare dot and a negated class are out: llama.cpp's converter would let them end
    the JSON string.
    """
    if not isinstance(pattern, str) or len(pattern) < 3 or pattern[0] != "^" or pattern[-1] != "$":
        raise Unusable(f"{where}: a pattern must start with '^' and end with '$'")
    _Pattern(pattern[1:-1], where).check()


class _Pattern:
    """Recursive descent over portable expressions; each step returns how many atoms it unrolls to."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where, self.at = text, where, 0

    def check(self) -> None:
        self._choices(depth=0)
        if self.at < len(self.text):
            raise self._refusal("an unmatched ')'")

    def _refusal(self, what: str) -> Unusable:
        return Unusable(f"{self.where}: {what} at character {self.at + 1} of the pattern")

    def _next(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _choices(self, depth: int) -> int:
        if depth > 20:
            raise self._refusal("groups nested too deep")
        steps = self._sequence(depth)
        while self._next() == "|":
            if depth == 0:  # `^a|b$` is (^a)|(b$) to Python and ^(a|b)$ to llama.cpp
                raise self._refusal("a '|' outside a group")
            self.at += 1
            steps += self._sequence(depth)
        return steps

    def _sequence(self, depth: int) -> int:
        start, steps = self.at, 0
        while self._next() not in ("", "|", ")"):
            steps += self._atom(depth) * self._times()
            if steps > MOST_STEPS:
                raise self._refusal("repetitions that multiply to too much")
        if self.at == start:
            raise self._refusal("an empty alternative")
        return steps

    def _atom(self, depth: int) -> int:
        if self._next() == "[":
            return self._class()
        if self._next() != "(":
            self._plain(but=".^$*+?{}[]()|")
            return 1
        self.at += 1
        if self._next() == "?":
            raise self._refusal("a '(?' group")
        steps = self._choices(depth + 1)
        if self._next() != ")":
            raise self._refusal("a group without its ')'")
        self.at += 1
        return steps

    def _plain(self, but: str) -> str:
        sign = self._next()
        if sign in ('"', "\\") or ord(sign) < 32 or ord(sign) == 127:
            raise self._refusal(f"unsupported {sign!r}")
        if sign in but:
            raise self._refusal(f"a bare {sign!r} (write [{sign}] for the sign itself)")
        self.at += 1
        return sign

    def _class(self) -> int:
        self.at += 1
        if self._next() in ("^", "]"):
            raise self._refusal("a negated or empty class")
        last = ""
        while self._next() != "]":
            if self._next() == "":
                raise self._refusal("a class without its ']'")
            if self.text[self.at : self.at + 2] in ("--", "&&", "~~", "||"):  # set operators to llguidance
                raise self._refusal("a doubled sign in a class")
            sign = self._plain(but="[")
            if sign == "-" and last and self._next() != "]":
                if self._plain(but="[") < last:
                    raise self._refusal("a range that runs backwards")
                last = ""
            else:
                last = sign
        self.at += 1
        return 1

    def _times(self) -> int:
        """Read a quantifier, if there is one; the most times it asks for, an open end counted as one more."""
        sign, most = self._next(), 1
        if sign and sign in "?*+":
            self.at += 1
            most = 1 if sign == "?" else 2
        elif sign == "{":
            inner, closed, _ = self.text[self.at + 1 :].partition("}")
            low, comma, high = inner.partition(",")
            numbers = all(n.isascii() and n.isdigit() and len(n) < 6 for n in (low, high) if n)
            if not (closed and low and numbers):
                raise self._refusal("a repetition that is not {a}, {a,} or {a,b}")
            most = int(high) if high else int(low) + (1 if comma else 0)
            if most > LONGEST or most < int(low) or most == 0:
                raise self._refusal(f"a repetition outside 1 to {LONGEST} or running backwards")
            self.at += len(inner) + 2
        else:
            return 1
        if self._next() and self._next() in "?*+{":
            raise self._refusal("a quantifier on a quantifier")
        return most
