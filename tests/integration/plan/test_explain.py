"""The explanation depends only on the template, not on the order of sets in a process."""

import os
import subprocess
import sys

from eventer.plan.explain_text import plan_text
from tests.unit.plan.test_explain import LOCALS, MIXED, explained


def test_every_process_prints_the_same_explanation():
    program = (
        "from tests.unit.plan.test_explain import *\nprint(plan_text(explained(LOCALS + MIXED)))"
    )
    # This process has another, random seed.
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == plan_text(explained(LOCALS + MIXED)) + "\n"
