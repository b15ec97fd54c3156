"""The Russian words of a delivery: its counters, how a record stands at the portal, and why."""

from __future__ import annotations

TARGETS = {"diary": "Электронный дневник", "contingent": "Контингент"}

# Counters of a delivery (``pipeline.ledger.Counter``): their titles, and what they count.
DELIVERED = {
    "due": "К доставке",
    "delivered": "Доставлено",
    "already": "Доставлено раньше",
    "withheld": "Не отправляются",
    "rejected": "Отклонены порталом",
    "unknown": "Ответа нет",
    "pending": "Ждут отправки",
    "held": "Удаления ждут решения",
}
DELIVERY_COUNTERS = {
    "due": "записи, которые портал должен хранить, и записи, которых у него быть не должно",
    "delivered": "записи, которые портал подтвердил в эту доставку, и удаления, которые он сделал",
    "already": "записи, которые портал подтвердил в прежние доставки; с тех пор они не менялись",
    "withheld": "записи, которым уходить нельзя: нет согласия, кода UID или другого обязательного",
    "rejected": "записи, которые портал не принял; уйдут снова, когда изменятся, или их повторит"
    " оператор",
    "unknown": "записи, которые отправлены, а ответ портала не пришёл; следующая доставка спросит"
    " о них",
    "pending": "записи, которые доставка отправить не успела; уйдут со следующей",
    "held": "удаления, которые ждут решения оператора: из журнала пропало сразу много записей",
}

# A record at a portal (``pipeline.delivery.outbox.State``).
STATES = {
    "pending": "ждёт отправки",
    "in_flight": "отправлена, ответа нет",
    "delivered": "на портале",
    "rejected": "портал не принял",
    "withheld": "не отправляется",
    "held": "удаление ждёт решения",
    "approved": "удаление разрешено, ждёт отправки",
    "gone": "удалена с портала",
}

# Why a record does not leave, or has to leave the portal (``privacy.gate``,
# ``pipeline.delivery.wanted``); and what we ourselves say of a refusal. A portal has words of its
# own beside these.
_REASONS = {
    "blocked_text": "в тексте назван человек из школы",
    "no_uid": "нет кода UID на портале",
    "no_consent": "нет действующего согласия",
    "no_code": "у портала нет кода для такой записи",
    "incomplete_identity": "у ученика заполнено не всё обязательное: ФИО, дата рождения, пол, СНИЛС"
    " или документ",
    "person_withheld": "запись о самом ученике не отправляется",
    "incomplete_record": "неизвестны класс, начало или форма обучения",
    "refused_alone": "портал не принимает даже её одну",
    "poison": "портал не отвечает на пачку с этой записью",
    "bad_name": "в имени знаки, которых портал не принимает",
    "bad_snils": "СНИЛС записан неверно",
    "no_identity": "нет ни СНИЛС, ни документа",
    "bad_document": "у документа нет вида или серии",
    "schema": "запись не отвечает схеме портала",
}

NOT_TRACED = "строка журнала не найдена"  # a portal may list what the hub never sent


def reason_words(reason: str) -> str:
    """Why, in words; a portal's own code as it is."""
    return _REASONS.get(reason, f"код портала: {reason}") if reason else ""
