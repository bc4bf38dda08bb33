document.documentElement.lang = "en";
// The theme of the first visit is the system's; the page is built on the server, so a cookie tells it.
(() => {
  if (/(^|; )eventer_theme=/.test(document.cookie)) return;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.cookie = `eventer_theme=${dark ? "dark" : "light"}; path=/; max-age=31536000; samesite=strict`;
  if (dark && /eventer_theme=dark/.test(document.cookie)) location.reload();
})();
// A hidden page asks for no updates.
document.addEventListener("visibilitychange", () => {
  if (typeof emitEvent === "function") emitEvent("studio-visible", !document.hidden);
});
// The key "/" goes to the search or the filter of the page, unless one types.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, [contenteditable=true]")) return;
  const field = document.querySelector('input[aria-label="Search"], input[aria-label^="Filter"]');
  if (!field) return;
  event.preventDefault();
  field.focus();
});
