"""The card that verifies the events of a generator."""

from __future__ import annotations

from nicegui import ui

from eventer.core.errors import EventerError
from eventer.service.views import AuditProgress, Verification
from eventer.web.layout import Visit, card, plain_button, problem_box


def build_verification(visit: Visit, id_: int) -> None:
    """A card that compares the delivered events with recomputed ones."""
    with card("Verify"):
        ui.label(
            "Reads the topic, table or folder, compares it with the recomputed events, and finds "
            "events that are missing, duplicated, changed or reordered."
        ).classes("soft")
        bar = ui.linear_progress(value=0, show_value=False, size="8px").props("rounded")
        bar.set_visibility(False)
        result = ui.element("div").classes("stack").props('aria-live="polite"')

        async def verify() -> None:
            button.disable()
            bar.set_visibility(True)
            result.clear()
            try:
                async for update in visit.eventer.verify(id_):
                    if isinstance(update, AuditProgress):
                        bar.value = update.recomputed / max(1, update.total)
                    else:
                        with result:
                            _show_verification(update)
            except EventerError as error:
                with result:
                    problem_box(error)
            finally:
                bar.set_visibility(False)
                button.enable()

        button = plain_button("Verify now", "fact_check", verify)


def _show_verification(verification: Verification) -> None:
    report = verification.report
    if verification.clean:
        ui.label(f"No differences found: {report.checked:,} events compared.").classes("chip good")
    else:
        found = ", ".join(f"{n:,} {flaw.value}" for flaw, n in report.totals.items() if n)
        ui.label(found or "Nothing could be compared.").classes("error-text")
        for finding in report.findings[:20]:
            place = " ".join(f"{name}={value}" for name, value in finding.place.items())
            ui.label(
                f"{finding.flaw.value} {finding.index or ''} {place} {finding.detail or ''}"
            ).classes("small mono")
    for unchecked in report.unchecked:
        ui.label(
            f"Not compared: events {unchecked.first:,} to {unchecked.end - 1:,}: {unchecked.reason}"
        ).classes("small soft")
    for note in report.notes:
        ui.label(note).classes("small soft")
