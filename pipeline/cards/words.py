"""What a card says in Russian, from its draft: title, why, who, and how in the school's system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pipeline.cards.drafts import Draft
from pipeline.intake.waits import UNKNOWN_CODE
from quality.causes import DANGLING
from quality.families import FamilyWords, family_words
from quality.fixes import fixes_of
from quality.kinds import kinds
from quality.references import PEOPLE
from quality.remark_causes import CLASS, DAYS
from quality.remarks import RULES, RemarkWords, remark_words
from reports.words import MONTHS, grouped, plural
from schemas.rulebook import RuleText, is_unread, rule

Names = Mapping[tuple[str, str, str], str]  # by source, entity and key


def counted(kind: str, count: int) -> str:
    """«412 отметок»."""
    return f"{grouped(count)} {plural(count, *kinds()[kind])}"


def span(first: date, last: date) -> str:
    """«4 сентября», «с 3 по 14 сентября», «с 28 сентября по 3 октября»."""
    if first == last:
        return _day(last)
    begin = str(first.day) if (first.year, first.month) == (last.year, last.month) else _day(first)
    return f"с {begin} по {_day(last)}"


def title(draft: Draft, names: Names) -> str:
    """What the cause is; nobody is named."""
    if draft.rules:
        return _of_remarks(draft, names)
    if draft.gathered:
        return rule_title(draft.rule)
    if draft.rule == DANGLING and not draft.column:
        return f"Записи ссылаются на то, чего нет в выгрузке: {_missing(draft, names)}"
    if draft.rule == UNKNOWN_CODE and draft.keys > 1:
        return f"Неизвестные коды ({draft.keys}) в колонке «{draft.column}»"
    if draft.rule == UNKNOWN_CODE and draft.key:
        return f"Неизвестный код «{draft.key}» в колонке «{draft.column}»"
    said = rule_title(draft.rule)
    if draft.column:
        said += f": колонка «{draft.column}»"
    if is_unread(draft.rule) and draft.documents:
        said += f" ({draft.documents[0]})" if len(draft.documents) == 1 else ""
    return said


def rule_title(name: str) -> str:
    """What a rule or family of rules says is wrong."""
    texts = _texts(name)
    if isinstance(texts, RuleText):
        return texts.reason[0].upper() + texts.reason[1:]
    return texts.title


def why(draft: Draft) -> str:
    """Why it matters."""
    return _texts(draft.rule).why


def who(draft: Draft) -> str:
    """Who puts it right: ``quality.remarks.Who``."""
    return _texts(draft.rule).who


def fix(draft: Draft) -> str:
    """How, in the words of the school's system, where they are known."""
    own = fixes_of(draft.source)
    if draft.rule == DANGLING and not draft.column and draft.entity in own.missing:
        return own.missing[draft.entity]
    return rule_fix(draft.source, draft.rule)


def rule_fix(source: str, name: str) -> str:
    """How what a rule or family of rules says is put right in the school's system."""
    own = fixes_of(source)
    return own.rules.get(name) or own.families.get(name) or _texts(name).fix


def _texts(name: str) -> RemarkWords | FamilyWords | RuleText:
    """The words of a rule, or of a family."""
    if name in family_words():
        return family_words()[name]
    return remark_words()[name] if name in RULES else rule(name)


def _of_remarks(draft: Draft, names: Names) -> str:
    days = span(draft.first_day, draft.last_day) if draft.first_day and draft.last_day else ""
    said = ", ".join(part for part in (_about(draft, names), days) if part)
    words = rule_title(draft.rule)
    return f"{words}: {said}" if said else words


def _about(draft: Draft, names: Names) -> str:
    """Of whom a card of remarks is."""
    if draft.by == DAYS:
        return "вся школа" if draft.key else "вся школа, в разные дни"
    if draft.by == CLASS:
        if not draft.key:
            return counted("class_", len(draft.shares))
        return f"класс {_name(draft, names, 'class_', draft.key) or draft.key}"
    return "один учитель" if draft.teacher else ""


def _missing(draft: Draft, names: Names) -> str:
    if draft.keys > 1:
        return counted(draft.entity, draft.keys)
    word = kinds()[draft.entity][0]
    if draft.entity in PEOPLE:
        return f"{word} (обезличенный код {draft.key})"
    name = _name(draft, names, draft.entity, draft.key)
    return f"{word} {name} (код {draft.key})" if name else f"{word} с кодом {draft.key}"


def _name(draft: Draft, names: Names, entity: str, key: str) -> str | None:
    return names.get((draft.source, entity, key))


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}"
