"""The studio in a browser: each page's main path, the roles, and hostile data.

The default tests are the way from a template to a generator, and hostile data.
"""

import re

import pytest

from tests.integration.web.conftest import READ, WRITE
from tests.waiting import wait_until

HOSTILE = """local text = '<img src=x onerror=alert(1)> <b>bold</b> \\u202e \\u001b[31m';
{ ['field%d' % n]: n for n in std.range(1, FIELDS) } + { a: text, b: std.repeat('x', BYTES) }
"""


def write(page, text):
    """Replaces the text of the editor, as a paste does."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def choose(page, label, option):
    """Chooses an option of a select in the open dialog."""
    page.get_by_role("dialog").get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


@pytest.mark.slow
def test_a_browser_without_a_session_is_sent_to_the_login(open_page, service):
    page = open_page("/playground", token=None)
    assert page.url == f"{service.url}/login"
    page.get_by_label("Token").fill("wrong")
    with page.expect_response("**/login"):
        page.get_by_role("button", name="Sign in").click()
    page.get_by_text("the token is not valid").wait_for()
    page.get_by_label("Token").fill(WRITE)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Generators").wait_for()
    (cookie,) = page.context.cookies()[:1]
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (
        "eventer_session", True, "Strict",
    )  # fmt: skip
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Token").wait_for()


def test_a_template_is_mended_and_run_and_its_generator_is_watched_and_removed(open_page, service):
    page = open_page("/playground")
    page.locator(".event").first.wait_for()
    write(page, "local total = std.native('get_integer')(1, 9);\n{ id: 1,\n  total: totl }")
    assert page.locator(".studio-squiggle").text_content() == "totl"
    problem = page.get_by_role("alert")
    problem.get_by_text("line 3, column 10").wait_for()
    problem.get_by_text("did you mean 'total'?").wait_for()

    write(page, "local total = std.native('get_integer')(1, 9);\n{ id: 1,\n  total: total }")
    page.locator(".studio-squiggle").wait_for(state="detached")
    page.get_by_role("button", name="Format").click()
    page.locator(".cm-line", has_text=re.compile("^  id: 1,$")).wait_for()
    page.get_by_role("tab", name="Profile").click()
    total = page.locator(".field", has_text="total")
    total.get_by_text("9 distinct").or_(total.get_by_text("9", exact=True)).first.wait_for()
    total.locator(".hist div").nth(8).wait_for()

    page.get_by_role("button", name="Run it").click()
    choose(page, "Destination", "PostgreSQL table")
    page.get_by_label("Table", exact=True).fill("watched")
    page.get_by_label("Interval").fill("200ms")
    page.get_by_text("50/s, 4,320,000 events a day").wait_for()
    choose(page, "Spread over time", "Evenly")
    page.get_by_role("button", name="Add generator").click()

    page.get_by_role("heading", name="postgres:watched").wait_for()
    page.get_by_label("Filter events").fill("/total<9")
    page.locator(".tail .event", has_text='"total":').nth(5).wait_for()
    page.get_by_role("button", name="Pause").click()
    page.locator(".state.paused").wait_for()
    assert service.generators()["postgres:watched"]["state"] == "paused"
    page.get_by_role("button", name="Resume").click()
    page.locator(".state.running").wait_for()
    page.get_by_role("button", name="Change pace").click()
    page.get_by_label("Events", exact=True).fill("3")
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_text("15/s").first.wait_for()
    page.get_by_role("button", name="Verify now").click()
    page.get_by_text("No differences found").wait_for()
    page.get_by_role("tab", name="Command line").click()
    page.get_by_text(f"EVENTER_URL={service.url} eventer add -").wait_for()

    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.get_by_role("heading", name="Generators").wait_for()
    assert "postgres:watched" not in service.generators()


@pytest.mark.slow
def test_generators_are_filtered_and_several_are_paused_at_once(open_page, service):
    service.add("filtered_one", "filtered_two", "other")
    page = open_page("/")
    page.get_by_label("Filter", exact=True).fill("filtered")
    rows = page.locator("tbody tr")
    rows.nth(1).wait_for()
    rows.nth(2).wait_for(state="detached")
    for name in ("one", "two"):
        page.get_by_role("checkbox", name=f"Select filtered_{name}").click()
    page.get_by_text("2 selected").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.locator(".state.paused").nth(1).wait_for()
    states = {name: each["state"] for name, each in service.generators().items()}
    assert (states["filtered_one"], states["filtered_two"]) == ("paused", "paused")
    assert states["other"] != "paused"
    page.get_by_role("button", name="Resume").click()
    page.locator(".state.paused").first.wait_for(state="detached")
    page.get_by_role("link", name="filtered_one").click()
    page.get_by_role("heading", name="filtered_one").wait_for()
    page.locator("canvas").nth(4).wait_for()
    page.get_by_role("tab", name="Plan").click()
    page.get_by_text("engine: plan").wait_for()


@pytest.mark.slow
def test_a_topic_is_filled_and_connections_are_tested(open_page, service):
    page = open_page("/playground?example=orders")
    page.locator(".event").first.wait_for()
    page.get_by_role("button", name="Run it").click()
    page.get_by_label("Topic").fill("studio-orders")
    page.get_by_label("Name (optional)").fill("studio-orders")
    page.get_by_role("button", name="Add generator").click()
    page.locator(".tail .event").nth(5).wait_for()
    page.get_by_role("button", name="Verify now").click()
    page.get_by_text("No differences found").wait_for()
    page.get_by_role("link", name="Connections").click()
    for name in ("kafka", "postgres"):
        page.get_by_role("button", name=f"Test {name}").click()
    page.get_by_text("passed: events can be delivered").nth(1).wait_for()
    page.get_by_text("Kafka, 1 broker").wait_for()
    page.get_by_text("exactly-once").nth(1).wait_for()
    service.ask("/generator/remove", {"ids": [service.generators()["studio-orders"]["id"]]})


@pytest.mark.slow
def test_a_page_recovers_when_the_service_starts_again(open_page, service):
    service.add("restarted")
    page = open_page("/generators/restarted")
    page.locator(".tail .event").first.wait_for()
    with page.expect_event("load"):
        service.stop()
        service.start()
    page.get_by_role("heading", name="restarted").wait_for()
    page.locator(".tail .event").first.wait_for()


@pytest.mark.slow
def test_a_tail_of_many_events_does_not_grow_and_a_hidden_page_costs_nothing(open_page, service):
    service.add("many", count=1000, interval="200ms")
    frames = []
    page = open_page("/generators/many", frames=frames)
    page.locator(".tail .event").nth(199).wait_for(state="attached")
    elements = page.evaluate("document.querySelectorAll('*').length")
    start = service.generators()["many"]["position"]
    wait_until(lambda: service.generators()["many"]["position"] > start + 10_000)
    assert page.locator(".tail .event").count() <= 200
    assert page.evaluate("document.querySelectorAll('*').length") < elements + 100

    page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def quiet():
        before, at = len(frames), service.generators()["many"]["position"]
        wait_until(lambda: service.generators()["many"]["position"] > at + 10_000)
        page.evaluate("1")  # takes the frames that have arrived
        return len(frames) - before <= 1  # at most a heartbeat

    wait_until(quiet)
    service.ask("/generator/remove", {"ids": [service.generators()["many"]["id"]]})


@pytest.mark.slow
def test_a_function_is_found_and_its_example_is_changed_and_evaluated(open_page):
    page = open_page("/reference")
    cards = page.locator(".func")
    cards.nth(7).wait_for()
    page.get_by_label("Search").fill("anywhere from -2^63")
    page.locator(".func:visible").nth(1).wait_for(state="detached")
    card = page.locator("#get_integer")
    card.get_by_label("Example").first.fill("get_integer(41, 41) + 1")
    card.get_by_role("button", name="Evaluate").first.click()
    card.get_by_text("42\n42\n42\n42\n42").wait_for()


@pytest.mark.slow
def test_an_example_is_chosen_and_completed(open_page):
    page = open_page("/playground?example=gallery")
    page.get_by_label("Search").fill("warehouse")
    page.get_by_role("button", name="warehouse-picks").click()
    page.locator(".event", has_text="picked").first.wait_for()
    write(page, "local data = std.native('get_rand_data');\n")
    page.keyboard.type("{ a: data().ema")
    page.locator(".cm-tooltip-autocomplete").get_by_text("email").first.wait_for()


@pytest.mark.slow
def test_an_example_of_timelines_shows_its_steps(open_page):
    page = open_page("/playground?example=gallery")
    page.get_by_label("Search").fill("device")
    page.get_by_role("button", name="device-states").click()
    page.locator(".event", has_text="firmware").first.wait_for()
    assert page.get_by_label("Timeline").input_value() == "24h"
    page.get_by_label("Timeline").fill("25h")
    page.get_by_text("at most 24h").wait_for()


@pytest.mark.slow
def test_a_read_token_sees_but_cannot_change(open_page, service):
    service.add("readable")
    page = open_page("/", token=READ)
    page.get_by_role("link", name="readable").wait_for()
    page.get_by_text("read only").wait_for()
    assert page.get_by_role("checkbox").count() == 0
    page.get_by_role("link", name="readable").click()
    page.get_by_role("button", name="Verify now").wait_for()
    assert page.get_by_role("button", name=re.compile("Pause|Remove|Change pace")).count() == 0
    page.goto(f"{service.url}/connections")
    page.get_by_role("heading", name="postgres").wait_for()
    assert page.get_by_role("button", name=re.compile("^Test")).count() == 0
    page.goto(f"{service.url}/playground")
    page.locator(".event").first.wait_for()
    assert page.get_by_role("button", name="Run it").count() == 0
    refused = page.request.post(f"{service.url}/generator/remove", data={"id": "1"})
    assert refused.status == 403


@pytest.mark.parametrize(
    ("fields", "size"), [(110, 500), pytest.param(2_000, 1_000_000, marks=pytest.mark.slow)]
)
def test_hostile_data_is_shown_as_text(open_page, fields, size):
    page = open_page("/playground")
    page.locator(".event").first.wait_for()
    write(page, HOSTILE.replace("FIELDS", str(fields)).replace("BYTES", str(size)))
    page.locator(".event", has_text="<img src=x onerror=alert(1)>").first.wait_for()
    page.get_by_role("tab", name="Table").click()
    page.get_by_text(f"and {fields - 38:,} more fields").wait_for()
    page.get_by_role("tab", name="Profile").click()
    page.get_by_text(f"{fields + 2:,} fields; the first 100 are shown").wait_for()
    assert page.locator("img").count() == 0


FOCUSED = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element.closest(".cm-editor") ?? element);
  const text = element.matches("body, main") ? "" : element.innerText;
  const names = [element.getAttribute("aria-label") ?? "", ...text.split("\\n")];
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const ring = element.matches(".q-btn:focus-visible") && / 4px$/.test(style.boxShadow);
  const visible = outlined || ring || !!element.closest(".q-field--focused");
  return [names.map((name) => name.trim()), visible];
}"""


def tab_to(page, name):
    """Presses Tab until the element of this name has the focus, which must be visible."""
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        names, _ = page.evaluate(FOCUSED)
        seen.append(names)
        if name in names:
            page.wait_for_function(f"({FOCUSED})()[1]")  # after a transition
            return
    raise AssertionError(f"Tab does not reach {name!r}: {seen}")


@pytest.mark.slow
def test_the_main_path_needs_no_pointer(open_page, service):
    page = open_page("/playground?example=orders")
    page.locator(".event").first.wait_for()
    tab_to(page, "Skip to the content")
    page.keyboard.press("Enter")
    tab_to(page, "Template")
    page.keyboard.press("Control+End")
    page.keyboard.press("Tab")  # indents
    page.keyboard.press("Escape")
    tab_to(page, "Another seed")
    page.keyboard.press("Shift+Tab")
    page.evaluate("document.activeElement.blur()")
    tab_to(page, "Run it")
    page.keyboard.press("Enter")
    tab_to(page, "Topic")
    page.keyboard.press("Control+a")
    page.keyboard.type("by-keyboard")
    tab_to(page, "Add generator")
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="kafka:by-keyboard").wait_for()
    tab_to(page, "Pause")
    page.keyboard.press("Enter")
    page.locator(".state.paused").wait_for()
    tab_to(page, "Remove")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.wait_for_function(f"({FOCUSED})()[0].includes('Remove')")  # the button of the dialog
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    tab_to(page, "Remove")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Generators").wait_for()
    assert "kafka:by-keyboard" not in service.generators()

    service.add("found_by_keyboard")
    page.get_by_role("link", name="found_by_keyboard").wait_for()
    page.keyboard.press("/")
    assert "Filter" in page.evaluate(FOCUSED)[0]
    page.keyboard.type("nothing like this")
    page.get_by_role("link", name="found_by_keyboard").wait_for(state="detached")
