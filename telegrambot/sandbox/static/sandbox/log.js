// The log: calls of the Bot API and updates, the newest on top.
import { texts } from "./texts.js";
import { toTheSecond } from "./times.js";

const KEPT = 300;
const byId = (id) => document.getElementById(id);

export class Log {
  constructor() {
    this.list = byId("log-lines");
    this.newest = 0;
    this.held = null;
    const pause = byId("log-pause");
    pause.addEventListener("click", () => {
      const held = this.held;
      this.held = held ? null : [];
      pause.setAttribute("aria-pressed", String(!held));
      pause.querySelector("span").textContent = held ? texts.pause : texts.goOn;
      pause.querySelector("use").setAttribute("href", held ? "#i-pause" : "#i-play");
      if (held) this.add(held);
    });
    byId("log-polls").addEventListener("change", (event) => {
      this.list.classList.toggle("with-polls", event.target.checked);
    });
    this.list.addEventListener("click", (event) => this.#copy(event.target.closest("button")));
    this.list.addEventListener("toggle", (event) => this.#unfold(event.target), true);
  }

  /** Lines, the oldest first. */
  add(lines) {
    this.newest = Math.max(this.newest, lines.at(-1)?.id ?? 0);
    if (this.held) return void this.held.push(...lines);
    for (const line of lines) {
      this.list.prepend(this.#item(line));
      if (line.name !== "getUpdates") byId("log-empty").hidden = true;
    }
    while (this.list.children.length > KEPT) this.list.lastElementChild.remove();
  }

  #item(line) {
    const item = document.createElement("li");
    item.className = `log-line ${line.kind}${line.name === "getUpdates" ? " poll" : ""}`;
    const isCall = line.kind === "call";
    if (isCall && line.status !== 200) item.classList.add("failed");
    const fold = document.createElement("details");
    fold.line = line;
    const head = document.createElement("summary");
    head.append(
      this.#part("log-arrow", isCall ? "→" : "←", isCall ? texts.call : texts.update),
      this.#part("log-name", line.name),
      this.#part("log-status", isCall ? line.status || texts.noAnswer : ""),
      this.#part("log-time", toTheSecond(line.at), isCall ? `${line.ms} ms` : ""),
      this.#part("log-summary", line.summary),
    );
    fold.append(head);
    item.append(fold);
    return item;
  }

  #part(name, words, title = "") {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = words;
    if (title) part.title = title;
    return part;
  }

  /** The raw data are written only when somebody wants to see them. */
  #unfold(fold) {
    if (!fold.open || fold.querySelector("pre")) return;
    const { content, answer } = fold.line;
    for (const part of fold.line.kind === "call" ? [content, answer] : [content]) {
      if (part === null) continue;
      const block = document.createElement("div");
      block.className = "log-data";
      const words = document.createElement("pre");
      words.tabIndex = 0;
      words.textContent = JSON.stringify(part, null, 2);
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = texts.copy;
      block.append(button, words);
      fold.append(block);
    }
  }

  async #copy(button) {
    if (!button) return;
    await navigator.clipboard.writeText(button.nextElementSibling.textContent);
    button.textContent = texts.copied;
    setTimeout(() => { button.textContent = texts.copy; }, 1500);
  }
}
