"""The contingent registry: who learns where. Records with identities go in, a receipt per record
comes back, by packet and ticket or by REST (docs/contingent-contract.md says what is ASSUMED).
"""

from connectors.contingent.client import ContingentClient
from connectors.contingent.codes import Codes, read_codes
from connectors.contingent.shape import Shape, read_shape

__all__ = ["Codes", "ContingentClient", "Shape", "read_codes", "read_shape"]
