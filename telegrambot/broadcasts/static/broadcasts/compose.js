// Shows a broadcast as Telegram will while it is written, and lets people add and remove buttons.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const page = document.querySelector(".bc-page[data-preview-url]");
  const source = document.querySelector("textarea[data-message]");
  if (source && page) {
    toolbar(page, source);
    preview(page, source);
  }
  document.querySelectorAll("[data-buttons]").forEach(editor);
  const audience = document.querySelector("#id_target_audience");
  if (audience) chooseSegment(audience);
});

// Puts tags around what is selected. Telegram's own HTML is what is stored.
function toolbar(page, source) {
  const blank = page.querySelector("template[data-toolbar]");
  if (!blank) return;
  source.before(blank.content.cloneNode(true));
  source.previousElementSibling.addEventListener("click", (event) => {
    const { before, after } = event.target.closest("button")?.dataset ?? {};
    if (before === undefined) return;
    const { selectionStart: start, selectionEnd: end } = source;
    const chosen = source.value.slice(start, end);
    source.focus();
    // Unlike setting the value, this can be undone.
    if (!document.execCommand("insertText", false, before + chosen + after)) {
      source.setRangeText(before + chosen + after, start, end);
      source.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const place = start + before.length;
    if (after) source.setSelectionRange(place, place + chosen.length);
  });
}

function preview(page, source) {
  const form = source.form;
  const chosen = form.querySelector("input[type=file]");
  const live = document.createElement("div");
  live.className = "bc-live";
  const state = document.createElement("div");
  state.className = "bc-live-state";
  state.setAttribute("aria-live", "polite");
  const shown = document.querySelector("[data-bubble]") || document.createElement("div");
  live.append(state);
  if (!shown.isConnected) live.append(shown);
  source.insertAdjacentElement("afterend", live);
  let timer = 0;
  let latest = 0;

  async function show() {
    const number = ++latest;
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    if (page.dataset.broadcast) body.set("broadcast", page.dataset.broadcast);
    for (const file of chosen ? chosen.files : []) {
      body.append("kind", file.type.startsWith("video/") ? "video" : "photo");
      body.append("name", file.name);
    }
    const answer = await fetch(page.dataset.previewUrl, { method: "POST", body }).catch(() => null);
    if (!answer || !answer.ok || number !== latest) return;
    const found = await answer.json();
    const count = document.createElement("span");
    count.textContent = found.count;
    state.replaceChildren(...(found.problem ? problem(found) : []), count);
    shown.classList.toggle("bc-stale", Boolean(found.problem));
    // The server escapes whatever was typed; it sends only the tags that Telegram knows.
    if (!found.problem || !shown.hasChildNodes()) shown.innerHTML = found.html;
  }

  function problem(found) {
    const words = document.createElement("span");
    words.className = "bc-wrong";
    words.textContent = found.problem;
    if (found.offset === null) return [words];
    const lead = document.createElement("button");
    lead.type = "button";
    lead.textContent = page.dataset.show;
    lead.addEventListener("click", () => {
      source.focus();
      source.setSelectionRange(found.offset, Math.min(found.offset + 1, source.value.length));
    });
    return [words, lead];
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(show, 300);
  }
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("bc-changed", soon);
  show();
}

function editor(box) {
  const rows = box.querySelector("[data-button-rows]");
  const blank = box.querySelector("template[data-button-row]");

  function changed() {
    box.dispatchEvent(new Event("bc-changed", { bubbles: true }));
  }
  function fit(row) {
    const kind = row.querySelector("[data-kind]");
    const target = row.querySelector("[data-target]");
    target.placeholder = kind.selectedOptions[0].dataset.example;
    if (kind.value === "command") target.setAttribute("list", "bc-commands");
    else target.removeAttribute("list");
  }
  box.querySelector("[data-add-button]").addEventListener("click", () => {
    rows.append(blank.content.cloneNode(true));
    const row = rows.lastElementChild;
    fit(row);
    row.querySelector("input").focus();
    changed();
  });
  rows.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove-button]");
    if (!remove) return;
    remove.closest("li").remove();
    box.querySelector("[data-add-button]").focus();
    changed();
  });
  rows.addEventListener("change", (event) => {
    if (event.target.matches("[data-kind]")) fit(event.target.closest("li"));
  });
  rows.querySelectorAll("li").forEach(fit);
}

// Which segment is asked only where one is meant.
function chooseSegment(audience) {
  const segment = document.querySelector("#id_segment");
  const row = segment && segment.closest(".form-row, [class*='field-segment']");
  if (!row) return;
  const fit = () => { row.hidden = audience.value !== "segment"; };
  audience.addEventListener("change", fit);
  fit();
}
