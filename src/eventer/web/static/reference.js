// The reference: search in its text, and examples that the API evaluates.
window.studioReference = () => {
  const search = document.getElementById("search");
  const cards = [...document.querySelectorAll(".func")].map((card) => [card, card.textContent.toLowerCase()]);
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    let found = 0;
    for (const [card, text] of cards) found += !(card.hidden = !text.includes(wanted));
    document.getElementById("nothing").hidden = found > 0;
  });
  for (const form of document.querySelectorAll("form.example"))
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      studioEvaluate(form.querySelector("input").value, form.querySelector(".result"));
    });
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
};

// Shows the first values of an expression, with the functions that it calls.
const studioEvaluate = async (expression, result) => {
  const names = new Set(expression.match(/\bget_\w+/g));
  const bound = [...names].map((name) => `local ${name} = std.native('${name}'); `).join("");
  let answer, shown;
  try {
    answer = await fetch("/generator/preview", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ template: bound + expression, count: 5 }),
    });
    shown = await answer.json();
  } catch {
    shown = { detail: "the service does not answer" };
  }
  const box = document.createElement(answer?.ok ? "pre" : "div");
  box.className = answer?.ok ? "code-block wrap" : "problem";
  const lines = answer?.ok ? shown.events.map((each) => JSON.stringify(each).slice(0, 500)) : studioFaults(shown);
  box.textContent = lines.join("\n");
  result.replaceChildren(box);
};

// The sentences of a problem (RFC 9457) of the API.
const studioFaults = (problem) => {
  const faults = (problem.errors ?? []).flatMap((each) => [each.message ?? each.detail, each.hint]);
  const known = faults.filter(Boolean);
  return known.length ? known : [problem.detail ?? problem.title ?? "the expression cannot be evaluated"];
};
