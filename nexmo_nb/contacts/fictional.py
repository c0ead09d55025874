"""Numbers that belong to nobody: regulators set them aside for films and examples. Pure.

Sources: Ofcom, "Telephone numbers for use in TV and radio drama programmes"; ATIS-0300115 (555-0100 to 555-0199 of
the North American plan); ARCEP, decision 2009-0637; ACMA, "Phone numbers for use in TV shows, films and creative
works".
"""

from __future__ import annotations

import re

PATTERN = (
    r"44(?:7700900|(?:11[3-8]|1[2-6]1)4960|2079460|1914980|2896496|2920180|1632960|8081570|9098790|3069990)\d{3}"
    r"|1[2-9]\d{2}55501\d{2}"
    r"|33(?:19900|26191|35301|46571|53649|63998)\d{4}"
    r"|61(?:[2378](?:5550|7010)\d{4}|491570(?:006|110|15[6-9]))"
)
"""What such numbers look like in E.164 digits; a pattern for Python and for Arrow."""
_FICTIONAL = re.compile(PATTERN)


def is_fictional(digits: str) -> bool:
    """Tell whether E.164 digits are set aside for films and examples."""
    return _FICTIONAL.fullmatch(digits) is not None
