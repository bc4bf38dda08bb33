"""Markup: text is escaped wherever it is put."""

from eventer.web.markup import joined, prose_markup, table_markup, tag

HOSTILE = "<img src=x onerror='alert(1)'>\""
ESCAPED = "&lt;img src=x onerror=&#x27;alert(1)&#x27;&gt;&quot;"


def test_text_is_escaped_and_markup_is_not():
    inner = tag("b", HOSTILE, class_="v", aria_label=HOSTILE)
    assert inner == f'<b class="v" aria-label="{ESCAPED}">{ESCAPED}</b>'
    assert tag("p", inner, HOSTILE) == f"<p>{inner}{ESCAPED}</p>"
    assert joined([HOSTILE, inner]) == f"{ESCAPED}{inner}"
    assert prose_markup(f"`{HOSTILE}`") == f"<code>{ESCAPED}</code>"
    table = table_markup([HOSTILE], [[HOSTILE, inner]])
    assert f'<th scope="col">{ESCAPED}</th>' in table
    assert f"<td>{ESCAPED}</td><td>{inner}</td>" in table
