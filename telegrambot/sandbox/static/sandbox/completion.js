// The list of commands above the composer, opened by its button or by a slash.
let made = 0;

export class Completion {
  /** `choose(command)` is called with the chosen one. */
  constructor(list, text, button, choose) {
    Object.assign(this, { list, text, button, choose });
    this.commands = [];
    this.active = -1;
    this.list.id = `completion-${++made}`;
    text.setAttribute("aria-controls", this.list.id);
    button.addEventListener("click", () => {
      if (this.isOpen) return this.close();
      this.#show(this.commands);
      text.focus();
    });
    text.addEventListener("input", () => this.#follow());
    text.addEventListener("blur", () => setTimeout(() => {
      if (document.activeElement !== text) this.close();
    }, 150));
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const item = event.target.closest("[role=option]");
      if (item) this.#take(item);
    });
  }

  get isOpen() {
    return !this.list.hidden;
  }

  setCommands(commands) {
    this.commands = commands;
    this.button.hidden = commands.length === 0;
    if (this.isOpen) this.#follow();
  }

  close() {
    this.list.hidden = true;
    this.active = -1;
    this.text.removeAttribute("aria-activedescendant");
    this.#tellOpen();
  }

  /** Whether the key was meant for the list. */
  key(event) {
    if (!this.isOpen) return false;
    const items = [...this.list.children];
    if (event.key === "Escape") this.close();
    else if (event.key === "ArrowDown") this.#mark((this.active + 1) % items.length);
    else if (event.key === "ArrowUp") this.#mark((this.active - 1 + items.length) % items.length);
    else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey)) this.#take(items[this.active]);
    else return false;
    return true;
  }

  #follow() {
    const typed = /^\/([a-z0-9_]*)$/i.exec(this.text.value);
    if (typed) this.#show(this.commands.filter(({ command }) => command.startsWith(typed[1].toLowerCase())));
    else this.close();
  }

  #show(commands) {
    if (!commands.length) return this.close();
    this.list.replaceChildren(...commands.map(({ command, description }, number) => {
      const item = document.createElement("li");
      item.setAttribute("role", "option");
      item.id = `${this.list.id}-${number}`;
      item.dataset.command = command;
      const name = document.createElement("b");
      name.textContent = `/${command}`;
      const words = document.createElement("span");
      words.textContent = description;
      item.append(name, " ", words);
      return item;
    }));
    this.list.hidden = false;
    this.#tellOpen();
    this.#mark(0);
  }

  #mark(number) {
    this.active = number;
    [...this.list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === number)));
    const item = this.list.children[number];
    item.scrollIntoView({ block: "nearest" });
    this.text.setAttribute("aria-activedescendant", item.id);
  }

  #take(item) {
    this.close();
    this.choose(item.dataset.command);
  }

  #tellOpen() {
    this.button.setAttribute("aria-expanded", String(this.isOpen));
  }
}
