// The answer box: sends without leaving the page, keeps what is typed, puts saved replies in.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("[data-answer]");
  if (!form) return;
  const text = form.elements.text;
  const send = form.querySelector("[data-send]");
  const problem = form.querySelector("[data-problem]");
  const files = form.querySelector("[data-files]");
  const chosen = form.querySelector("[data-chosen]");
  const draft = form.dataset.draft;
  const chat = form.closest("section");

  function complain(words) {
    problem.textContent = words;
    problem.hidden = !words;
  }
  function keep() {
    if (!draft) return;
    if (text.value) sessionStorage.setItem(draft, text.value);
    else sessionStorage.removeItem(draft);
  }
  function showFiles() {
    chosen.textContent = [...files.files].map((file) => file.name).join(", ");
    chosen.hidden = !files.files.length;
  }
  function empty(key) {
    form.reset();
    text.value = "";
    form.elements.is_html.checked = false;
    form.elements.saved_reply.value = "";
    form.elements.key.value = key;
    for (const input of form.querySelectorAll(".ib-buttons input")) input.value = "";
    for (const menu of form.querySelectorAll(".ib-menu[open]")) menu.open = false;
    showFiles();
    keep();
    complain("");
  }

  if (draft && !text.value) text.value = sessionStorage.getItem(draft) || "";
  text.addEventListener("input", () => {
    if (!text.value) form.elements.saved_reply.value = "";
    keep();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit(send);
    }
  });
  files.addEventListener("change", showFiles);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (send.disabled) return;
    send.disabled = true;
    const body = new FormData(form);
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    const found = answer ? await answer.json().catch(() => null) : null;
    send.disabled = false;
    // Without an answer nobody knows whether it went; the key sees to it that it goes once.
    if (answer && answer.ok && found) empty(found.key);
    else complain(found && found.problem ? found.problem : form.dataset.offline);
    chat.dispatchEvent(new Event("inbox-refresh"));
    if (answer && answer.ok) chat.dispatchEvent(new Event("inbox-sent"));
    text.focus();
  });

  const saved = form.querySelector("[data-saved]");
  if (!saved) return;
  const words = saved.querySelector("input[type=search]");
  const items = [...saved.querySelectorAll("[data-saved-reply]")];
  words.addEventListener("input", () => {
    const wanted = words.value.trim().toLowerCase();
    for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  });
  words.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    items.find((item) => !item.hidden)?.click();
  });
  saved.addEventListener("toggle", () => { if (saved.open) words.focus(); });
  saved.addEventListener("click", (event) => {
    const item = event.target.closest("[data-saved-reply]");
    if (!item) return;
    const hasMarkup = "markup" in item.dataset;
    const before = text.value.trimEnd();
    // What was typed as plain text must not become markup by what comes after it.
    const kept = before && hasMarkup && !form.elements.is_html.checked ? escaped(before) : before;
    const added = !hasMarkup && form.elements.is_html.checked ? escaped(item.dataset.text) : item.dataset.text;
    text.value = kept ? `${kept}\n${added}` : added;
    if (hasMarkup) form.elements.is_html.checked = true;
    form.elements.saved_reply.value = item.dataset.savedReply;
    saved.open = false;
    text.focus();
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });
  function escaped(plain) {
    return plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  }
});
