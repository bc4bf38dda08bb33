"""The pages of the studio that the navigation shows: paths and titles, in its order."""

from typing import Final

PAGES: Final = (
    ("/", "Generators"),
    ("/playground", "Playground"),
    ("/connections", "Connections"),
    ("/reference", "Functions"),
)
