"""What a card says in Russian, from its draft: title, why, who, and how in the school's system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pipeline.card_drafts import Draft
from pipeline.waits import UNKNOWN_CODE
from quality.cards import Card, CardState
from quality.causes import DANGLING
from quality.fixes import fixes_of
from quality.kinds import kinds
from quality.references import PEOPLE
from quality.remark_causes import CLASS, DAYS, TEACHER
from quality.remarks import RULES, remark_words
from reports.words import MONTHS, grouped, plural, short_date
from schemas.rulebook import is_unread, rule

Names = Mapping[tuple[str, str, str], str]  # by source, entity and key

_STATES = {
    CardState.NEW: "[новое]",
    CardState.OPEN: "[не исправлено]",
    CardState.FIXED: "[исправлено]",
}
_WHO = {
    "teacher": "исправляет учитель",
    "deputy": "исправляет заместитель директора",
    "administrator": "исправляет администратор школы",
    "operator": "исправляет оператор",
}


def counted(kind: str, count: int) -> str:
    """«412 отметок»."""
    return f"{grouped(count)} {plural(count, *kinds()[kind])}"


def span(first: date, last: date) -> str:
    """«4 сентября», «с 3 по 14 сентября», «с 28 сентября по 3 октября»."""
    if first == last:
        return _day(last)
    begin = str(first.day) if (first.year, first.month) == (last.year, last.month) else _day(first)
    return f"с {begin} по {_day(last)}"


def told(card: Card) -> str:
    """A card as lines of text for people."""
    lines = [f"{_STATES[card.state]} {card.title}"]
    if card.waiver is not None:
        until = short_date(card.waiver.until)
        lines[0] = f"[отсрочка до {until}] {card.title}"
        lines.append(f"причина отсрочки: {card.waiver.reason} ({card.waiver.by})")
    held = ", ".join(counted(kind, count) for kind, count in card.held.items())
    lines.append(f"затронуто: {held}" if held else "")
    lines.append(f"исправлено с прошлой проверки: {card.fixed}" if card.fixed else "")
    lines.append(f"где: {_where(card)}" if _where(card) else "")
    lines.append(f"с {short_date(card.since)}; {_WHO[card.who]}; правило {card.rule}")
    lines += [f"почему важно: {card.why}", f"как исправить: {card.fix}"]
    first, *others = [line for line in lines if line]
    return "\n".join([first, *(f"    {line}" for line in others), ""])


def summed(cards: Sequence[Card]) -> str:
    """How many cards there are, what is waived and what is mended apart."""
    fixed = sum(card.state is CardState.FIXED for card in cards)
    waived = sum(card.waiver is not None and card.state is not CardState.FIXED for card in cards)
    return f"Причин: {len(cards) - fixed - waived}; отсрочено: {waived}; исправлено: {fixed}"


def title(draft: Draft, names: Names) -> str:
    """What the cause is; nobody is named."""
    if draft.rule in RULES:
        return _of_remarks(draft, names)
    if draft.rule == DANGLING and not draft.column:
        return f"Записи ссылаются на то, чего нет в выгрузке: {_missing(draft, names)}"
    if draft.rule == UNKNOWN_CODE and draft.keys > 1:
        return f"Неизвестные коды ({draft.keys}) в колонке «{draft.column}»"
    if draft.rule == UNKNOWN_CODE and draft.key:
        return f"Неизвестный код «{draft.key}» в колонке «{draft.column}»"
    reason = rule(draft.rule).reason
    said = reason[0].upper() + reason[1:]
    if draft.column:
        said += f": колонка «{draft.column}»"
    if is_unread(draft.rule) and draft.documents:
        said += f" ({draft.documents[0]})" if len(draft.documents) == 1 else ""
    return said


def why(draft: Draft) -> str:
    """Why it matters."""
    return remark_words()[draft.rule].why if draft.rule in RULES else rule(draft.rule).why


def who(draft: Draft) -> str:
    """Who puts it right: ``quality.remarks.Who``."""
    return remark_words()[draft.rule].who if draft.rule in RULES else rule(draft.rule).who


def fix(draft: Draft) -> str:
    """How, in the words of the school's system, where they are known."""
    own = fixes_of(draft.source)
    if draft.rule == DANGLING and not draft.column and draft.entity in own.missing:
        return own.missing[draft.entity]
    if draft.rule in own.rules:
        return own.rules[draft.rule]
    return remark_words()[draft.rule].fix if draft.rule in RULES else rule(draft.rule).fix


def _where(card: Card) -> str:
    """Document and line, class and subject, and whose (a pseudonym)."""
    where = card.where
    documents = ", ".join(where.documents)
    if where.documents_in_all > len(where.documents):
        documents += f" и ещё {where.documents_in_all - len(where.documents)}"
    place = f"{documents}, строка {where.line}" if documents and where.line else documents
    parts = {
        "": place or card.detail,
        "класс ": where.class_name or where.class_key,
        "предмет ": where.subject_name or where.subject_key,
        "учитель ": where.teacher,
    }
    return "; ".join(f"{word}{said}" for word, said in parts.items() if said)


def _of_remarks(draft: Draft, names: Names) -> str:
    of = {DAYS: "вся школа", TEACHER: "один учитель"}.get(draft.by, "")
    if draft.by == CLASS:
        of = f"класс {_name(draft, names, 'class_', draft.key) or draft.key}"
    days = span(draft.first_day, draft.last_day) if draft.first_day and draft.last_day else ""
    said = ", ".join(part for part in (of, days) if part)
    words = remark_words()[draft.rule].title
    return f"{words}: {said}" if said else words


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
