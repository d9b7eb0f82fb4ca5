// Shows a guide's Markdown as Telegram will, a moment after the last key.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const source = document.querySelector("#id_body");
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  if (!source || !token) return;

  const chat = document.createElement("div");
  chat.className = "guide-preview";
  chat.setAttribute("aria-live", "polite");
  source.insertAdjacentElement("afterend", chat);
  const address = new URL("../".repeat(location.pathname.endsWith("/add/") ? 1 : 2) + "preview/", location.href);
  let timer = 0;
  let latest = 0;

  async function show() {
    const number = ++latest;
    const body = new URLSearchParams({ text: source.value, csrfmiddlewaretoken: token.value });
    const answer = await fetch(address, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok || number !== latest) return;
    const { parts } = await answer.json();
    // The server escapes whatever was typed; it sends only the tags that Telegram knows.
    chat.replaceChildren(...parts.map((part) => {
      const bubble = document.createElement("div");
      bubble.className = "guide-preview-bubble";
      bubble.innerHTML = part;
      return bubble;
    }));
  }

  source.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 300);
  });
  show();
});
