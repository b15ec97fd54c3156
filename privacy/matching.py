"""Which pseudonyms are one person, and which pairs a person must judge. No database, no names.

==========  ==================================================================================
basis       one person if
==========  ==================================================================================
``uid``     the UID is the same, and names and birth dates do not contradict it
``snils``   the SNILS is the same (its control number holds), and likewise
``name``    name and birth date are the same, and one left for the other (``departures``)
==========  ==================================================================================

What is not sure is a doubt (rule of ``schemas/rules.yml``) and joins nobody:

* ``identity_differs``     the same UID or SNILS, but a name, birth date, SNILS or UID contradicts
* ``evidence_conflicts``   one left for the other, but SNILS, UID or a third school contradicts
* ``several_candidates``   somebody else fits as well, or they were told apart by a person
* ``no_departure``         name and birth date are the same and nothing says that one left

Two of one name and birth date whose SNILS or UIDs differ, and of whom none left for the other,
are two people and no doubt. What a person has decided to be apart stays apart, through others too.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from privacy.departures import succeeding, supported

PAIRS = {"one": pl.String, "other": pl.String, "basis": pl.String, "agrees": pl.Boolean}
MEMBERS = dict.fromkeys(("pseudonym", "person", "school", "snils", "uid"), pl.String())
_RANKS = {"uid": 0, "snils": 1, "name": 2}  # the surer, the smaller


@dataclass(frozen=True)
class Judged:
    """``links``: ``one``, ``other``, ``basis``, each joining two persons; ``doubts``: and ``rule``.

    In both ``one`` is less than ``other``.
    """

    links: pl.DataFrame
    doubts: pl.DataFrame


class Groups:
    """Who is together with whom, while pairs are joined."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def find(self, name: str) -> str:
        """The least member of the group of ``name``."""
        while (above := self._above.get(name, name)) != name:
            self._above[name] = self._above.get(above, above)
            name = above
        return name

    def join(self, one: str, other: str) -> bool:
        """Put two groups together; false if they were one."""
        low, high = sorted((self.find(one), self.find(other)))
        if low != high:
            self._above[high] = low
        return low != high


def judge(
    pairs: pl.DataFrame, members: pl.DataFrame, moves: pl.DataFrame, apart: pl.DataFrame
) -> Judged:
    """Judge ``pairs`` (``PAIRS``; a pair may come with several bases).

    ``members`` (``MEMBERS``, hashes): all pseudonyms of the persons of ``pairs``; ``moves``: see
    ``departures``; ``apart``: ``one``, ``other`` that a person has told apart. Judged in rounds,
    each with the persons that the former ones made, until a round joins nobody: so judging the
    same again changes nothing.
    """
    links = []
    while True:
        found = _round(pairs, members, moves, apart)
        links.append(found.links)
        if found.links.is_empty():
            return Judged(pl.concat(links), found.doubts)
        members = _regrouped(members, found.links)


def _round(
    pairs: pl.DataFrame, members: pl.DataFrame, moves: pl.DataFrame, apart: pl.DataFrame
) -> Judged:
    """The links by UID and SNILS; where there are none, those by name."""
    open_pairs = _open(_described(pairs, members), members, apart)
    strong = open_pairs.filter(pl.col("basis") != "name")
    sound = pl.col("agrees") & ~pl.col("conflict")
    tests = _Tests(members, moves, apart)
    sure, crossed = tests.parted(strong.filter(sound), in_one_school=True)
    links = _joining(sure)
    if not links.is_empty():
        return Judged(links, _doubts([]))
    weak = open_pairs.filter(basis="name").join(strong, on=["one", "other"], how="anti")
    weak = supported(weak, moves)
    fine = pl.col("supported") & ~pl.col("conflict") & ~pl.col("rivalled")
    likely, rival = tests.parted(weak.filter(fine), in_one_school=False)
    doubts = [
        strong.filter(~sound).with_columns(rule=pl.lit("identity_differs")),
        weak.filter(_doubtful()).with_columns(rule=_rule()),
        *(part.with_columns(rule=pl.lit("several_candidates")) for part in (crossed, rival)),
    ]
    return Judged(_joining(likely), _doubts(doubts))


def _regrouped(members: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """``members`` after ``links`` have joined their persons."""
    persons = dict(members.select("pseudonym", "person").iter_rows())
    groups = Groups()
    for one, other in links["one", "other"].iter_rows():
        groups.join(persons[one], persons[other])
    person = pl.col("person").map_elements(groups.find, return_dtype=pl.String)
    return members.with_columns(person)


def _described(pairs: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """``pairs`` with what is known of both ends, and whether SNILS or UID contradict it."""
    described = pairs.join(members, left_on="one", right_on="pseudonym", how="inner").join(
        members, left_on="other", right_on="pseudonym", how="inner", suffix="_other"
    )
    return described.filter(pl.col("person") != pl.col("person_other")).with_columns(
        conflict=_contradict(), rank=pl.col("basis").replace_strict(_RANKS)
    )


def _contradict(suffix: str = "_other") -> pl.Expr:
    differ = [pl.col(name) != pl.col(f"{name}{suffix}") for name in ("snils", "uid")]
    return pl.any_horizontal(one.fill_null(value=False) for one in differ)


def _open(pairs: pl.DataFrame, members: pl.DataFrame, apart: pl.DataFrame) -> pl.DataFrame:
    """``pairs`` less those of two persons whom somebody has told apart."""
    told = _described_apart(apart, members)
    keys = {"low": pl.min_horizontal("person", "person_other")}
    keys["high"] = pl.max_horizontal("person", "person_other")
    return pairs.with_columns(**keys).join(
        told.select(**keys).unique(), on=["low", "high"], how="anti", maintain_order="left"
    )


def _described_apart(apart: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    persons = members.select("pseudonym", "person")
    return apart.join(persons, left_on="one", right_on="pseudonym", how="inner").join(
        persons, left_on="other", right_on="pseudonym", how="inner", suffix="_other"
    )


def _doubtful() -> pl.Expr:
    kept = pl.col("supported") & (pl.col("conflict") | pl.col("rivalled"))
    return kept | (~pl.col("supported") & ~pl.col("conflict"))


def _rule() -> pl.Expr:
    return (
        pl.when(pl.col("conflict") | (pl.col("denied") & ~pl.col("supported")))
        .then(pl.lit("evidence_conflicts"))
        .when("supported")
        .then(pl.lit("several_candidates"))
        .otherwise(pl.lit("no_departure"))
    )


class _Tests:
    """Whether persons can all be one: nothing between them may contradict it."""

    def __init__(self, members: pl.DataFrame, moves: pl.DataFrame, apart: pl.DataFrame) -> None:
        self._members = members
        self._moves = moves
        self._apart = apart.select("one", "other")

    def parted(
        self, pairs: pl.DataFrame, *, in_one_school: bool
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """``pairs`` that can stand together, and those of groups that cannot be one person.

        ``in_one_school``: a pair itself is proof enough that one school knows a child twice.
        """
        groups = Groups()
        for one, other in pairs["person", "person_other"].iter_rows():
            groups.join(one, other)
        group = pl.col("person").map_elements(groups.find, return_dtype=pl.String)
        grouped = self._members.with_columns(group=group)
        inside = _pairs_within(grouped)
        at_once = inside.filter(pl.col("school") == pl.col("school_other"))
        known = [pairs] if in_one_school else []
        for fine in (*known, succeeding(at_once, self._moves)):
            at_once = at_once.join(fine, on=["one", "other"], how="anti")
        contradicting = [
            inside.filter(_contradict()),
            inside.join(self._apart, on=["one", "other"], how="semi"),
            at_once,
        ]
        broken = pl.concat([part.select("group") for part in contradicting]).unique()
        nobody = grouped.join(broken, on="group", how="semi").select("person").unique()
        return (
            pairs.join(nobody, on="person", how="anti", maintain_order="left"),
            pairs.join(nobody, on="person", how="semi", maintain_order="left"),
        )


def _pairs_within(grouped: pl.DataFrame) -> pl.DataFrame:
    """Pairs of pseudonyms of one ``group`` and of different persons."""
    return (
        grouped.join(grouped, on="group", how="inner", suffix="_other")
        .filter(
            (pl.col("pseudonym") < pl.col("pseudonym_other"))
            & (pl.col("person") != pl.col("person_other"))
        )
        .rename({"pseudonym": "one", "pseudonym_other": "other"})
    )


def _joining(pairs: pl.DataFrame) -> pl.DataFrame:
    """Those of ``pairs`` that join two persons, the surest first: ``one``, ``other``, ``basis``."""
    groups = Groups()
    ordered = pairs.sort("rank", "one", "other")
    joins = [
        groups.join(one, other) for one, other in ordered["person", "person_other"].iter_rows()
    ]
    return ordered.filter(pl.Series(joins, dtype=pl.Boolean)).select("one", "other", "basis")


def _doubts(found: list[pl.DataFrame]) -> pl.DataFrame:
    """One doubt per two persons, on the surest basis: ``one``, ``other``, ``basis``, ``rule``."""
    columns = ("one", "other", "basis", "rule")
    if not found:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String()))
    return (
        pl.concat([part.select(*columns, "low", "high", "rank") for part in found])
        .sort("rank", "rule", "one", "other")
        .unique(["low", "high"], keep="first", maintain_order=True)
        .select(columns)
    )
