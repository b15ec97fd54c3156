"""Every role tried against every table, and every way to another district's rows tried in vain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.types import TypeEngine

from pipeline import migrate
from pipeline.database import connect, server_url
from pipeline.hub import Hub
from pipeline.scope import Scope, scoped
from privacy.actions import Action, action_log_on
from schemas.tables import action_log, metadata
from tests.pipeline import roles
from tests.pipeline.conftest import YEAR

# Two districts: one of two schools, and the one that is none of its business.
OURS, THEIRS = ("781001", "781002"), "999003"
SCHOOLS = {"781001": "d1", "781002": "d1", THEIRS: "d2"}
D1 = Scope.of_district("d1")
TABLES = {str(table): table for table in metadata.sorted_tables}
PAGE = roles.written()
# What says whose a row is, where it is not ``school``.
OWNER = {
    "registry.schools": "code",
    "registry.districts": "code",
    "quality.measures": "unit",
    "outbox.receipts": "batch",  # which the fixture calls by its school
    "ops.letters": "unit",
}
SCOPED = sorted(name for name, rights in PAGE.items() if rights[-1] == "scope")
BY_SCHOOL = [name for name in SCOPED if name not in (*OWNER, "ops.action_log")]


@pytest.fixture(scope="module")
def region(shared_hub: Hub) -> Hub:
    """Each table that a school or district stands in has a row of each; the log a row of none.

    What waits for the diary is that of the other district.
    """
    with connect(shared_hub.settings, "owner").begin() as connection:
        names = ", ".join(str(table) for table in metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        for district in ("d1", "d2"):
            _add(connection, "registry.districts", district, code=district)
        for school, district in SCHOOLS.items():
            _add(connection, "registry.schools", school, code=school, district=district)
        for name, table in TABLES.items():
            if "school" in table.columns:
                for school in SCHOOLS:
                    _add(connection, name, school, school=school, school_year=YEAR)
        for school in SCHOOLS:
            _add(connection, "outbox.receipts", school)
            _add(connection, "ops.letters", school, unit=school, kind="school_reminders")
            _add(connection, "ops.letters", f"{school} list", kind="school_remarks")
        _add(connection, "ops.action_log", "", school=None)
        for unit, level in [
            *((s, "school") for s in SCHOOLS),
            ("d1", "district"),
            ("d2", "district"),
            ("region", "region"),
        ]:
            _add(connection, "quality.measures", unit, level=level, unit=unit)
        for name in ("registry.days_off", "registry.school_years", "registry.targets", "ops.runs"):
            _add(connection, name, "common")
        theirs = f"UPDATE outbox.desired SET target = 'diary' WHERE school = '{THEIRS}'"
        connection.execute(text(theirs))
        connection.execute(text("ANALYZE"))
    return shared_hub


def _add(connection: Connection, name: str, mark: str, **values: Any) -> None:
    """A row of the table ``name``; its texts say whose it is (``mark``)."""
    table = TABLES[name]
    row = {
        column.name: _value(column.type, mark)
        for column in table.columns
        if not (column.primary_key and column.autoincrement is True) and column.identity is None
    }
    told = {"undone_at": None, "refused_on": None} | values  # an entry is of one kind
    connection.execute(
        insert(table).values(row | {n: v for n, v in told.items() if n in table.columns})
    )


def _value(kind: TypeEngine[Any], mark: str) -> Any:
    return {
        str: mark,
        int: YEAR,
        float: 1.0,
        bool: False,
        date: date(YEAR, 9, 18),
        datetime: datetime(YEAR, 9, 18, tzinfo=UTC),
        bytes: mark.encode(),
        list: [YEAR],
        object: {"of": mark},  # JSON
    }[kind.python_type]


@pytest.fixture
def web(region: Hub) -> Iterator[Engine]:
    """The dashboard's engine; who asks one after another gets the same connection."""
    engine = connect(region.settings, "svod_web")
    yield engine
    engine.dispose()


def owner_of(name: str) -> str:
    return OWNER.get(name, "school")


def owners(connection: Connection, name: str) -> set[str | None]:
    return set(connection.execute(text(f"SELECT {owner_of(name)} FROM {_sql(name)}")).scalars())


def _sql(name: str) -> str:
    return str(select(TABLES[name])).rsplit("FROM ", 1)[1].strip()


# Tables


def test_each_role_may_do_with_each_table_what_the_page_says(region: Hub) -> None:
    with create_engine(server_url(region.settings)).connect() as connection:
        server = {
            table.plain: tuple(roles.seen(connection, table, role) for role in roles.ROLES)
            for table in roles.tables(connection)
        }
    partitions = {name: server.pop(name) for name in [*server] if roles.PARTITION.fullmatch(name)}
    assert set(partitions.values()) == {("SIUD", *["–"] * (len(roles.ROLES) - 1))}
    page = {name: rights[:-1] for name, rights in PAGE.items()}
    wrong = {name: rights for name, rights in server.items() if page.get(name) != rights}
    assert [*roles.page_rows(wrong)] == [], "decide, in a migration, and say so in docs/roles.md"
    assert page.keys() - server.keys() == set()


def test_no_role_makes_or_calls_more_than_it_needs(region: Hub) -> None:
    with create_engine(server_url(region.settings)).connect() as connection:
        for role in roles.ROLES:
            made = connection.execute(
                text(
                    "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'"
                    " AND has_schema_privilege(:role, oid, 'CREATE')"
                ),
                {"role": role},
            )
            assert [*made.scalars()] == [], role
            called = connection.execute(
                text(
                    "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
                    " WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
                    " AND has_function_privilege(:role, p.oid, 'EXECUTE') ORDER BY 1"
                ),
                {"role": role},
            )
            functions = ["schools_in_scope"] if role.startswith("svod_web") else []
            assert [*called.scalars()] == functions, role


# Rows


@pytest.mark.parametrize(
    ("scope", "visible"),
    [
        (Scope.of_region(), {*SCHOOLS}),
        (D1, {*OURS}),
        (Scope.of_district("d2"), {THEIRS}),
        (Scope.of_schools("781002"), {"781002"}),
        (Scope.of_schools("781002", THEIRS), {"781002", THEIRS}),
        (Scope.of_schools(), set()),
        (Scope.of_schools("000000"), set()),
        (Scope.of_district("d9"), set()),
        (None, set()),
    ],
)
def test_each_table_yields_the_rows_of_the_scope(
    web: Engine, scope: Scope | None, visible: set[str]
) -> None:
    assert len(BY_SCHOOL) > 25
    with scoped(web, scope) if scope else web.begin() as connection:
        for name in BY_SCHOOL:
            assert owners(connection, name) == visible, name
        assert owners(connection, "registry.schools") == visible
        assert owners(connection, "outbox.receipts") == visible
        assert owners(connection, "ops.letters") == visible, "and no letter with files"
        assert owners(connection, "registry.districts") == {SCHOOLS[one] for one in visible}
        districts = {scope.district} & {"d1", "d2"} if scope else set()
        whole = {"d1", "d2", "region"} if scope and scope.region else districts
        assert owners(connection, "quality.measures") == visible | whole
        log = owners(connection, "ops.action_log")
        assert log == (visible | {None} if scope and scope.region else visible)


def test_every_table_with_rows_of_schools_is_held_to_the_scope(region: Hub) -> None:
    """And those that are not are the same for everybody."""
    shown = {name for name, rights in PAGE.items() if rights[2] != "–"}
    assert {name for name in shown if PAGE[name][-1] == "all"} == {
        *("registry.days_off", "registry.school_years", "registry.targets", "ops.runs")
    }
    assert shown == {*SCOPED, *(name for name in shown if PAGE[name][-1] == "all")}
    with connect(region.settings, "owner").begin() as connection:
        held = connection.execute(
            text(
                "SELECT format('%s.%s', nspname, relname) FROM pg_class c JOIN pg_namespace n"
                " ON n.oid = relnamespace WHERE relrowsecurity"
            )
        )
        with_school = {
            name
            for name, t in TABLES.items()
            if "school" in t.columns and t.schema not in ("access", "vault")  # no reader of rows
        }
        assert set(held.scalars()) == with_school | {*OWNER}


@pytest.mark.parametrize("scope", [None, D1])
def test_what_is_the_same_for_everybody_needs_no_scope(web: Engine, scope: Scope | None) -> None:
    with scoped(web, scope) if scope else web.begin() as connection:
        for name in (name for name, rights in PAGE.items() if rights[-1] == "all"):
            query = text(f"SELECT count(*) FROM {_sql(name)}")
            assert connection.execute(query).scalar_one() > 0, name


Way = Callable[[Connection, str, str], object]


def _rows(connection: Connection, statement: str) -> str:
    return str(connection.execute(text(statement)).all())


def _copied(connection: Connection, table: str, owner: str) -> str:
    driver = connection.connection.driver_connection
    assert driver
    with driver.cursor().copy(f"COPY (SELECT {owner} FROM {table}) TO STDOUT") as copy:
        return b"".join(bytes(block) for block in copy).decode()


def _by_cursor(connection: Connection, table: str, owner: str) -> str:
    connection.execute(text(f"DECLARE c SCROLL CURSOR FOR SELECT {owner} FROM {table}"))
    return _rows(connection, "FETCH ALL FROM c") + _rows(connection, "FETCH BACKWARD ALL FROM c")


def _by_view(connection: Connection, table: str, owner: str) -> str:
    connection.execute(text(f"CREATE TEMP VIEW v AS SELECT {owner} FROM {table}"))
    return _rows(connection, "SELECT * FROM v")


def _by_function(connection: Connection, table: str, owner: str) -> str:
    connection.execute(
        text(
            "CREATE FUNCTION pg_temp.f() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER"
            f" AS $$ SELECT {owner} FROM {table} $$"
        )
    )
    return _rows(connection, "SELECT pg_temp.f()")


def _by_a_leaky_function(connection: Connection, table: str, owner: str) -> str:
    """It is so cheap that the planner would call it first, and it tells all that it is given."""
    connection.execute(text("CREATE TEMP TABLE told (one text)"))
    connection.execute(
        text(
            "CREATE FUNCTION pg_temp.tell(one text) RETURNS boolean LANGUAGE plpgsql COST 0.000001"
            " AS $$ BEGIN INSERT INTO told VALUES (one); RETURN true; END $$"
        )
    )
    _rows(connection, f"SELECT 1 FROM {table} WHERE pg_temp.tell({owner})")
    return _rows(connection, "SELECT DISTINCT one FROM told")


def _by_an_error(connection: Connection, table: str, owner: str) -> str:
    """A cast that fails would quote the value of a hidden row."""
    told = _rows(connection, f"SELECT {owner} FROM {table} WHERE {owner} <> '{THEIRS}'")
    with pytest.raises(DBAPIError) as caught, connection.begin_nested():
        _rows(connection, f"SELECT ('x' || {owner})::int FROM {table}")
    return told + str(caught.value.orig)


def _statistics(connection: Connection, table: str, owner: str) -> str:
    schema, _, name = table.partition(".")
    told = _rows(
        connection,
        "SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats"
        f" WHERE schemaname = '{schema}' AND tablename LIKE '{name}%'",
    )
    return told + _rows(connection, f"SELECT {owner} FROM {table}")


WAYS: dict[str, Way] = {
    "select": lambda c, t, o: _rows(c, f"SELECT {o} FROM {t}"),
    "where": lambda c, t, o: _rows(c, f"SELECT {o} FROM {t} WHERE {o} >= ''"),
    "or true": lambda c, t, o: _rows(c, f"SELECT {o} FROM {t} WHERE {o} = '781001' OR true"),
    "join": lambda c, t, o: _rows(
        c,
        f"SELECT t.{o} FROM (VALUES ('{THEIRS}'), ('781001')) v(s) JOIN {t} t ON t.{o} = v.s",
    ),
    "outer join": lambda c, t, o: _rows(
        c, f"SELECT a.{o}, b.{o} FROM {t} a LEFT JOIN {t} b ON a.{o} <> b.{o}"
    ),
    "union": lambda c, t, o: _rows(c, f"SELECT {o} FROM {t} UNION ALL SELECT {o} FROM {t}"),
    "recursion": lambda c, t, o: _rows(
        c, f"WITH RECURSIVE r AS (SELECT {o} FROM {t} UNION SELECT t.{o} FROM {t} t, r) TABLE r"
    ),
    "aggregate": lambda c, t, o: _rows(c, f"SELECT string_agg({o}, ','), max({o}) FROM {t}"),
    "window": lambda c, t, o: _rows(c, f"SELECT lead({o}) OVER (ORDER BY {o}), {o} FROM {t}"),
    "copy": _copied,
    "cursor": _by_cursor,
    "view": _by_view,
    "function": _by_function,
    "leaky function": _by_a_leaky_function,
    "error": _by_an_error,
    "statistics": _statistics,
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_leads_to_another_district(web: Engine, way: str) -> None:
    others = ("registry.schools", "quality.measures", "ops.action_log", "outbox.receipts")
    for name in (*BY_SCHOOL, "ops.letters", *others):
        with scoped(web, D1) as connection:
            told = str(WAYS[way](connection, _sql(name), owner_of(name)))
            assert THEIRS not in told, name
            assert "781001" in told, name
            connection.rollback()


@pytest.mark.parametrize("way", sorted(WAYS.keys() - {"error"}))  # which asks for no row of theirs
def test_each_way_leads_there_for_who_may_see_it(web: Engine, way: str) -> None:
    with scoped(web, Scope.of_region()) as connection:
        assert THEIRS in str(WAYS[way](connection, "journal.mark", "school"))
        connection.rollback()


@pytest.mark.parametrize("entity", ["lesson", "mark", "attendance", "term_mark"])
@pytest.mark.parametrize("year", [YEAR, YEAR + 1])
def test_a_partition_is_not_reached_by_its_name(
    web: Engine, region: Hub, entity: str, year: int
) -> None:
    migrate.open_school_year(connect(region.settings, "owner"), year)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        scoped(web, Scope.of_region()) as connection,
    ):
        connection.execute(text(f"SELECT * FROM journal.{entity}_{year}"))


def test_row_security_cannot_be_switched_off(web: Engine) -> None:
    with scoped(web, D1) as connection:
        connection.execute(text("SET LOCAL row_security = off"))
        with pytest.raises(ProgrammingError, match="row-level security"):
            connection.execute(text("SELECT count(*) FROM journal.mark"))
        connection.rollback()


# The scope and the pool


def _boom(connection: Connection) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    "ends", [lambda c: None, lambda c: c.commit(), lambda c: c.rollback(), _boom]
)
def test_a_scope_does_not_pass_to_the_next_user_of_the_connection(
    web: Engine, ends: Callable[[Connection], None]
) -> None:
    backend = text("SELECT pg_backend_pid()")
    try:
        with scoped(web, Scope.of_region()) as connection:
            first = connection.execute(backend).scalar_one()
            assert owners(connection, "journal.mark") == {*SCHOOLS}
            ends(connection)
    except ZeroDivisionError:
        assert ends is _boom
    with web.begin() as connection:
        assert connection.execute(backend).scalar_one() == first
        assert owners(connection, "journal.mark") == set()
    with scoped(web, Scope.of_schools("781001")) as connection:
        assert connection.execute(backend).scalar_one() == first
        assert owners(connection, "journal.mark") == {"781001"}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"region": True, "district": "d1"},
        {"district": "d1", "schools": frozenset({"781001"})},
        {"district": ""},
        {"schools": frozenset({""})},
        {"schools": frozenset({"781001,999003"})},
    ],
)
def test_a_scope_is_one_thing(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a scope"):
        Scope(**values)


def test_a_scope_of_a_unit_is_that_of_its_level() -> None:
    assert Scope.of_unit("region", "region") == Scope.of_region()
    assert Scope.of_unit("district", "d1") == Scope.of_district("d1")
    assert Scope.of_unit("school", "781001") == Scope.of_schools("781001")
    with pytest.raises(ValueError, match="a scope is no class"):
        Scope.of_unit("class", "5")


def test_the_scope_is_asked_once_per_query_and_an_index_serves(web: Engine) -> None:
    with scoped(web, D1) as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        query = f"EXPLAIN (COSTS OFF) SELECT * FROM journal.mark WHERE school_year = {YEAR}"
        plan = "\n".join(connection.execute(text(query)).scalars())
    assert "InitPlan" in plan
    assert "SubPlan" not in plan
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "school = ANY" in condition


# The other roles


def test_the_hub_is_held_to_no_scope(region: Hub) -> None:
    with region.engine.begin() as connection:
        for name in (*BY_SCHOOL, "registry.schools", "ops.landing"):
            assert owners(connection, name) == {*SCHOOLS}, name


def test_the_schedule_service_sees_what_the_diary_holds_and_logs(region: Hub) -> None:
    with connect(region.settings, "owner").begin() as connection:
        connection.execute(
            text("UPDATE outbox.desired SET target = 'diary' WHERE school = '999003'")
        )
    service = connect(region.settings, "svod_service")
    with service.begin() as connection:
        assert owners(connection, "outbox.desired") == {THEIRS}
        assert owners(connection, "registry.schools") == {*SCHOOLS}
        action_log_on(connection, "service")(Action("answer", "781001", "ground", 1))
    with service.connect() as connection:
        for other in ("actor", "details"):
            with pytest.raises(ProgrammingError, match="permission denied"):
                connection.execute(text(f"SELECT {other} FROM ops.action_log"))
            connection.rollback()
    service.dispose()


def test_the_auditor_reads_the_whole_log(region: Hub) -> None:
    auditor = connect(region.settings, "svod_auditor")
    with auditor.begin() as connection:
        assert owners(connection, "ops.action_log") == {*SCHOOLS, None}
    auditor.dispose()


def test_what_is_logged_stays_logged(region: Hub) -> None:
    """Nobody but the owner of the database changes or removes a line."""
    for statement in (action_log.update().values(actor="nobody"), action_log.delete()):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            region.engine.begin() as connection,
        ):
            connection.execute(statement)
