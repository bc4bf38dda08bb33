"""Runs as a script: evaluates programs with gojsonnet, one JSON request and one JSON reply a line.

The tests' own process must never import gojsonnet: it hangs after fork, leaks, and can abort its
process. Here it has limits, and only this process is lost.
"""

import json
import resource
import sys

import _gojsonnet

CPU_SECONDS = 600
ADDRESS_SPACE = 4 << 30


def importer(library):
    """An import callback that knows the given files and nothing of the disk."""

    def read(_directory, path):
        if path not in library:
            raise RuntimeError(f"no file {path}")
        return path, library[path].encode()

    return read


def answer(request):
    """`{"value": JSON text}` or `{"error": message}`."""
    try:
        value = _gojsonnet.evaluate_snippet(
            "program",
            request["text"],
            max_stack=request["max_stack"],
            ext_codes=request["ext_codes"],
            tla_codes=request["tla_codes"],
            import_callback=importer(request["library"]),
        )
    except RuntimeError as error:
        return {"error": str(error)}
    return {"value": value}


def main():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    replies = sys.stdout
    for line in sys.stdin:
        replies.write(json.dumps(answer(json.loads(line))) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
