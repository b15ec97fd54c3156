"""The second factor: codes of an authenticator program (TOTP, RFC 6238), each taken once.

The secret is sealed like personal data: who reads the table cannot make codes.
"""

from __future__ import annotations

from datetime import datetime

import pyotp
from sqlalchemy import Connection, select, update

from pipeline.access.accounts import Account
from pipeline.access.events import Kind, note
from privacy.keys import KeyRing
from privacy.sealing import reseal, seal, unseal
from schemas.tables import accounts

ISSUER = "Свод"
_STEP = 30  # seconds, as the programs have it
_DRIFT = 1  # steps that a clock may be off (RFC 6238, 5.2)


def begin(connection: Connection, keys: KeyRing, account: Account) -> str:
    """A new secret, not asked for until a code of it was given (``take``); the address that an
    authenticator program reads, as text or picture."""
    secret = pyotp.random_base32()
    _keep(
        connection,
        account,
        factor=seal(keys, secret.encode(), _place(account.id)),
        factor_confirmed=False,
        factor_step=None,
    )
    return pyotp.TOTP(secret).provisioning_uri(name=account.login, issuer_name=ISSUER)


def begun(connection: Connection, keys: KeyRing, account: Account) -> str | None:
    """The address of the secret that is not confirmed yet."""
    secret, confirmed, _ = _kept(connection, keys, account)
    if secret is None or confirmed:
        return None
    return pyotp.TOTP(secret).provisioning_uri(name=account.login, issuer_name=ISSUER)


def take(connection: Connection, keys: KeyRing, account: Account, code: str, at: datetime) -> bool:
    """Whether ``code`` is one of these moments and was not used before; it is now.

    The first one that is taken confirms the factor.
    """
    secret, confirmed, last = _kept(connection, keys, account)
    if secret is None:
        return False
    now = int(at.timestamp()) // _STEP
    totp = pyotp.TOTP(secret)
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        if (last is None or step > last) and pyotp.utils.strings_equal(
            totp.generate_otp(step), code.strip().replace(" ", "")
        ):
            _keep(connection, account, factor_step=step, factor_confirmed=True)
            if not confirmed:
                note(connection, Kind.FACTOR_SET, at, login=account.login)
            return True
    return False


def reseal_factor(keys: KeyRing, account: int, sealed: bytes) -> bytes:
    """The ``sealed`` secret of ``account``, by the active key. Raises as ``unseal``."""
    return reseal(keys, sealed, _place(account))


def _place(account: int) -> bytes:
    """What the sealed secret of an account is bound to."""
    return f"factor:{account}".encode()


def _kept(
    connection: Connection, keys: KeyRing, account: Account
) -> tuple[str | None, bool, int | None]:
    c = accounts.c
    query = select(c.factor, c.factor_confirmed, c.factor_step).where(c.id == account.id)
    # Two answers with the same code take turns.
    sealed, confirmed, step = connection.execute(query.with_for_update()).one()
    secret = None if sealed is None else unseal(keys, sealed, _place(account.id)).decode()
    return secret, confirmed, step


def _keep(connection: Connection, account: Account, **values: object) -> None:
    connection.execute(update(accounts).where(accounts.c.id == account.id).values(values))
