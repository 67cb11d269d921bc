"""Whether the audit trail is whole: every row hashed anew here, and held against the one before it.

The database chains the rows (migration 0004), and is not believed: it only sends the texts. What is hashed of a row is
a JSON array, as PostgreSQL writes it, of

    previous, lane, number, id, microseconds, event, actor, object type, object id, object name, data, request id,
    seal of the origin, seal of what is personal

where a seal is the hash of [salt, ip, agent] or of [salt, personal], and empty where there was nothing to seal.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from content.errors import Invalid
from content.models import AuditEntry, AuditLane, TrailCheck
from content.services import audit

AT_ONCE = 5000  # rows in memory
FINDINGS_TOLD = 20  # of each lane; who altered more has altered enough
FULL_EVERY_DAYS = 7

ERASED = "person.erased"
ANCHOR = "copydesk-trail"

Head = tuple[int, str]  # the number of a lane's last row, and its hash
Heads = Mapping[int, Head]

ROWS = """
SELECT id, number, previous, hash, microseconds,
    json_build_array(previous, lane, number, id, microseconds, event, actor_id, object_type, object_id, object_name,
        data, request_id, origin_seal, personal_seal)::text,
    origin_seal,
    CASE WHEN origin_salt IS NOT NULL THEN json_build_array(origin_salt, host(ip), agent)::text
         WHEN ip IS NOT NULL OR agent <> '' THEN 'unsealed' END,
    personal_seal,
    CASE WHEN personal_salt IS NOT NULL THEN json_build_array(personal_salt, personal)::text
         WHEN personal <> '{}' THEN 'unsealed' END,
    actor_id, object_type, object_id
FROM (
    SELECT *, (extract(epoch FROM created_at) * 1000000)::bigint AS microseconds
    FROM content_auditentry WHERE lane = %s AND number > %s
) entry ORDER BY number
"""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `id` is empty where the row is gone, `lane` where it is no row of the trail; `at` is when
    the row, or the one before it, was made."""

    lane: int | None
    number: int
    what: str  # changed, missing, order, cut, blanked, anchor; of texts: version, decision
    says: str
    id: int | None = None
    at: float = 0.0

    def __str__(self) -> str:
        if self.lane is None:
            return f"{self.says}."
        return f"Row {self.number} of lane {self.lane}{f' (id {self.id})' if self.id else ''}: {self.says}."


@dataclass
class Result:
    """What a verification found. `heads` is where each lane ended then."""

    rows: int = 0
    blanked: int = 0
    texts: int = 0
    seconds: float = 0.0
    heads: dict[int, Head] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.findings

    @property
    def first(self) -> Finding | None:
        """The earliest that is wrong: of each lane the first by its number, for times may have changed places as well."""
        of_lanes: dict[int | None, Finding] = {}
        for one in sorted(self.findings, key=lambda one: one.number):
            of_lanes.setdefault(one.lane, one)
        return min(of_lanes.values(), key=lambda one: (one.at, one.lane or 0), default=None)


def verify(
    *,
    lane: int | None = None,
    since: Heads | None = None,
    against: Sequence[Heads] = (),
    told: Callable[[int], object] = bool,
) -> Result:
    """Read the trail, or one lane of it, or what was added `since` a verification.

    What was kept elsewhere of an earlier one is held `against` it: whoever can write everything here cannot write there.
    `told` hears how many rows were read, now and then.
    """
    started, result = time.monotonic(), Result()
    noted = {head.lane: (head.number, head.hash) for head in AuditLane.objects.all()}
    written = set(AuditEntry.objects.order_by().values_list("lane", flat=True).distinct())
    since = since or {}
    every = sorted({*written, *noted, *since}.union(*against)) if lane is None else [lane]
    for one in every:
        reading = _Lane(one, result, told, known=since.get(one))
        for when, heads in [("was verified before", since), *(("was kept elsewhere", heads) for heads in against)]:
            if one in heads:
                reading.require(heads[one], when)
        reading.read(noted.get(one))
    result.seconds = time.monotonic() - started
    return result


class _Lane:
    """One lane, read from its first row, or from behind the last that is known, to its end."""

    def __init__(self, lane: int, result: Result, told: Callable[[int], object], *, known: Head | None) -> None:
        self.lane, self.result, self.told = lane, result, told
        self.number, self.hash = known or (0, "")
        self.id: int | None = None
        self.at = 0.0
        self.expected = {self.hash}  # by the next row: what is kept of this one, and what it should be
        self.suspects: list[tuple[set[int | None], Finding]] = []
        self.found = 0

    def read(self, noted: Head | None) -> None:
        """To its end, which was `noted` before."""
        # In a transaction: outside of one PostgreSQL would first put a copy of all rows aside for the cursor.
        with transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.execute(ROWS, [self.lane, self.number])
            while rows := cursor.fetchmany(AT_ONCE):
                for row in rows:
                    self._check(*row)
                    if noted and noted[0] == self.number and noted[1] != self.hash:
                        self._find("changed", "it is not the row that was noted when it was written")
                self.result.rows += len(rows)
                self.told(self.result.rows)
        if noted and self.number < noted[0]:
            gone = _span(self.number + 1, noted[0])
            self._find("cut", f"the end was cut off, {gone} gone", number=self.number + 1)
        elif self.number and not AuditLane.objects.filter(lane=self.lane).exists():
            self._find("cut", "it is noted nowhere any more where the lane ends")
        self._judge()
        if self.number:
            self.result.heads[self.lane] = (self.number, self.hash)

    def require(self, head: Head, when: str) -> None:
        """The row that was the last one at some time is still there."""
        if not AuditEntry.objects.filter(lane=self.lane, number=head[0], hash=head[1]).exists():
            self._find("anchor", f"the row that {when} is another one now, or gone", number=head[0])

    def _check(
        self,
        pk: int,
        number: int,
        previous: str,
        kept: str,
        microseconds: int,
        text: str,
        origin_seal: str,
        origin: str | None,
        personal_seal: str,
        personal: str | None,
        *whose: Any,
    ) -> None:
        hashed = sha256(text.encode()).hexdigest()
        follows = previous in self.expected
        if number != self.number + 1:
            gone = _span(self.number + 1, number - 1)
            self._find("missing", f"{gone} gone", number=self.number + 1)
            follows = True  # nobody knows
        elif not follows and hashed == kept:  # this row is as it was, and names another one as the one before it
            self._find("changed", "what it says was changed, and hashed anew", number=self.number, pk=self.id)
        self.id, self.number, self.hash, self.at = pk, number, kept, microseconds / 1_000_000
        if hashed != kept:
            if follows:
                self._find("changed", "what it says was changed", pk=pk)
            else:
                self._find("order", self._misplaced(), pk=pk)
        elif origin and sha256(origin.encode()).hexdigest() != origin_seal:
            self._find("changed", "its address or browser was changed", pk=pk)
        elif personal and sha256(personal.encode()).hexdigest() != personal_seal:
            self._find("changed", "the names in it were changed", pk=pk)
        elif (origin_seal and origin is None) or (personal_seal and personal is None):
            self._blanked(*whose, names=bool(personal_seal and personal is None))
        self.expected = {kept, hashed}

    def _misplaced(self) -> str:
        """Another row stands where this one should, or the other way round. Which?"""
        belongs = AuditEntry.objects.filter(lane=self.lane, previous__in=self.expected).exclude(number=self.number)
        if other := belongs.only("pk", "number").first():
            return f"the order was changed, here belongs the row with id {other.pk}, which is number {other.number} now"
        return "it stands in for another row, or the numbers were changed"

    def _blanked(self, actor: int | None, kind: str, subject: int | None, *, names: bool) -> None:
        """Allowed when it is old, or one of these people was erased; `_judge` asks for that at the end."""
        self.result.blanked += 1
        if not names and self.at < time.time() - settings.AUDIT_DAYS * 86_400:
            return
        says = "names in it were blanked, and nobody was erased" if names else "it was blanked too early"
        finding = Finding(self.lane, self.number, "blanked", says, self.id, self.at)
        self.suspects.append(({actor, subject if kind == "user" else None}, finding))

    def _judge(self) -> None:
        if not self.suspects:
            return
        erasures = AuditEntry.objects.filter(event=ERASED, object_type="user")
        erased = set(erasures.values_list("object_id", flat=True))
        guilty = [finding for people, finding in self.suspects if not people & erased]
        self.result.findings += guilty[:FINDINGS_TOLD]

    def _find(self, what: str, says: str, *, number: int | None = None, pk: int | None = None) -> None:
        self.found += 1
        if self.found <= FINDINGS_TOLD:
            place = self.number if number is None else number
            self.result.findings.append(Finding(self.lane, place, what, says, pk, self.at))


def _span(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"


# --- Kept elsewhere ---


def anchor(heads: Heads) -> str:
    """Where each lane ends, in one line: kept where nobody of this machine can write, it finds out even its owner."""
    ends = " ".join(f"{lane}:{number}:{kept}" for lane, (number, kept) in sorted(heads.items()))
    return f"{ANCHOR} {timezone.now():%Y-%m-%dT%H:%M:%SZ} {ends}".strip()


def anchored(line: str) -> dict[int, Head]:
    """What `anchor` gave, read again. Raises `Invalid`."""
    found = re.fullmatch(rf"{ANCHOR} \S+((?: \d+:\d+:[0-9a-f]{{64}})*)", line.strip())
    if not found:
        raise Invalid(f"That is no anchor. It is one line, and begins with “{ANCHOR}”.")
    parts = (end.split(":") for end in found[1].split())
    return {int(lane): (int(number), kept) for lane, number, kept in parts}


# --- Remembered for people ---


def last_verified() -> TrailCheck | None:
    """When the trail was verified last, and what was found."""
    return TrailCheck.objects.first()


def note(result: Result, *, full: bool) -> TrailCheck:
    """Keep for the audit page what was found; that something was altered is told in the trail itself, too."""
    first, heads = result.first, {**({} if full else _known()), **result.heads}
    if first:
        audit.record("trail.altered", lane=first.lane, number=first.number, row=first.id, what=first.what)
    return TrailCheck.objects.create(
        full=full,
        rows=sum(number for number, _ in heads.values()),
        blanked=result.blanked,
        seconds=round(result.seconds, 2),
        finding=str(first or ""),
        heads=heads,
    )


def keep_verified() -> TrailCheck:
    """Verify what is new since the last time; all of it once a week, and where something was wrong."""
    week = timezone.now() - timedelta(days=FULL_EVERY_DAYS)
    last = last_verified()
    full = last is None or not last.whole or not TrailCheck.objects.filter(full=True, made_at__gt=week).exists()
    return note(verify(since={} if full else _known()), full=full)


def _known() -> dict[int, Head]:
    last = last_verified()
    return {int(lane): (number, kept) for lane, (number, kept) in last.heads.items()} if last else {}
