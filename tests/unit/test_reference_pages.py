"""Pages that are made from the code say what the code says."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.mark.parametrize("page", ["cli_page", "api_page", "settings_page"])
def test_the_page_is_up_to_date(page):
    command = [sys.executable, TOOLS / f"{page}.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
