"""The ``svod`` command: a thin shell over the steps.

Tables for people, ``--json`` for machines; exit codes are documented in ``pipeline.exits``.
"""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from connectors.errors import ConnectorError
from mappings.problems import MappingError
from pipeline.access.accounts import AccountError
from pipeline.cli import (
    answers,
    bench,
    cards,
    checks,
    consent,
    delivery,
    explain,
    figures,
    forms,
    keys,
    mail,
    mappings,
    paper,
    passports,
    people,
    remarks,
    serve,
    setup,
    steps,
    users,
    waive,
)
from pipeline.clients import ClientsError
from pipeline.entries import EntryRefusedError
from pipeline.exits import Exit
from pipeline.explain.addresses import AddressError
from pipeline.explain.figure import RowsDifferError
from pipeline.explain.ledger import NotOpenableError
from pipeline.forms.forms import FormsError
from pipeline.ledger import LedgerOpenError
from pipeline.local_stack import StackError
from pipeline.measuring.figures_by import FiguresError
from pipeline.measuring.measured import NothingMeasuredError
from pipeline.paper.file import PaperFileError
from pipeline.paper.printouts import PrintoutsRefusedError
from pipeline.passports.file import PassportFileError
from pipeline.registry import RegionFileError, UnknownSchoolError
from pipeline.reread import RereadRefusedError
from pipeline.samples.sample import SampleError
from pipeline.settings import MissingVariableError
from privacy.disclosure import NoThresholdError
from privacy.keyfile import KeyChangeRefusedError
from privacy.keys import KeyFileError
from privacy.persons import DecisionRefusedError

EPILOG = (
    "Exit codes: 0 done; 1 fault of the hub; 2 wrong usage; 3 some schools did not finish, see "
    "them and run again; 4 the ledger does not close; 5 correct the settings; 6 a kept figure "
    "differs from the one counted again."
)

app = typer.Typer(
    name="svod",
    help="Svod: from the schools' electronic journals to the region's portals.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
setup.register(app)
steps.register(app)
users.register(app)
delivery.register(app)
answers.register(app)
remarks.register(app)
cards.register(app)
figures.register(app)
explain.register(app)
bench.register(app)
people.register(app)
keys.register(app)
consent.register(app)
checks.register(app)
waive.register(app)
mail.register(app)
paper.register(app)
mappings.register(app)
serve.register(app)
passports.register(app)
forms.register(app)

# Errors a person can act on, and what their exit code asks for.
KNOWN: dict[type[Exception], Exit] = {
    LedgerOpenError: Exit.LEDGER_OPEN,
    RegionFileError: Exit.MISCONFIGURED,
    UnknownSchoolError: Exit.USAGE,
    ClientsError: Exit.MISCONFIGURED,
    MissingVariableError: Exit.MISCONFIGURED,
    KeyFileError: Exit.MISCONFIGURED,
    KeyChangeRefusedError: Exit.USAGE,
    MappingError: Exit.MISCONFIGURED,
    StackError: Exit.FAULT,
    NothingMeasuredError: Exit.USAGE,
    FiguresError: Exit.USAGE,
    SampleError: Exit.USAGE,
    ConnectorError: Exit.PARTLY,
    DecisionRefusedError: Exit.USAGE,
    NoThresholdError: Exit.MISCONFIGURED,
    EntryRefusedError: Exit.USAGE,
    PaperFileError: Exit.USAGE,
    RereadRefusedError: Exit.PARTLY,
    PrintoutsRefusedError: Exit.FAULT,
    PassportFileError: Exit.USAGE,
    FormsError: Exit.USAGE,
    AccountError: Exit.USAGE,
    AddressError: Exit.USAGE,
    NotOpenableError: Exit.USAGE,
    RowsDifferError: Exit.FAULT,
}


def main() -> None:
    """Entry point: run the command; known errors become one clear message and their code."""
    try:
        app()
    except tuple(KNOWN) as error:
        code = next(code for kind, code in KNOWN.items() if isinstance(error, kind))
        Console(stderr=True).print(f"svod: {error}", markup=False, highlight=False)
        sys.exit(code)
