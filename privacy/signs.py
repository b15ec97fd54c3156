"""The signs of a school day beside a name: Лось опоздал, спросить Лося, Опрос: Лось.

The words are reviewed data: ``words/cues.yml``.
"""

from __future__ import annotations

from privacy.famous import namesakes
from privacy.line import Group, Line
from privacy.russian import reading
from privacy.wordlists import cues

_DASHES = frozenset("-–—:")
_ENDS = frozenset(".;)!?")
_TO = frozenset(
    {"к", "ко", "по", "о", "об", "про", "у", "для"}
)  # a dative after these is no errand's
_NOT = frozenset(
    {"не", "тоже", "еще", "снова", "опять", "уже", "сегодня", "завтра", "вчера", "пока"}
    | {"хорошо", "плохо", "отлично", "слабо", "сам", "сама"}
)
_AND = frozenset({"и", ","})
_ASIDE = frozenset("-–—:(")
_HEADED = frozenset("-–—:(")
_REACH = 4  # how many words may stand between a cue and the name it is about


class Signs:
    """What tells of a name in ``line`` that it is a pupil's."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def has_cue(self, group: Group, *, dative: bool) -> bool:
        return (
            self._is_called(group)
            or self._does(group)
            or (self._may_be_given(group, dative=dative) and self._is_given(group))
            or self._has_mark(group, dative=dative)
            or self._has_class(group)
            or self._has_errand(group)
            or self._is_of_a_check(group)
            or self._is_listed(group)
        )

    def _is_called(self, group: Group) -> bool:
        at = group.first - 1
        if self._line.sign(at) == ",":
            return self._line.lemma(at - 1, cues().greetings)
        for _ in range(_REACH):
            if self._line.sign(at) == ".":
                return self._line.lemma(at - 1, cues().abbreviations)
            word = self._line.word(at)
            if word is None:
                break
            if word.lemmas & cues().calls or (word.finite and word.lemmas & cues().finite):
                return True
            if self._is_phrase(at):
                return True
            if not word.lemmas & cues().things:
                break
            at -= 1
        after = self._line.word(group.last + 1)
        return self._before_is(group, "с", "со") and after is not None and after.infinitive

    def _before_is(self, group: Group, *words: str) -> bool:
        before = self._line.token(group.first - 1)
        return before is not None and before.word in words

    def _is_phrase(self, at: int) -> bool:
        first, second = self._line.word(at - 1), self._line.word(at)
        if first is None or second is None:
            return False
        return any(f"{a} {b}" in cues().phrases for a in first.lemmas for b in second.lemmas)

    def after(self, group: Group) -> int:
        """Where the list of names ends to which the name belongs: Лось и Дуб дежурят."""
        at = group.last + 1
        while (
            (token := self._line.token(at)) and token.word in _AND and self._line.is_capital(at + 1)
        ):
            at += 2
        return at

    def _does(self, group: Group) -> bool:
        at = self.after(group)
        at += self._line.sign(at) in _ASIDE
        token = self._line.token(at)
        refused = token is not None and token.word == "не"
        if token is not None and token.word in _NOT:
            at += 1
        first = self._line.word(at)
        if first is None:
            return False
        aside = self._line.sign(group.last + 1) in _ASIDE
        if (aside or self._before_is(group, "у")) and first.lemmas & cues().states:
            return not (first.lemmas & cues().works and self._is_famous(group))
        if self._before_is(group, "у"):  # У Маши нет яблок
            return "нет" in first.lemmas and self._line.lemma(at + 1, cues().kit)
        if refused and first.lemmas & cues().refusals:
            return True
        if first.lemmas & cues().doings and not first.infinitive:
            return True
        if first.infinitive and first.lemmas & (cues().calls | cues().errands):
            return True  # Лося спросить
        at += first.finite  # идёт к доске, пишет отдельно
        if first.finite and self._line.lemma(at, cues().doings):
            return True
        place, second = self._line.token(at), self._line.word(at + 1)
        if place is None or second is None:
            return place is not None and place.word == "н"
        return any(f"{place.word} {lemma}" in cues().places for lemma in second.lemmas)

    def _may_be_given(self, group: Group, *, dative: bool) -> bool:
        before = self._line.token(group.first - 1)
        if before is None or before.word not in _TO:
            nominative = self._line.tokens[group.last].word[-1] not in "уюейм"
            return dative and not (nominative and self._is_famous(group))  # Гоголь § 5
        return self._before_is(group, "для")

    def _is_given(self, group: Group) -> bool:
        at = self.after(group)
        at += self._line.sign(at) in _DASHES
        token = self._line.token(at)
        if token is None:
            return False
        if not token.is_word:
            return token.word in cues().given
        word = reading(token.word)
        return word.infinitive or bool(word.lemmas & cues().given)

    def _has_class(self, group: Group) -> bool:
        """Лось (7б), Лось, 7 Б."""
        at = group.last + 1
        at += self._line.sign(at) in (",", "(")
        letter = self._line.token(at + 1)
        return (
            self._line.is_number(at)
            and letter is not None
            and letter.is_word
            and len(letter.word) == 1
        )

    def _has_mark(self, group: Group, *, dative: bool) -> bool:
        at = group.last + 1
        if dative and self._line.is_mark(at):  # Лосю 4, Лосю 4 балла
            return self._line.token(at + 1) is None or self._line.lemma(at + 1, frozenset({"балл"}))
        if self._line.sign(at) in _DASHES and self._line.is_mark(at + 1):
            after = self._line.token(at + 2)
            return after is None or after.word in _ENDS | {",", "("}
        return (
            self._line.sign(at) == "("
            and self._line.is_mark(at + 1)
            and self._line.sign(at + 2) == ")"
        )

    def _has_errand(self, group: Group) -> bool:
        """Лось, принести атлас."""
        at = self.after(group)
        at += self._line.sign(at) in (",", ":")
        word = self._line.word(at)
        if word is None or self._line.word(group.first - 1) is not None:
            return False
        wanted = cues().errands - ({"повторить"} if self._is_famous(group) else set())
        return (word.infinitive or word.imperative) and bool(word.lemmas & wanted)

    def _is_of_a_check(self, group: Group) -> bool:
        """Работа над ошибками. Лось. Of a famous name it would be the next theme."""
        before = group.first - 1
        ends = self._line.token(group.last + 1) is None
        checked = self._line.sign(before) in (".", ",") and self._line.lemma(
            before - 1, cues().checks
        )
        return ends and checked and not self._is_famous(group)

    def _is_famous(self, group: Group) -> bool:
        return any(t.word in namesakes() for t in self._line.tokens[group.first : group.last + 1])

    def _is_listed(self, group: Group) -> bool:
        """Опрос: Белый, Лось. Of a famous name, only with nothing after it."""
        at, after = group.first - 1, group.last + 1
        while self._line.is_in_list(at):
            at -= 1
        while self._line.is_in_list(after):
            after += 1
        if self._line.sign(at) not in _HEADED:
            return False
        end = self._line.token(after)
        ends = end is None or not end.is_word
        famous = any(t.word in namesakes() for t in self._line.tokens[at:after])
        if famous and not ends:
            return False
        if self._line.sign(at - 1) == "»":
            return end is None and not famous  # Проект «Моя семья»: Белый
        wanted = cues().headings
        if self._line.sign(at) == "(" and self._line.sign(after) == ")" and not famous:
            wanted |= cues().calls
        return any(self._line.lemma(before, wanted) for before in range(max(0, at - _REACH), at))
