"""A template's explanation as text."""

from __future__ import annotations

from eventer.core.error_text import format_place
from eventer.plan.explain_text import measurement_text, plan_text
from eventer.plan.explanation import TemplateExplanation


def explanation_text(explanation: TemplateExplanation) -> str:
    """A template's plan, or why it has none, and its measured cost."""
    plan, measured = explanation.plan, explanation.measured
    parts = [_refusal(explanation) if plan is None else plan_text(plan)]
    if measured is not None:
        parts.append(measurement_text(measured, plan))
    return "\n".join(parts)


def _refusal(explanation: TemplateExplanation) -> str:
    lines = [f"engine: {explanation.engine}", f"not on the plan: {explanation.reason}"]
    if explanation.place is not None:
        lines += format_place(explanation.place)
    return "".join(f"{line}\n" for line in lines)
