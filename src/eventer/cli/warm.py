"""`eventer warm`: compiles all kernels, for example while an image is built."""

from __future__ import annotations

import time

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.terminal import print_message


@exit_with_code
def warm() -> None:
    """Compile all kernels now, so that the first events do not wait for them.

    They are kept for this version and type of machine in EVENTER_CACHE_DIR, in the
    installed package, or in the user's cache directory.
    """
    from eventer.service import kernel_warming

    began = time.monotonic()
    warmed = kernel_warming.warm(lambda name: print_message(f"compiled {name}"))
    seconds = time.monotonic() - began
    print_message(
        f"compiled {warmed.compiled} kernels in {seconds:.1f} s into {warmed.folder}; "
        f"{warmed.cached} were already compiled"
    )
