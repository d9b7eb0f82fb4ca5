// Writing: texts, files, replies, changed messages.
import { Completion } from "./completion.js";
import { texts } from "./texts.js";

const TALLEST = 160;

export class Composer {
  /** `send(FormData)` resolves to whether it worked; `lastOwn()` is the message that ArrowUp edits. */
  constructor(form, { send, lastOwn, toMessages }) {
    Object.assign(this, { form, send, lastOwn, toMessages });
    this.text = form.elements.text;
    this.file = form.elements.file;
    this.note = form.querySelector("[data-note]");
    this.fileNote = form.querySelector("[data-file-note]");
    this.about = null;
    this.completion = new Completion(
      form.querySelector(".completion"), this.text, form.querySelector("[data-commands]"),
      (command) => this.#submit(`/${command}`),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener("input", () => this.#fit());
    this.text.addEventListener("keydown", (event) => this.#key(event));
    this.text.addEventListener("paste", (event) => this.#paste(event));
    this.file.addEventListener("change", () => this.#showFiles());
    form.querySelector("[data-cancel-note]").addEventListener("click", () => this.clear());
    form.querySelector("[data-drop-file]").addEventListener("click", () => {
      this.file.value = "";
      this.#showFiles();
    });
  }

  focus() {
    this.text.focus();
  }

  edit(item) {
    const words = item.querySelector("[data-edit]").dataset.edit;
    this.#about({ message_id: item.dataset.id }, "editing", words);
    this.text.value = words;
    this.#fit();
  }

  reply(item) {
    const words = item.querySelector(".text, .document-name, .picture img");
    this.#about({ reply_to: item.dataset.id }, "replying", words?.textContent || words?.alt || "");
  }

  clear() {
    this.form.reset();
    this.about = null;
    this.note.hidden = this.fileNote.hidden = true;
    this.#fit();
    this.focus();
  }

  #about(fields, kind, words) {
    this.clear();
    this.about = fields;
    this.note.hidden = false;
    const label = this.note.querySelector(".note-text");
    const title = document.createElement("b");
    title.textContent = label.dataset[kind];
    label.replaceChildren(title, ` ${words}`);
  }

  #key(event) {
    if (event.isComposing) return;
    if (this.completion.key(event)) return event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.form.requestSubmit();
    } else if (event.key === "Escape") {
      this.clear();
    } else if (event.key === "ArrowUp" && !this.text.value && !this.about) {
      event.preventDefault();
      const item = event.altKey ? null : this.lastOwn();
      if (item) this.edit(item);
      else this.toMessages();
    }
  }

  #paste(event) {
    const { files } = event.clipboardData;
    if (!files.length) return;
    event.preventDefault();
    this.file.files = files;
    this.#showFiles();
  }

  async #submit(text) {
    const fields = new FormData(this.form);
    if (text) fields.set("text", text);
    else if (!this.text.value.trim() && !this.file.files.length && !this.about?.message_id) return;
    if (!this.file.files.length) fields.delete("file");
    for (const [name, value] of Object.entries(this.about ?? {})) fields.set(name, value);
    if (await this.send(fields)) this.clear();
  }

  #fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, TALLEST)}px`;
  }

  #showFiles() {
    const { files } = this.file;
    this.fileNote.hidden = files.length === 0;
    const words = files.length > 1 ? texts.files.replace("{count}", files.length) : files[0]?.name ?? "";
    this.fileNote.querySelector(".note-text").textContent = words;
    this.focus();
  }
}
