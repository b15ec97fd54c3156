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
    ``departures``; ``apart``: ``one``, ``other`` that a person has told apart.
    """
    open_pairs = _open(_described(pairs, members), members, apart)
    strong = open_pairs.filter(pl.col("basis") != "name")
    weak = open_pairs.filter(basis="name").join(strong, on=["one", "other"], how="anti")
    sure = strong.filter("agrees", ~pl.col("conflict"))
    weak = supported(weak, moves)
    likely = weak.filter("supported", ~pl.col("conflict") & ~pl.col("rivalled"))
    doubts = [
        _doubt(strong.filter(~pl.col("agrees") | pl.col("conflict")), pl.lit("identity_differs")),
        _doubt(weak.filter(_doubtful()), _rule()),
    ]
    tests = _Tests(members, moves, apart)
    crossed = tests.crossed(sure, likely)
    doubts.append(_doubt(likely.join(crossed, on="person"), pl.lit("several_candidates")))
    likely = likely.join(crossed, on="person", how="anti")
    crossed = tests.crossed(sure, likely)
    doubts.append(_doubt(sure.join(crossed, on="person"), pl.lit("several_candidates")))
    sure = sure.join(crossed, on="person", how="anti")
    return _joined(pl.concat([_edges(sure), _edges(likely)]), pl.concat(doubts), members)


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


def _doubt(pairs: pl.DataFrame, rule: pl.Expr) -> pl.DataFrame:
    return pairs.select("one", "other", "basis", "rank", rule=rule)


def _edges(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.select("one", "other", "basis", "rank", "person", "person_other")


class _Tests:
    """Whether persons can all be one: nothing between them may contradict it."""

    def __init__(self, members: pl.DataFrame, moves: pl.DataFrame, apart: pl.DataFrame) -> None:
        self._members = members
        self._moves = moves
        self._apart = apart.select("one", "other")

    def crossed(self, sure: pl.DataFrame, likely: pl.DataFrame) -> pl.DataFrame:
        """``person`` of all in a group that ``sure`` and ``likely`` make and that cannot be."""
        groups = Groups()
        for one, other in pl.concat([_edges(sure), _edges(likely)])[
            "person", "person_other"
        ].iter_rows():
            groups.join(one, other)
        group = pl.col("person").map_elements(groups.find, return_dtype=pl.String)
        grouped = self._members.with_columns(group=group)
        inside = grouped.join(grouped, on="group", how="inner", suffix="_other").filter(
            (pl.col("pseudonym") < pl.col("pseudonym_other"))
            & (pl.col("person") != pl.col("person_other"))
        )
        inside = inside.rename({"pseudonym": "one", "pseudonym_other": "other"})
        at_once = inside.filter(pl.col("school") == pl.col("school_other"))
        for fine in (sure, succeeding(at_once, self._moves)):
            at_once = at_once.join(fine, on=["one", "other"], how="anti")
        bad = [
            inside.filter(_contradict()),
            inside.join(self._apart, on=["one", "other"], how="semi"),
            at_once,
        ]
        broken = pl.concat([part.select("group") for part in bad]).unique()
        return grouped.join(broken, on="group", how="semi").select("person").unique()


def _joined(edges: pl.DataFrame, doubts: pl.DataFrame, members: pl.DataFrame) -> Judged:
    """The edges that join persons, the surest first; and the doubts that are left."""
    groups = Groups()
    ordered = edges.sort("rank", "one", "other")
    joins = [
        groups.join(one, other) for one, other in ordered["person", "person_other"].iter_rows()
    ]
    links = ordered.filter(pl.Series(joins, dtype=pl.Boolean)).select("one", "other", "basis")
    group = pl.col("person").map_elements(groups.find, return_dtype=pl.String)
    persons = members.select("pseudonym", group=group)
    left = (
        doubts.join(persons, left_on="one", right_on="pseudonym")
        .join(persons, left_on="other", right_on="pseudonym", suffix="_other")
        .filter(pl.col("group") != pl.col("group_other"))
        .with_columns(
            low=pl.min_horizontal("group", "group_other"),
            high=pl.max_horizontal("group", "group_other"),
        )
        .sort("rank", "rule", "one", "other")
        .unique(["low", "high"], keep="first", maintain_order=True)
    )
    return Judged(links, left.select("one", "other", "basis", "rule"))
