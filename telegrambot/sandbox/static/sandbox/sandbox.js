"use strict";

// The chat page. The server renders every message; this only carries acts there and changes back.
(() => {
  const chat = document.getElementById("chat");
  if (!chat) return;

  const byId = (id) => document.getElementById(id);
  const messages = byId("messages");
  const composer = byId("composer");
  const text = byId("text");
  const file = byId("file");
  const status = byId("status");
  const POLL_MS = 700;
  const TOAST_MS = 3500;
  const WAITING_MS = 10000;
  let revision = Number(chat.dataset.revision);
  let timer = 0;
  let polling = false;

  // ── Showing ──────────────────────────────────────────────────────────────────────────────────
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });

  function showTimes(root) {
    for (const time of root.querySelectorAll("time")) {
      const moment = new Date(time.dateTime);
      time.textContent = clock.format(moment);
      time.title = moment.toLocaleString(document.documentElement.lang);
    }
  }

  function toBottom() {
    messages.scrollTop = messages.scrollHeight;
  }

  let toastTimer = 0;
  function toast(sentence) {
    const box = byId("toast");
    box.textContent = sentence;
    box.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => { box.hidden = true; }, TOAST_MS);
  }

  function showAnswer(answer) {
    for (const button of messages.querySelectorAll(`[data-press="${answer.message}"]`)) stopWaiting(button);
    if (!answer.text) return;
    if (!answer.alert) return toast(answer.text);
    byId("alert-text").textContent = answer.text;
    if (!byId("alert").open) byId("alert").showModal();
  }

  function showMessage({ id, html }) {
    const old = byId(`message-${id}`);
    if (!html) return old?.remove();
    const template = document.createElement("template");
    template.innerHTML = html.trim(); // rendered and escaped by the server
    const item = template.content.firstElementChild;
    showTimes(item);
    if (old) return old.replaceWith(item);
    const next = [...messages.children].find((other) => Number(other.dataset.id) > id);
    messages.insertBefore(item, next ?? null);
  }

  function show(changes) {
    const wasAtBottom = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
    revision = changes.revision;
    chat.dataset.blocked = String(changes.blocked);
    changes.messages.forEach(showMessage);
    changes.answers.forEach(showAnswer);
    status.textContent = changes.doing || status.dataset.idle;
    byId("empty").hidden = messages.children.length > 0;
    if (changes.messages.length && wasAtBottom) toBottom();
  }

  // ── Talking to the server ────────────────────────────────────────────────────────────────────
  async function poll() {
    clearTimeout(timer);
    if (polling) return;
    polling = true;
    try {
      const answer = await fetch(`${chat.dataset.changesUrl}?since=${revision}`);
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.json());
    } catch {
      status.textContent = chat.dataset.textOffline;
    } finally {
      polling = false;
      if (!document.hidden) timer = setTimeout(poll, POLL_MS);
    }
  }

  async function act(name, fields) {
    const body = fields instanceof FormData ? fields : new FormData();
    if (!(fields instanceof FormData)) Object.entries(fields ?? {}).forEach(([key, value]) => body.set(key, value));
    body.set("csrfmiddlewaretoken", composer.elements.csrfmiddlewaretoken.value);
    try {
      const answer = await fetch(chat.dataset[`${name}Url`], { method: "POST", body });
      const { error } = await answer.json();
      if (error) toast(error);
      await poll();
      return answer.ok;
    } catch {
      toast(chat.dataset.textFailed);
      return false;
    }
  }

  // ── The composer ─────────────────────────────────────────────────────────────────────────────
  function fit() {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 160)}px`;
  }

  function clearComposer() {
    composer.reset();
    byId("editing").value = "";
    byId("editing-note").hidden = true;
    byId("file-note").hidden = true;
    fit();
    text.focus();
  }

  function edit(button) {
    clearComposer();
    byId("editing").value = button.dataset.edit;
    byId("editing-note").hidden = false;
    text.value = button.dataset.text;
    fit();
  }

  composer.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = new FormData(composer);
    if (!text.value.trim() && !file.files.length && !byId("editing").value) return;
    if (await act("send", fields)) {
      clearComposer();
      toBottom();
    }
  });

  text.addEventListener("input", fit);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      composer.requestSubmit();
    }
    if (event.key === "Escape") clearComposer();
  });
  file.addEventListener("change", () => {
    byId("file-note").hidden = !file.files.length;
    byId("file-name").textContent = file.files[0]?.name ?? "";
    text.focus();
  });
  byId("drop-file").addEventListener("click", () => { file.value = ""; byId("file-note").hidden = true; });
  byId("stop-editing").addEventListener("click", clearComposer);

  // ── Everything that is pressed ───────────────────────────────────────────────────────────────
  function stopWaiting(button) {
    button.removeAttribute("aria-busy");
  }

  function press(button) {
    button.setAttribute("aria-busy", "true");
    setTimeout(() => stopWaiting(button), WAITING_MS);
    act("press", { message_id: button.dataset.press, row: button.dataset.row, column: button.dataset.column });
  }

  chat.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.press) press(button);
    else if (button.dataset.send) act("send", { text: button.dataset.send }).then(toBottom);
    else if (button.dataset.edit) edit(button);
    else if (button.dataset.act) {
      act(button.dataset.act);
      button.closest("details")?.removeAttribute("open");
    }
  });

  byId("language").addEventListener("change", (event) => act("language", { language_code: event.target.value }));
  byId("deep-link").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!(await act("start", new FormData(event.target)))) return;
    event.target.reset();
    event.target.closest("details").open = false;
    toBottom();
  });
  document.addEventListener("click", (event) => {
    const menu = chat.querySelector("details.menu");
    if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });

  showTimes(messages);
  status.textContent = status.dataset.idle;
  toBottom();
  poll();
})();
