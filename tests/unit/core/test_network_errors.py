import errno
import socket
import ssl

from eventer.core.network_errors import network_error_text
from tests.families import family


@family(
    ("error", "text"),
    [
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"), "connection refused"),
        (ConnectionResetError(errno.ECONNRESET, "x"), "the server closed the connection"),
        (ConnectionError("unexpected connection_lost() call"), "the server closed the connection"),
        (socket.gaierror(-2, "Name or service not known"), "the host name cannot be resolved"),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call, [Errno 111] x"),
            "connection refused",
        ),
        (OSError(errno.EHOSTUNREACH, "x"), "no route to host"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] (_ssl.c:1006)"), "the TLS handshake failed"),
        (ValueError("other"), None),
    ],
)
def test_reasons_are_plain_words(error, text):
    assert network_error_text(error) == text
