// One stream of news for the whole window. When it cannot be had, the window asks instead.
const ASK_MS = 1500;
const TRY_STREAM_AGAIN_MS = 30_000;
const OFFLINE_AFTER_MS = 3000;
const EVENTS = ["pane", "switches", "log"];

export class Stream {
  /** `query` describes what to watch, `tell(name, data)` takes the news, `offline(is)` how it stands. */
  constructor({ eventsUrl, newsUrl, query, tell, offline }) {
    Object.assign(this, { eventsUrl, newsUrl, query, tell, offline });
    this.name = Math.random().toString(36).slice(2);
    this.timer = 0;
    this.warning = 0;
  }

  /** Begin, or begin anew after `query` has changed. */
  open() {
    this.close();
    const query = this.query();
    if (!query) return;
    const source = new EventSource(`${this.eventsUrl}?${query}&window=${this.name}`);
    this.source = source;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => this.tell(name, JSON.parse(event.data)));
    }
    source.addEventListener("open", () => this.#isBack());
    source.addEventListener("error", () => {
      // The server ends every stream after a while; only a long silence is worth a word.
      this.warning ||= setTimeout(() => this.offline(true), OFFLINE_AFTER_MS);
      if (source.readyState === EventSource.CLOSED) this.#ask(Date.now());
    });
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  #isBack() {
    clearTimeout(this.warning);
    this.warning = 0;
    this.offline(false);
  }

  async #ask(since) {
    if (Date.now() - since > TRY_STREAM_AGAIN_MS) return this.open();
    const source = this.source;
    try {
      const answer = await fetch(`${this.newsUrl}?${this.query()}`);
      const { news } = await answer.json();
      if (this.source !== source) return;
      this.#isBack();
      for (const { event, data } of news) this.tell(event, data);
    } catch {
      this.warning ||= setTimeout(() => this.offline(true), OFFLINE_AFTER_MS);
    }
    if (this.source === source) this.timer = setTimeout(() => this.#ask(since), ASK_MS);
  }
}
