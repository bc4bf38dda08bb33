// Jsonnet for the editor: highlighting, completion by the service, and documentation on hover.
import * as CM from "nicegui-codemirror";

const KEYWORDS = new Set(
  "assert else error for function if import importbin importstr in local tailstrict then".split(" "),
);
const ATOMS = new Set(["true", "false", "null"]);
const SPECIAL = new Set(["self", "super", "std", "$"]);

function text(stream, state, quote, verbatim) {
  let escaped = false;
  for (let char; (char = stream.next()) != null; ) {
    if (char === quote && !escaped) {
      if (!verbatim || stream.peek() !== quote) {
        state.inside = null;
        break;
      }
      stream.next();
    }
    escaped = !verbatim && char === "\\" && !escaped;
  }
  return "string";
}

function comment(stream, state) {
  if (stream.skipTo("*/")) {
    stream.match("*/");
    state.inside = null;
  } else stream.skipToEnd();
  return "comment";
}

function block(stream, state) {
  if (stream.sol() && stream.match(/^\s*\|\|\|/)) state.inside = null;
  else stream.skipToEnd();
  return "string";
}

const mode = {
  name: "jsonnet",
  startState: () => ({ inside: null }),
  copyState: (state) => ({ inside: state.inside }),
  token(stream, state) {
    if (state.inside) return state.inside(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match("//") || stream.match("#")) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.match("/*")) {
      state.inside = comment;
      return comment(stream, state);
    }
    if (stream.match("|||")) {
      stream.skipToEnd();
      state.inside = block;
      return "string";
    }
    const quote = stream.match(/^@?["']/);
    if (quote) {
      const verbatim = quote[0].length === 2;
      state.inside = (s, st) => text(s, st, quote[0].slice(-1), verbatim);
      return state.inside(stream, state);
    }
    if (stream.match(/^\d+(\.\d+)?([eE][+-]?\d+)?/)) return "number";
    const word = stream.match(/^[A-Za-z_]\w*|^\$/);
    if (word) {
      if (KEYWORDS.has(word[0])) return "keyword";
      if (ATOMS.has(word[0])) return "number";
      if (SPECIAL.has(word[0])) return "keyword";
      if (stream.match(/^\s*\+?:{1,3}(?!:)/, false)) return "propertyName";
      if (stream.match(/^\s*\(/, false)) return "variableName.function";
      return "variableName";
    }
    if (stream.match(/^[+\-*/%<>=!&|^~:]+/)) return "operator";
    stream.next();
    return null;
  },
  languageData: {
    commentTokens: { line: "//", block: { open: "/*", close: "*/" } },
    closeBrackets: { brackets: ["(", "[", "{", "'", '"'] },
    indentOnInput: /^\s*[}\])]$/,
  },
  indent(_state, _after, context) {
    const line = context.lineAt(context.pos, -1);
    const before = context.pos > 0 ? context.state.doc.lineAt(Math.max(0, context.pos - 1)) : line;
    const indent = /^\s*/.exec(before.text)[0].length;
    const opens = /[{[(]\s*$/.test(before.text.slice(0, context.pos - before.from));
    const closes = /^\s*[}\])]/.test(_after);
    return Math.max(0, indent + (opens ? 2 : 0) - (closes ? 2 : 0));
  },
};

async function ask(state, position) {
  const before = state.sliceDoc(0, position);
  const answer = await fetch("/template/complete", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ template: state.doc.toString(), offset: [...before].length }),
  });
  return answer.ok ? answer.json() : { start: 0, suggestions: [] };
}

function documentation(suggestion) {
  const box = document.createElement("div");
  box.className = "studio-hint";
  const head = box.appendChild(document.createElement("code"));
  head.textContent = suggestion.label + suggestion.detail;
  const body = box.appendChild(document.createElement("p"));
  // Words in backticks are code; everything is text, never markup.
  for (const [number, part] of suggestion.description.split("`").entries())
    body.appendChild(document.createElement(number % 2 ? "code" : "span")).textContent = part;
  return box;
}

const KINDS = { function: "function", variable: "variable", field: "property", keyword: "keyword" };

async function complete(context) {
  const word = context.matchBefore(/[A-Za-z_]\w*/);
  const dot = context.matchBefore(/\.\s*/);
  const native = context.matchBefore(/native\(\s*['"]\w*/);
  if (!word && !dot && !native && !context.explicit) return null;
  const { suggestions } = await ask(context.state, context.pos);
  if (context.aborted || !suggestions.length) return null;
  const inside = native && /\w*$/.exec(native.text)[0];
  return {
    from: native ? context.pos - inside.length : word ? word.from : context.pos,
    validFor: /^\w*$/,
    options: suggestions.map((each) => ({
      label: each.label,
      apply: each.insert,
      type: KINDS[each.kind],
      detail: each.detail,
      info: each.description ? () => documentation(each) : undefined,
    })),
  };
}

const hover = CM.hoverTooltip(
  async (view, position) => {
    const line = view.state.doc.lineAt(position);
    const at = position - line.from;
    const start = at - /\w*$/.exec(line.text.slice(0, at))[0].length;
    const end = at + /^\w*/.exec(line.text.slice(at))[0].length;
    if (start === end || view.dom.querySelector(".studio-squiggle:hover")) return null;
    const { suggestions } = await ask(view.state, line.from + end);
    const name = line.text.slice(start, end);
    const found = suggestions.find((each) => each.label === name && each.description);
    if (!found) return null;
    return { pos: line.from + start, end: line.from + end, create: () => ({ dom: documentation(found) }) };
  },
  { hoverTime: 350 },
);

const language = CM.StreamLanguage.define(mode);
CM.languages.push(
  CM.LanguageDescription.of({
    name: "Jsonnet",
    alias: ["jsonnet"],
    extensions: ["jsonnet", "libsonnet"],
    support: new CM.LanguageSupport(language, [
      language.data.of({ autocomplete: complete }),
      hover,
      CM.EditorView.contentAttributes.of({ "aria-label": "Template", tabindex: "0" }),
    ]),
  }),
);
