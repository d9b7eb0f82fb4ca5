// Making Telegram fail, and always saying so.
import { alertWith } from "./dialogs.js";
import { post } from "./server.js";
import { texts } from "./texts.js";

const byId = (id) => document.getElementById(id);

export class Faults {
  constructor() {
    this.form = byId("fault-form");
    this.switches = byId("switches");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#set(this.form.action, new FormData(this.form));
    });
    this.switches.addEventListener("change", () => this.#set(this.form.dataset.switchUrl, new FormData(this.switches)));
    for (const place of [byId("faults-on"), byId("banner")]) {
      place.addEventListener("click", (event) => this.#clear(event.target.closest("button")));
    }
  }

  /** What is on now. */
  tell({ faults, limits, privacy }) {
    if (limits !== undefined) this.switches.elements.limits.checked = limits;
    if (privacy !== undefined) this.switches.elements.privacy.checked = privacy;
    if (!faults) return;
    byId("faults-on").replaceChildren(...faults.map((fault) => this.#item(fault, "li")));
    byId("banner").hidden = faults.length === 0;
    const title = document.createElement("b");
    title.textContent = texts.faultsOn;
    byId("banner").replaceChildren(title, ...faults.map((fault) => this.#item(fault, "span")));
  }

  #item({ method, kind, remaining }, tag) {
    const item = document.createElement(tag);
    const target = { all: texts.everyCall, sends: texts.everySend }[method] ?? method;
    const calls = remaining === null ? texts.untilOff : texts.nextCalls.replace("{count}", remaining);
    const words = document.createElement("span");
    words.textContent = `${kind} · ${target} · ${calls}`;
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.clear = method;
    button.textContent = texts.switchOff;
    item.append(words, button);
    return item;
  }

  #clear(button) {
    if (button) this.#set(this.form.dataset.clearUrl, { method: button.dataset.clear });
  }

  async #set(url, fields) {
    const { error } = await post(url, fields);
    if (error) alertWith(error);
  }
}
