// The messages of one chat: putting them in their order, in albums and under their days.
import { dayName, showTimes } from "./times.js";

const NEAR_BOTTOM = 80;
const numberOf = (item) => Number(item.dataset.id);

export class Messages {
  constructor(list) {
    this.list = list;
    this.waiting = new Set();
    this.comments = {};
    const items = [...list.children];
    list.replaceChildren();
    for (const item of items) this.#insert(item);
    this.#finish();
    this.toBottom();
  }

  get all() {
    return [...this.list.querySelectorAll(".message")];
  }

  get newest() {
    return this.all.at(-1);
  }

  find(id) {
    return this.list.querySelector(`.message[data-id="${Number(id)}"]`);
  }

  isAtBottom() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_BOTTOM;
  }

  toBottom() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** Take news: `{id, html}`, without html for a message that was deleted. */
  update(rows) {
    const wasAtBottom = this.isAtBottom();
    const focused = document.activeElement?.closest?.(".message")?.dataset.id;
    for (const row of rows) this.#show(row);
    this.#finish();
    if (focused && !this.list.contains(document.activeElement)) this.find(focused)?.focus();
    if (wasAtBottom) this.toBottom();
  }

  /** Show which messages the bot has not fetched yet. */
  setWaiting(ids) {
    this.waiting = new Set(ids);
    this.#showTicks();
  }

  /** Show how often the posts of a channel were commented: words by the post's number. */
  setComments(words) {
    this.comments = words;
    this.#showComments();
  }

  /** Move the focus by one message. */
  step(direction) {
    const all = this.all;
    const place = all.indexOf(document.activeElement?.closest?.(".message"));
    const next = place < 0 ? all.at(-1) : all[place + direction];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  jump(id) {
    const item = this.find(id);
    item?.scrollIntoView({ block: "center", behavior: "smooth" });
    item?.focus({ preventScroll: true });
  }

  #show({ id, html }) {
    const old = this.find(id);
    if (html) {
      const template = document.createElement("template");
      template.innerHTML = html.trim(); // rendered and escaped by the server
      const item = template.content.firstElementChild;
      if (old) old.replaceWith(item);
      else this.#insert(item);
    } else {
      const album = old?.closest(".album");
      old?.remove();
      if (album && !album.querySelector(".message")) album.remove();
    }
  }

  #insert(item) {
    for (const day of this.list.querySelectorAll(".day")) day.remove();
    const { album } = item.dataset;
    if (!album) return this.#place(this.list, item);
    let group = [...this.list.children].find((other) => other.dataset.group === album);
    if (!group) {
      group = document.createElement("li");
      group.className = `album ${item.classList.contains("mine") ? "mine" : "theirs"}`;
      group.dataset.group = album;
      group.dataset.id = item.dataset.id;
      group.append(document.createElement("ol"));
      this.#place(this.list, group);
    }
    this.#place(group.firstElementChild, item);
  }

  #place(parent, item) {
    const next = [...parent.children].find((other) => numberOf(other) > numberOf(item));
    parent.insertBefore(item, next ?? null);
  }

  #finish() {
    showTimes(this.list);
    this.#showTicks();
    this.#showComments();
    for (const day of this.list.querySelectorAll(".day")) day.remove();
    for (const group of this.list.querySelectorAll(".album")) this.#showCaption(group);
    let last = "";
    for (const item of [...this.list.children]) {
      const name = dayName(new Date(item.querySelector("time").dateTime));
      if (name !== last) {
        const day = document.createElement("li");
        day.className = "day";
        day.textContent = name;
        item.before(day);
      }
      last = name;
    }
  }

  /** An album's caption belongs to one of its pictures and stands below all of them. */
  #showCaption(group) {
    group.querySelector(".caption")?.remove();
    const caption = document.createElement("div");
    caption.className = "caption";
    for (const text of group.querySelectorAll(".message:has(.picture) .text")) caption.append(text.cloneNode(true));
    if (caption.hasChildNodes()) group.append(caption);
  }

  #showTicks() {
    for (const ticks of this.list.querySelectorAll(".ticks")) {
      const waits = this.waiting.has(numberOf(ticks.closest(".message")));
      const words = waits ? ticks.dataset.waits : ticks.dataset.taken;
      ticks.querySelector("use").setAttribute("href", waits ? "#i-tick" : "#i-ticks");
      ticks.title = words;
      ticks.setAttribute("aria-label", words);
    }
  }
  #showComments() {
    for (const button of this.list.querySelectorAll(".comments")) {
      button.textContent = this.comments[button.closest(".message").dataset.id] ?? button.dataset.none;
    }
  }
}
