// The reply desk: the queue follows by itself, one key decides about a draft.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const desk = document.querySelector("[data-desk]");
  if (!desk) return;
  const find = (selector, inside = desk) => inside.querySelector(selector);
  const queue = find("[data-queue]");
  const main = find("[data-main]");
  const none = find("[data-none]");
  const token = find("[name=csrfmiddlewaretoken]").value;
  const title = document.title;
  const every = 1000;
  let opening = 0;
  let reading = 0;
  let timer = 0;
  let isBusy = false;
  let shown = queue.innerHTML;

  const current = () => find("[data-open-draft]", main);
  const key = () => current()?.dataset.openDraft || "";
  const box = () => find("[data-suggested]", main);
  const isPending = () => Boolean(current()?.hasAttribute("data-pending"));
  const isChanged = () => isPending() && box().value.trim() !== box().dataset.suggested.trim();
  const items = () => [...queue.querySelectorAll("[data-draft]")];
  const mayLeave = () => !isChanged() || window.confirm(desk.dataset.unsaved);

  function say(sentence, isRefused = false) {
    const said = find("[data-said]");
    said.textContent = sentence;
    said.classList.toggle("dk-refused", isRefused);
  }

  // ── One draft ────────────────────────────────────────────────────────────────────────────────────────

  function mark() {
    for (const item of items()) {
      if (item.dataset.draft === key()) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    }
  }

  function compare() {
    const text = box();
    if (!text) return;
    const length = find("[data-length]", main);
    const most = Number(text.dataset.most);
    length.textContent = `${text.value.trim().length} / ${most}`;
    length.classList.toggle("dk-over", text.value.trim().length > most);
    const isEdited = text.value.trim() !== text.dataset.suggested.trim() && text.dataset.suggested !== "";
    const diff = find("[data-diff]", main);
    diff.hidden = !isEdited;
    if (isEdited) window.showChanges(find("[data-changes-shown]", diff), text.dataset.suggested, text.value);
    find("[data-revert]", diff).hidden = text.readOnly;
    const words = find("[data-words]", main);
    if (!words) return;
    const { asItIs, edited } = words.parentElement.dataset;
    words.textContent = isEdited ? edited : asItIs;
  }

  async function open(draft, { takesFocus = true } = {}) {
    const number = ++opening;
    const address = desk.dataset.shown.replace("/0/", `/${draft}/`);
    const answer = await fetch(address, { cache: "no-store" }).catch(() => null);
    if (number !== opening) return;
    if (!answer || !answer.ok || answer.redirected) return say(desk.dataset.lost, true);
    main.innerHTML = await answer.text();
    none.hidden = true;
    history.replaceState(null, "", `?draft=${draft}`);
    mark();
    compare();
    if (!takesFocus) return;
    main.focus({ preventScroll: true });
    // On a phone it is below the queue.
    if (main.getBoundingClientRect().top > window.innerHeight / 2) main.scrollIntoView();
  }

  function close() {
    opening++;
    main.replaceChildren();
    none.hidden = false;
    history.replaceState(null, "", location.pathname);
  }

  function step(by) {
    const all = items();
    const place = all.findIndex((item) => item.dataset.draft === key());
    const next = place < 0 ? all[0] : all[place + by];
    if (next && next.dataset.draft !== key() && mayLeave()) open(next.dataset.draft);
  }

  // ── Decisions ────────────────────────────────────────────────────────────────────────────────────────

  async function post(address, values = {}) {
    if (isBusy) return null;
    isBusy = true;
    const body = new FormData();
    body.append("csrfmiddlewaretoken", token);
    for (const [name, value] of Object.entries(values)) body.append(name, value);
    const answer = await fetch(address, { method: "POST", body }).catch(() => null);
    isBusy = false;
    reading++; // what was asked for before knows nothing of this
    if (!answer || !answer.ok || answer.redirected) {
      say(desk.dataset.lost, true);
      return null;
    }
    const found = await answer.json();
    say(found.sentence, !found.is_done);
    return found;
  }

  async function decide(address, values) {
    if (!isPending()) return;
    const decided = key();
    const found = await post(address, values);
    if (found?.is_done && key() === decided) {
      const all = items();
      const place = all.findIndex((item) => item.dataset.draft === decided);
      const next = place < 0 ? all[0] : all[place + 1] || all[place - 1];
      if (place >= 0) all[place].parentElement.remove();
      if (next) await open(next.dataset.draft);
      else close();
    }
    refresh();
  }

  const approve = () => decide(current()?.dataset.approve, { text: box()?.value });

  async function again(button) {
    button.disabled = true;
    const found = await post(button.dataset.again);
    button.disabled = Boolean(found?.is_done);
    refresh();
  }

  // ── What happens meanwhile ───────────────────────────────────────────────────────────────────────────

  function replaceQueue(html) {
    if (html === shown) return;
    const focused = queue.contains(document.activeElement) ? document.activeElement.dataset : null;
    queue.innerHTML = html;
    shown = html;
    mark();
    if (!focused) return;
    const name = focused.draft ? `[data-draft="${focused.draft}"]` : `[data-key="${focused.key}"]`;
    (find(name, queue) || main).focus({ preventScroll: true });
  }

  function settle(sentence) {
    const standing = find("[data-standing]", main);
    if (!sentence || !standing || standing.textContent === sentence) return;
    standing.textContent = sentence;
    standing.hidden = false;
    current().removeAttribute("data-pending");
    box().readOnly = true;
    for (const button of main.querySelectorAll("[data-actions] button")) button.disabled = true;
    find("[data-dialog=reject]")?.close();
  }

  async function refresh() {
    clearTimeout(timer);
    const number = ++reading;
    const asked = key();
    const answer = await fetch(`${desk.dataset.changes}?draft=${asked}`, { cache: "no-store" }).catch(() => null);
    const isLost = !answer || !answer.ok || answer.redirected;
    if (number === reading && isLost) say(desk.dataset.lost, true);
    else if (number === reading) {
      if (find("[data-said]").textContent === desk.dataset.lost) say("");
      const found = await answer.json();
      if (number === reading) {
        replaceQueue(found.queue);
        document.title = found.count ? `(${found.count}) ${title}` : title;
        if (asked === key()) settle(found.standing);
        if (!key() && items().length) open(items()[0].dataset.draft, { takesFocus: false });
      }
    }
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, every);
  }

  // ── Hands ────────────────────────────────────────────────────────────────────────────────────────────

  desk.addEventListener("click", (event) => {
    const target = event.target.closest("[data-draft], [data-again], [data-edit], [data-open], [data-revert], [data-cancel]");
    if (!target) return;
    const { draft, again: address, open: name } = target.dataset;
    if (draft) {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      if (draft !== key() && mayLeave()) open(draft);
    } else if (address) again(target);
    else if (name) find(`[data-dialog=${name}]`).showModal();
    else if ("edit" in target.dataset) box().focus();
    else if ("cancel" in target.dataset) target.closest("dialog").close();
    else {
      box().value = box().dataset.suggested;
      compare();
      box().focus();
    }
  });
  desk.addEventListener("input", (event) => event.target === box() && compare());
  desk.addEventListener("submit", (event) => {
    if (event.target.matches("[data-decide]")) {
      event.preventDefault();
      approve();
    } else if (event.target.matches("[data-reject]")) {
      const reason = find("#dk-reason");
      decide(current().dataset.rejectUrl, { fault: event.submitter.value, reason: reason.value });
      reason.value = "";
    }
  });

  const letters = {
    a: approve,
    e: () => isPending() && box().focus(),
    r: () => isPending() && find("[data-dialog=reject]").showModal(),
    j: () => step(1),
    k: () => step(-1),
  };

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    const dialog = document.querySelector("dialog[open]");
    if (event.target === box() && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      approve();
    } else if (event.target === box() && event.key === "Escape") {
      main.focus();
    } else if (event.target.id === "dk-reason" && event.key === "Enter") {
      event.preventDefault(); // the reason alone names no fault
      event.target.form.requestSubmit(find("button[value='']", event.target.form));
    }
    if (isTyping || event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (dialog) {
      const digit = /^Digit([0-9])$/.exec(event.code)?.[1];
      if (!digit || dialog.dataset.dialog !== "reject") return;
      const faults = [...dialog.querySelectorAll(".dk-faults button")];
      const chosen = digit === "0" ? faults.at(-1) : faults.slice(0, -1)[Number(digit) - 1];
      if (chosen) chosen.form.requestSubmit(chosen);
      return;
    }
    // The same keys on a keyboard with other letters.
    const letter = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace(/^Key/, "").toLowerCase();
    if (event.key === "?") find("[data-dialog=help]").showModal();
    else if (Object.hasOwn(letters, letter)) letters[letter]();
    else return;
    event.preventDefault();
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else refresh();
  });
  window.addEventListener("beforeunload", (event) => isChanged() && event.preventDefault());
  mark();
  compare();
  refresh();
});
