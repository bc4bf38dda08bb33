"""Local time from the frozen offsets."""

from datetime import UTC, datetime
from hashlib import blake2b
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.functions import data_files, fingerprint
from eventer.functions.time_zones import time_zone, zone_argument
from tests.families import family

FIRST = int(datetime(1970, 1, 2, tzinfo=UTC).timestamp())
LAST = int(datetime(2099, 12, 31, tzinfo=UTC).timestamp())
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")


def test_the_data_changes_only_with_the_version() -> None:
    """A change of the file changes events: increase VERSION in fingerprint.py."""
    content = (files("eventer.functions") / "data/time_zone_offsets.tsv").read_bytes()
    digest = blake2b(content, digest_size=16).hexdigest()
    assert (fingerprint.VERSION, digest) == (1, "79ba5a7bb8091e3024d61b0a096cb65f")


@family("name", ZONES)
def test_local_time_is_that_of_the_database(name: str) -> None:
    seconds = np.linspace(FIRST, LAST, 5_000).astype(np.int64)
    local = time_zone(name).local_seconds(seconds)
    source = files("tzdata") / "zoneinfo"
    with source.joinpath(*name.split("/")).open("rb") as file:
        zone = ZoneInfo.from_file(file, name)
    for second, shown in zip(seconds.tolist(), local.tolist(), strict=True):
        offset = datetime.fromtimestamp(second, zone).utcoffset()
        assert offset is not None
        assert shown - second == offset.total_seconds()


def test_the_nearest_offset_applies_beyond_the_data() -> None:
    zone = time_zone("Europe/Berlin")
    seconds = np.array([-(10**12), 10**12], dtype=np.int64)
    assert (zone.local_seconds(seconds) - seconds).tolist() == [3600, 3600]


def test_all_names_that_templates_can_draw_are_zones() -> None:
    for name in data_files.lines("time_zones"):
        assert time_zone(name).local_seconds(np.zeros(1, dtype=np.int64)) is not None


@pytest.mark.parametrize(
    ("value", "said", "hint"),
    [
        ("Europe/Berlln", "'timezone' is \"Europe/Berlln\", which is not a time zone", "Berlin"),
        (1.0, "'timezone' must be text, not 1", "quotes"),
        ("nowhere at all", "not a time zone", "Europe/Berlin"),
    ],
)
def test_other_names_are_refused(value: object, said: str, hint: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        zone_argument("get_season", "timezone", value)
    assert said in caught.value.message
    assert hint in str(caught.value.hint)
