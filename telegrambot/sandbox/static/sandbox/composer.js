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
    this.sending = Promise.resolve();
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
    this.file.addEventListener("change", () => {
      this.#showFiles();
      this.focus();
    });
    form.querySelector("[data-cancel-note]").addEventListener("click", () => this.clear());
    form.querySelector("[data-drop-file]").addEventListener("click", () => {
      this.file.value = "";
      this.#showFiles();
      this.focus();
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
    this.completion.close();
    this.about = null;
    this.#show();
    this.focus();
  }

  #about(fields, kind, words) {
    this.clear();
    this.about = { fields, kind, words };
    this.#showNote();
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
    this.focus();
  }

  #submit(text) {
    const { about } = this;
    const fields = new FormData(this.form);
    if (text) fields.set("text", text);
    else if (!this.text.value.trim() && !this.file.files.length && !about?.fields.message_id) return;
    if (!this.file.files.length) fields.delete("file");
    for (const [name, value] of Object.entries(about?.fields ?? {})) fields.set(name, value);
    // Empty at once: what is typed from now on is the next message, which waits until this one is sent.
    this.clear();
    this.sending = this.sending.then(async () => {
      if (!(await this.send(fields))) this.#giveBack(fields, about);
    });
  }

  /** What was not sent, before what was written meanwhile. */
  #giveBack(fields, about) {
    this.text.value = [fields.get("text"), this.text.value].filter(Boolean).join("\n");
    const files = new DataTransfer();
    for (const file of [...fields.getAll("file"), ...this.file.files]) files.items.add(file);
    this.file.files = files.files;
    if (fields.has("as_document")) this.form.elements.as_document.checked = true;
    this.about = about ?? this.about;
    this.#show();
  }

  #show() {
    this.#showNote();
    this.#showFiles();
    this.#fit();
  }

  #showNote() {
    this.note.hidden = !this.about;
    if (!this.about) return;
    const label = this.note.querySelector(".note-text");
    const title = document.createElement("b");
    title.textContent = label.dataset[this.about.kind];
    label.replaceChildren(title, ` ${this.about.words}`);
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
  }
}
