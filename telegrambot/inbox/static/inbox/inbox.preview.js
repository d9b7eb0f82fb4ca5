// Shows a saved reply as its reader will see it, a moment after the last key.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const source = document.querySelector("#id_text");
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  if (!source || !token) return;
  const box = document.createElement("div");
  box.className = "ib-preview-box";
  const problem = document.createElement("p");
  problem.className = "ib-wrong";
  problem.setAttribute("role", "status");
  const bubble = document.createElement("div");
  bubble.className = "sb-bubble sb-out ib-said";
  box.append(problem, bubble);
  source.insertAdjacentElement("afterend", box);
  const address = new URL("../".repeat(location.pathname.endsWith("/add/") ? 1 : 2) + "preview/", location.href);
  let timer = 0;
  let latest = 0;

  async function show() {
    const number = ++latest;
    const body = new URLSearchParams({ text: source.value, csrfmiddlewaretoken: token.value });
    const answer = await fetch(address, { method: "POST", body }).catch(() => null);
    if (!answer || !answer.ok || number !== latest) return;
    const found = await answer.json();
    const isEmpty = !source.value.trim();
    problem.textContent = isEmpty ? "" : found.problem;
    bubble.hidden = isEmpty || Boolean(found.problem);
    // The server escapes whatever was typed; it sends only the tags that Telegram knows.
    bubble.innerHTML = found.html;
  }
  source.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 300);
  });
  show();
});
