"""Freezes the names, words and user agents that functions draw from as files of the package.

Run it by hand (`python tools/freeze_data.py`, with the dependency group `data`) to take newer data;
it rewrites `src/eventer/functions/data/`. The files are the truth from then on, whatever is
installed. A change of any of them changes events: raise `VERSION` in `functions/fingerprint.py`.
"""

from __future__ import annotations

import json
import re
import zoneinfo
from collections import defaultdict
from importlib.metadata import distribution, version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

DATA: Final = Path(__file__).resolve().parent.parent / "src/eventer/functions/data"
# Links into the machine's own configuration and the placeholder of an unset one: no place's time.
NOT_ZONES: Final = frozenset({"Factory", "localtime"})
# Weights are parts of this many; what rounds to none is too rare to be seen.
USER_AGENT_PARTS: Final = 1 << 16


def main() -> None:
    """Writes every data file, and where each is from."""
    female, male = first_names()
    write("first_names_female.txt", female)
    write("first_names_male.txt", male)
    write("last_names.txt", last_names())
    write("words.txt", words())
    write("currencies.txt", currencies())
    write("time_zones.txt", time_zones())
    write("user_agents.txt", user_agents())
    (DATA / "PROVENANCE.md").write_text(provenance(), encoding="utf-8")


def write(name: str, lines: list[str]) -> None:
    """One entry a line, every one ASCII, in an order that does not depend on the source's."""
    text = "".join(f"{line}\n" for line in lines)
    (DATA / name).write_text(text, encoding="ascii")
    print(f"{name}: {len(lines)} entries")


def first_names() -> tuple[list[str], list[str]]:
    """Female and male first names: a name is what Faker's lists say, else what Mimesis' say.

    One that is in both lists of either is left out: a title must agree with the name after it.
    """
    from faker.providers.person.en_US import Provider

    names = mimesis_dataset("person")["names"]
    female, male = set(names["female"]), set(names["male"])
    known_female, known_male = set(Provider.first_names_female), set(Provider.first_names_male)
    known = known_female | known_male
    women = (female - male - known) | ((female | male) & (known_female - known_male))
    men = (male - female - known) | ((female | male) & (known_male - known_female))
    return sorted(women), sorted(men)


def last_names() -> list[str]:
    """Surnames, with the capital that follows an apostrophe."""
    surnames = mimesis_dataset("person")["surnames"]
    return sorted({re.sub("'[a-z]", lambda m: m.group().upper(), name) for name in surnames})


def words() -> list[str]:
    """Latin words."""
    from faker.providers.lorem.la import Provider

    return sorted(set(Provider.word_list))


def currencies() -> list[str]:
    """ISO 4217 codes."""
    from mimesis.datasets import CURRENCY_ISO_CODES

    return sorted(CURRENCY_ISO_CODES)


def time_zones() -> list[str]:
    """IANA names, legacy ones included."""
    return sorted(zoneinfo.available_timezones() - NOT_ZONES)


def user_agents() -> list[str]:
    """User agents, each after its weight and a tab, the most frequent first."""
    shares: defaultdict[str, float] = defaultdict(float)
    source = files("fake_useragent") / "data/browsers.jsonl"
    for line in source.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        shares[row["useragent"]] += row["percent"] / 100
    weights = {agent: round(share * USER_AGENT_PARTS) for agent, share in shares.items()}
    seen = sorted((-weight, agent) for agent, weight in weights.items() if weight)
    return [f"{-weight}\t{agent}" for weight, agent in seen]


def mimesis_dataset(name: str) -> Any:
    """An English dataset of Mimesis."""
    path = files("mimesis") / f"datasets/en/{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def provenance() -> str:
    """Where each file is from, in which version, under which licence."""
    zones = (Path(zoneinfo.TZPATH[0]) / "tzdata.zi").read_text(encoding="utf-8").split("\n", 1)[0]
    return f"""# Where the data comes from

Made by `tools/freeze_data.py`; never edited by hand, never read from installed packages at run
time.

| file | from | licence |
|---|---|---|
| `first_names_female.txt`, `first_names_male.txt` | Mimesis {version("mimesis")}, English; \
genders where Faker {version("faker")} has the name are Faker's | MIT |
| `last_names.txt` | Mimesis {version("mimesis")}, English | MIT |
| `words.txt` | Faker {version("faker")}, `lorem.la` | MIT |
| `currencies.txt` | Mimesis {version("mimesis")}: ISO 4217 codes | MIT |
| `time_zones.txt` | IANA time zone database {zones.rsplit(maxsplit=1)[-1]} | public domain |
| `user_agents.txt` | fake-useragent {version("fake-useragent")}, whose data are from \
user-agents.net; weights are parts of {USER_AGENT_PARTS} | Apache-2.0 |

## Licences of Mimesis and Faker

{licence("mimesis")}
{licence("faker")}"""


def licence(package: str) -> str:
    """The licence text that an installed package carries, as a quotation."""
    found = next(p for p in distribution(package).files or [] if "LICENSE" in p.name)
    lines = Path(str(found.locate())).read_text(encoding="utf-8").strip().splitlines()
    return "".join(f"> {line}".rstrip() + "\n" for line in lines)


if __name__ == "__main__":
    main()
