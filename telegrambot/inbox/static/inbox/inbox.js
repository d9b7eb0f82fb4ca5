// Keeps the inbox up to date while somebody looks at it: the list, the chat, who else is here.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const list = document.querySelector("[data-list]");
  if (!list) return;
  const title = document.title;

  function showUnread() {
    const holder = list.querySelector("[data-unread]");
    const number = holder ? Number(holder.dataset.unread) : 0;
    document.title = number ? `(${number}) ${title}` : title;
  }
  showUnread();
  follow(list.dataset.list, 4000, async (answer) => {
    const html = await answer.text();
    // Whoever moves through it by keyboard is not thrown out.
    const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    list.innerHTML = html;
    if (focused) [...list.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
    showUnread();
  });

  const chat = document.querySelector("section[data-chat]");
  if (chat) openChat(chat);

  // One menu at a time; a click beside it or Escape closes it.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".ib-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector(".ib-menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});

// Asks again and again, and rests while nobody looks. Returns a function that asks at once.
function follow(address, every, show) {
  let timer = 0;
  let version = "";
  let round = 0;

  async function ask() {
    clearTimeout(timer);
    const number = ++round;
    const headers = version ? { "If-None-Match": version } : {};
    const answer = await fetch(address, { cache: "no-store", headers }).catch(() => null);
    if (number !== round) return;
    if (answer && answer.redirected) return location.reload();
    if (answer && answer.status === 410) return location.assign(document.querySelector(".ib-back").href);
    if (answer && answer.ok) {
      version = answer.headers.get("ETag") || "";
      await show(answer);
    }
    if (!document.hidden) timer = setTimeout(ask, every);
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else ask();
  });
  if (!document.hidden) timer = setTimeout(ask, every);
  return ask;
}

function openChat(chat) {
  const log = chat.querySelector("[data-log]");
  const others = chat.querySelector("[data-others]");
  const standing = chat.querySelector("[data-standing]");
  const form = chat.querySelector("[data-answer]");
  const token = chat.querySelector("[name=csrfmiddlewaretoken]").value;
  // A bubble that reads as before stays the element it is: it may be unfolded or focused.
  const sources = new Map([...log.children].map((item) => [item.id, item.outerHTML]));
  let unread = Number(chat.dataset.unread);
  let newest = Number(chat.dataset.newest);
  let told = 0;
  let typedAt = 0;

  function post(address, values) {
    const body = new FormData();
    for (const [name, value] of Object.entries({ csrfmiddlewaretoken: token, ...values })) body.set(name, value);
    return fetch(address, { method: "POST", body }).catch(() => null);
  }
  function showOthers(words) {
    if (others.textContent !== words) others.textContent = words;
    others.hidden = !words;
  }
  function showLog(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const fresh = [...template.content.children];
    const ids = new Set(fresh.map((item) => item.id));
    for (const item of [...log.children]) if (!ids.has(item.id)) item.remove();
    fresh.forEach((item, place) => {
      const source = item.outerHTML;
      const known = document.getElementById(item.id);
      if (known && sources.get(item.id) === source) {
        if (log.children[place] !== known) log.insertBefore(known, log.children[place] || null);
        return;
      }
      if (known) known.replaceWith(item);
      else log.insertBefore(item, log.children[place] || null);
      sources.set(item.id, source);
    });
  }
  async function markRead() {
    if (!unread || !chat.dataset.read || document.hidden) return;
    unread = 0;
    await post(chat.dataset.read, { up_to: newest });
  }
  async function beat() {
    if (!chat.dataset.presence || document.hidden) return;
    const typing = Date.now() - typedAt < 6000;
    told = Date.now();
    const answer = await post(chat.dataset.presence, { state: typing ? "typing" : "looking" });
    if (answer && answer.ok) showOthers((await answer.json()).others);
  }

  let refresh = () => {};
  if (chat.dataset.chat) {
    refresh = follow(chat.dataset.chat, 2500, async (answer) => {
      const found = await answer.json();
      showLog(found.html);
      showOthers(found.others);
      standing.textContent = found.standing;
      ({ newest, unread } = found);
      if (form) form.elements.seen_up_to.value = newest;
      markRead();
    });
  }
  chat.addEventListener("inbox-refresh", () => refresh());
  chat.addEventListener("input", (event) => {
    if (event.target.name !== "text") return;
    const began = Date.now() - typedAt > 6000;
    typedAt = Date.now();
    if (began || Date.now() - told > 4500) beat();
  });
  chat.addEventListener("inbox-sent", () => { typedAt = 0; beat(); });
  document.addEventListener("visibilitychange", () => { markRead(); beat(); });
  window.addEventListener("pagehide", () => {
    if (!chat.dataset.presence) return;
    const body = new FormData();
    body.set("csrfmiddlewaretoken", token);
    body.set("state", "left");
    navigator.sendBeacon(chat.dataset.presence, body);
  });
  // A page that came back from the browser's memory is here again.
  window.addEventListener("pageshow", (event) => { if (event.persisted) { refresh(); beat(); } });
  setInterval(beat, 10000);
  beat();
  markRead();
}
