// One person in the window: their list of chats and the chat they have open.
import { Composer } from "./composer.js";
import { alertWith, ask } from "./dialogs.js";
import { Messages } from "./messages.js";
import { lastRead, markRead } from "./read_marks.js";
import { once, post } from "./server.js";
import { texts } from "./texts.js";
import { showTimes } from "./times.js";

const TOAST_MS = 3500;
const WAITING_MS = 10_000;

export class Pane {
  /** `go` changes what the pane shows: `{person, chat}`; `addPerson` and `close` ask the window. */
  constructor(element, { go, addPerson, close }) {
    Object.assign(this, { element, go, addPerson, close });
    this.person = Number(element.dataset.person) || 0;
    this.chat = Number(element.dataset.chat) || 0;
    this.revision = Number(element.dataset.revision) || 0;
    this.born = Number(element.dataset.born) || 0;
    this.doing = "";
    this.isOffline = false;
    element.addEventListener("click", (event) => this.#click(event));
    element.addEventListener("submit", (event) => this.#submit(event));
    element.addEventListener("change", (event) => this.#change(event));
    element.addEventListener("keydown", (event) => this.#key(event));
    if (this.chat) this.#openChat();
    this.#showList();
  }

  /** How the stream is told to watch this pane; empty while nobody is chosen. */
  get watch() {
    return this.person ? `${this.person}.${this.chat}.${this.revision}.${this.born}` : "";
  }

  get address() {
    if (!this.person) return "new";
    return this.chat ? `${this.person}.${this.chat}` : String(this.person);
  }

  focus() {
    this.composer?.focus();
  }

  tell(news) {
    // The server knows what is left of it: the person's list, or nobody. Anew: all of it is to be read again.
    if (news.gone) return this.go({ person: this.person, chat: 0 });
    if (news.anew) return this.go({ person: this.person, chat: this.chat });
    if (news.born !== undefined) this.born = news.born;
    if (news.revision !== undefined) this.revision = Math.max(this.revision, news.revision);
    for (const name of ["blocked", "writable"]) if (name in news) this.element.dataset[name] = String(news[name]);
    if (news.list !== undefined) this.#find(".chat-list").innerHTML = news.list; // rendered and escaped by the server
    if (this.messages) this.#tellChat(news);
    this.#showList();
  }

  setOffline(isOffline) {
    this.isOffline = isOffline;
    this.#showStatus();
  }

  toast(sentence) {
    const box = this.#find(".toast");
    if (!box || !this.element.isConnected) return alertWith(sentence);
    box.textContent = sentence;
    box.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => { box.hidden = true; }, TOAST_MS);
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  #openChat() {
    this.messages = new Messages(this.#find(".messages"));
    this.composer = new Composer(this.#find("[data-composer]"), {
      send: (fields) => this.#send(fields),
      lastOwn: () => this.messages.all.filter((item) => item.querySelector("[data-edit]")).at(-1),
      toMessages: () => this.messages.step(-1),
    });
    this.messages.list.addEventListener("scroll", () => this.#showToBottom());
    this.#showStatus();
  }

  #tellChat(news) {
    if (news.messages) {
      this.messages.update(news.messages);
      this.#find(".empty").hidden = this.messages.all.length > 0;
      this.#showToBottom();
    }
    if (news.waiting) this.messages.setWaiting(news.waiting);
    if (news.comments) this.messages.setComments(news.comments);
    if (news.commands) this.composer.completion.setCommands(news.commands);
    for (const answer of news.answers ?? []) this.#showAnswer(answer);
    if (news.doing !== undefined) {
      this.doing = news.doing;
      this.#showStatus();
    }
  }

  #showAnswer({ message, text, alert }) {
    for (const button of this.messages.find(message)?.querySelectorAll("[data-press]") ?? []) {
      button.removeAttribute("aria-busy");
    }
    if (text && alert) alertWith(text);
    else if (text) this.toast(text);
  }

  #showStatus() {
    const status = this.#find(".status");
    if (!status) return;
    status.textContent = this.isOffline ? texts.offline : this.doing || status.dataset.idle;
    status.classList.toggle("is-doing", Boolean(this.doing));
  }

  #showToBottom() {
    this.#find("[data-bottom]").hidden = this.messages.isAtBottom();
  }

  #showList() {
    showTimes(this.#find(".chat-list") ?? this.element);
    const newest = Number(this.messages?.newest?.dataset.id ?? 0);
    if (this.chat) markRead(this.person, this.chat, newest);
    for (const row of this.element.querySelectorAll(".chat-row")) {
      const isUnread = Number(row.dataset.newest) > lastRead(this.person, row.dataset.open);
      row.querySelector(".unread").hidden = !isUnread;
    }
  }

  async #act(name, fields = {}) {
    const result = await post(`${this.element.dataset.base}${name}/`, fields);
    if (result.error) this.toast(result.error);
    return result;
  }

  async #send(fields) {
    fields.set("chat", this.chat);
    const { error } = await this.#act("send", fields);
    if (!error) this.messages.toBottom();
    return !error;
  }

  async #actThenShow(name, fields) {
    const { error, chat } = await this.#act(name, { chat: this.chat, ...fields });
    if (!error) this.go({ person: this.person, chat: chat ?? this.chat });
  }

  async #delete(item) {
    if (!(await ask(texts.deleteQuestion, texts.delete))) return;
    await this.#act("delete", { message_id: item.dataset.id });
    this.composer.focus();
  }

  #press(button) {
    button.setAttribute("aria-busy", "true");
    setTimeout(() => button.removeAttribute("aria-busy"), WAITING_MS);
    const { press, row, column } = button.dataset;
    this.#act("press", { message_id: press, row, column });
  }

  async #leaveTo(link) {
    if (await ask(texts.leaveQuestion, texts.open, link.href)) window.open(link.href, "_blank", "noopener");
  }

  async #leaveChat() {
    if (!(await ask(texts.leaveChatQuestion, texts.leave))) return;
    const { error } = await this.#act("leave", { chat: this.chat });
    if (!error) this.go({ person: this.person, chat: 0 });
  }

  #click(event) {
    const link = event.target.closest("a[data-leave], .text a");
    if (link) {
      event.preventDefault();
      return void this.#leaveTo(link);
    }
    const target = event.target.closest("button, a[data-open], a[data-be]");
    if (!target) return;
    const { dataset } = target;
    const item = target.closest(".message");
    if (target.matches("a")) event.preventDefault();
    if ("press" in dataset) this.#press(target);
    else if ("send" in dataset) this.#sendText(dataset.send);
    else if ("reply" in dataset) this.composer.reply(item);
    else if ("edit" in dataset) this.composer.edit(item);
    else if ("delete" in dataset) this.#delete(item);
    else if ("jump" in dataset) this.messages.jump(dataset.jump);
    else if ("open" in dataset) this.go({ person: this.person, chat: Number(dataset.open) });
    else if ("be" in dataset) this.go({ person: Number(dataset.be), chat: Number(dataset.be) });
    else if ("back" in dataset) this.go({ person: this.person, chat: 0 });
    else if ("bottom" in dataset) this.messages.toBottom();
    else if ("addPerson" in dataset) this.addPerson();
    else if ("close" in dataset) this.close();
    else if ("leaveChat" in dataset) this.#leaveChat();
    else if ("writeTo" in dataset) this.#actThenShow("write_to", { other: dataset.writeTo });
    else if ("act" in dataset) this.#actOf(target);
  }

  #actOf(button) {
    const { dataset } = button;
    const fields = { ...(dataset.other && { other: dataset.other }), ...(dataset.fields && { [dataset.fields]: "on" }) };
    if (dataset.then === "reload") return void once(button, () => this.#actThenShow(dataset.act, fields));
    this.#closeMenus();
    return void once(button, () => this.#act(dataset.act, fields));
  }

  #sendText(text) {
    const fields = new FormData();
    fields.set("text", text);
    this.#send(fields);
  }

  #submit(event) {
    const form = event.target;
    if (!form.dataset.form) return;
    event.preventDefault();
    once(form, () => this.#sendForm(form));
  }

  async #sendForm(form) {
    const name = form.dataset.form;
    const { error, chat } = await this.#act(name, new FormData(form));
    if (error) return;
    this.#closeMenus();
    if (name === "create") this.go({ person: this.person, chat });
    else form.reset();
  }

  #change({ target }) {
    if ("language" in target.dataset) this.#act("language", { language_code: target.value });
    const rights = target.closest("[data-rights]");
    if (rights) this.#act("rights", new FormData(rights));
  }

  #key(event) {
    if (event.key === "Escape" && this.#closeMenus()) return;
    if (!this.messages?.list.contains(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const item = event.target.closest(".message");
    if (event.key === "ArrowUp") this.messages.step(-1);
    else if (event.key === "ArrowDown" && item === this.messages.newest) this.composer.focus();
    else if (event.key === "ArrowDown") this.messages.step(1);
    else if (event.key === "Escape") this.composer.focus();
    else if (!item || !this.#itemKey(event, item)) return;
    event.preventDefault();
  }

  #itemKey(event, item) {
    // By the key's place too, so that R works on a Cyrillic keyboard.
    if (event.code === "KeyR") this.composer.reply(item);
    else if (event.code === "KeyE" && item.querySelector("[data-edit]")) this.composer.edit(item);
    else if (event.key === "Delete" && item.querySelector("[data-delete]")) this.#delete(item);
    else if (event.key === "Enter" && event.target === item) item.querySelector(".keyboard button, .keyboard a")?.focus();
    else return false;
    return true;
  }

  #closeMenus() {
    const open = this.element.querySelectorAll("details.menu[open]");
    for (const menu of open) menu.open = false;
    return open.length > 0;
  }
}
