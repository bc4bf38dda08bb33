"""The first values of every function and key under a fixed key, as a file.

`python -m tests.unit.functions.golden` writes the file: only together with a new `VERSION` in
`eventer.functions.fingerprint`, or in `eventer.kernels.draw`.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eventer.core.model import JsonValue
from eventer.functions.catalog import CATALOG
from eventer.functions.fingerprint import fingerprint
from eventer.functions.locales import LOCALES
from eventer.functions.spec import BatchContext

FILE = Path(__file__).parent / "golden.json"
KEY = 0x0123456789ABCDEF
ROWS = 5
CHAIN: dict[str, JsonValue] = {
    "a": {"next": {"a": 2.0, "b": 1.0, "c": 0.5}, "dwell": {"exponential": [30.0]}},
    "b": {"next": {"a": 1.0, "c": 1.0}, "dwell": {"normal": [5.0, 4.0]}},
    "c": {"next": {"d": 1.0}, "dwell": {"uniform": [1.0, 2.0, 1.0]}},
    "d": {"dwell": 2.5},
}
CALLS: tuple[tuple[str, Sequence[JsonValue]], ...] = (
    ("get_dataset", ("dummy",)),
    ("get_instance_id", ("dummy",)),
    ("get_one_of", ("ru, us, jp, cn",)),
    ("get_one_of", ("click open close",)),
    ("get_one_of", ([1.0, "x", None, {"a": [True]}],)),
    ("get_one_of", ([1.0, 2.0, 3.0], [5.0, 0.0, 2.5])),
    ("get_one_of", ({"b": 1.0, "a": 3.0},)),
    ("get_boolean", (0.3,)),
    ("get_some_of", ("a b c d", 1.0, 3.0)),
    ("get_shuffled", ("a b c d",)),
    ("get_index", ()),
    ("get_sequence", (100.0, -7.0)),
    ("get_cycle", ("a b c",)),
    ("get_unique_integer", (1.0, 9.0)),
    ("get_unique_integer", (-(2.0**53) + 1, 2.0**53 - 1)),
    ("get_uuid", ()),
    ("get_uuid7", ()),
    ("get_now", ()),
    ("get_now", ("ns", "-1d")),
    ("get_epoch", ("us", 0.5)),
    ("get_duration", ("1s", "1m")),
    ("get_timestamp", ("2021-12-01", "2021-12-31", "1h")),
    ("get_timestamp", ("1900-01-01", "2100-01-01", "1us")),
    ("get_timestamp", ("now-7d", "now", "1ms")),
    ("get_integer", (1.0, 1000.0)),
    ("get_integer", (-(2.0**63), 2.0**62)),
    ("get_number", (1.0, 1000.0)),
    ("get_rand_user_agent", ()),
    ("get_rand_data", ()),
    ("get_rand_data", ("realistic",)),
    ("get_pattern", (r"[A-Z]{2,4}-\d{3}(\.(new|old)|[é-ü]{2})?\"",)),
    ("get_words", (1.0, 5.0)),
    ("get_sentences", (1.0, 3.0)),
    *(("get_person", (locale,)) for locale in LOCALES),
    *(("get_address", (locale,)) for locale in LOCALES),
    ("get_address", ("de", "US")),
    *(("get_company", (locale,)) for locale in LOCALES),
    *(("get_job", (locale,)) for locale in LOCALES),
    ("get_product", ()),
    ("get_device", ()),
    ("get_number", (1.0, 1000.0, 2.0)),
    ("get_normal", (20.0, 2.0)),
    ("get_normal", (20.0, 2.0, 21.0, None, 1.0)),
    ("get_lognormal", (120.0, 0.5)),
    ("get_lognormal", (120.0, 0.5, None, 100.0)),
    ("get_exponential", (30.0,)),
    ("get_exponential", (30.0, 1.0, 60.0, 2.0)),
    ("get_gamma", (2.0, 15.0)),
    ("get_gamma", (0.5, 15.0)),
    ("get_beta", (2.0, 8.0)),
    ("get_beta", (0.5, 0.5)),
    ("get_pareto", (1.16, 10.0)),
    ("get_pareto", (1.16, 10.0, 1000.0, 0.0)),
    ("get_triangular", (1.0, 3.0, 10.0)),
    ("get_poisson", (2.5,)),
    ("get_poisson", (250.0,)),
    ("get_binomial", (12.0, 0.5)),
    ("get_binomial", (1200.0, 0.7)),
    ("get_geometric", (0.25,)),
    ("get_zipf", (1000.0,)),
    ("get_zipf", (1000000.0, 1.2)),
    ("get_signal", ("a", 20.0, 3.0, "6h", 0.1)),
    ("get_walk", ("a", 100.0, 0.5, "1s", "2020-01-01", 90.0, 120.0, 3600.0)),
    ("get_chain", (CHAIN, "a")),
    ("get_chain", (CHAIN, "b", 3.0)),
    ("get_season", ([1.0, 4.0, 2.0], "week", "Europe/Berlin", "1h")),
)


def values() -> dict[str, JsonValue]:
    """Values by call and key, all under the same draw key."""
    index = np.arange(ROWS, dtype=np.int64)
    context = BatchContext(index, index * 10**9 + 1_700_000_000_123_456_789)
    made: dict[str, JsonValue] = {"fingerprint": fingerprint()}
    for name, arguments in CALLS:
        column = CATALOG.get(name).call(arguments).column(KEY, context)
        made[f"{name}{json.dumps(list(arguments))}"] = column.to_list()
    return made


if __name__ == "__main__":
    FILE.write_text(json.dumps(values(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
