"""Which topic names are legal."""

from eventer.destinations.kafka.topic_admin import topic_name_error
from tests.families import family


@family("name", ["a", "A.b_c-9", "...", "x" * 249])
def test_legal_names(name):
    assert topic_name_error(name) is None


@family(
    ("name", "fault"),
    [
        ("", "1 to 249"),
        (".", "not a topic name"),
        ("..", "not a topic name"),
        ("x" * 250, "250"),
        ("a b", "not ' '"),
        ("é", "not 'é'"),
        ("a/b", "not '/'"),
        ("a\n", r"not '\n'"),
        ("a;drop", "not ';'"),
    ],
)
def test_illegal_names_say_why(name, fault):
    assert fault in topic_name_error(name)
