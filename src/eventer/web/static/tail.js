// Appends events to a list as text, and keeps the newest ones.
window.studioTail = (id, events, most, follow) => {
  const list = document.getElementById(id);
  if (!list) return;
  list.querySelector(".tail-empty")?.remove();
  const fragment = document.createDocumentFragment();
  for (const [index, text] of events) {
    const row = document.createElement("div");
    row.className = "event";
    const number = row.appendChild(document.createElement("div"));
    number.className = "index";
    number.textContent = index;
    row.appendChild(document.createElement("pre")).textContent = text;
    fragment.append(row);
  }
  list.append(fragment);
  while (list.childElementCount > most) list.firstElementChild.remove();
  if (follow) list.scrollTop = list.scrollHeight;
};
window.studioCopyTail = (id) => {
  const texts = [...document.querySelectorAll(`#${id} pre`)].map((each) => each.textContent);
  navigator.clipboard?.writeText(texts.join("\n"));
};
window.studioShare = (text) => {
  history.replaceState(null, "", "#template=" + encodeURIComponent(text));
  navigator.clipboard?.writeText(location.href);
};
