"""From the words of a journal system to ours: reviewed data, its loader and its applier.

A *profile* (``profiles/<system>/<version>.yml``) says, table by table, which canonical entities
a row feeds and where each field comes from. It is data: a site changes it without code.
``language.py`` holds the grammar; the short of it::

    system: paragraf
    version: "3.21"
    schedule_basis: timetable            # or lessons: where the list of due lessons comes from
    codes:                               # shared code tables; unknown code = refusal
      yes_no: {да: "true", нет: "false"}
      state: {~: scheduled, План: scheduled}          # ~ is the empty cell: only if said
    tables:
      pupils:
        required: [Код]                  # without them the table is not read at all
        ignore: [Примечание, "Служ*"]    # every other column must be used, or is a finding
        feeds:
          - entity: pupil
            fields:
              person: Код                                             # a column as it is
              full_name: {join: [Фамилия, Имя], separator: " ", skip_empty: true}
              birth_date: {column: ДатаРождения, date: dd.mm.yyyy}
          - entity: uid
            when: {column: UID, not_empty: true}
            fields: {role: {constant: pupil}, person: Код, uid: UID}

Further words: ``instant``, ``decimal``, ``extract``, ``normalise``, ``codes``, ``codes_by`` (a
code table per scale), ``cases`` (the first condition that holds), ``ordinal_within`` (numbers
equal keys), ``known`` (closed list of a column), ``distinct`` (identical records are one),
``split`` (a cell of tokens becomes rows) and ``lookups`` (a column of another table by its key).
``assumed: true`` marks what no public source confirms; it changes nothing.

``load`` reads a profile, ``translate`` applies it::

    translated = translate(load("paragraf/3.21"), parsed.tables, zone="Europe/Moscow")
"""

from mappings.applier import Translated, translate
from mappings.language import Mapping
from mappings.loader import PROFILES, load, profiles
from mappings.problems import MappingError

__all__ = ["PROFILES", "Mapping", "MappingError", "Translated", "load", "profiles", "translate"]
