// The window: up to three people side by side, the tools, and one stream of news for all of them.
import { alertWith, ask } from "./dialogs.js";
import { Faults } from "./faults.js";
import { Log } from "./log.js";
import { Pane } from "./pane.js";
import { forgetRead } from "./read_marks.js";
import { fragment, once, post, token } from "./server.js";
import { Stream } from "./stream.js";
import { texts } from "./texts.js";

const MAX_PANES = 3;
const byId = (id) => document.getElementById(id);
const place = byId("panes");
const urls = place.dataset;
const shown = new Set(new URLSearchParams(location.search).getAll("show"));
const log = new Log();
const faults = new Faults();
let panes = [];

const stream = new Stream({
  eventsUrl: urls.eventsUrl,
  newsUrl: urls.newsUrl,
  query() {
    const query = new URLSearchParams();
    for (const { watch } of watched()) query.append("pane", watch);
    if (shown.has("log")) query.set("log", log.newest);
    return query.size ? query : "pane=";
  },
  tell(name, data) {
    if (name === "pane") watched()[data.pane]?.tell(data);
    else if (name === "log") log.add(data.lines);
    else faults.tell(data);
  },
  offline(isOffline) {
    for (const pane of panes) pane.setOffline(isOffline);
  },
});

const watched = () => panes.filter((pane) => pane.watch);

// ── Panes ──────────────────────────────────────────────────────────────────────────────────────────────────
function adopt(element) {
  const pane = new Pane(element, {
    go: (where) => show(pane, where),
    addPerson: () => addPerson(pane),
    close: () => close(pane),
  });
  return pane;
}

async function show(pane, { person, chat }) {
  const address = person ? (chat ? `${person}.${chat}` : String(person)) : "new";
  const asked = (pane.asked = {});
  const element = await paneAt(address, pane);
  // The last wish counts, and none of a pane that is not there any more.
  if (!element || pane.asked !== asked || !panes.includes(pane)) return;
  const isElsewhere = panes.some((other) => other !== pane && other.element.contains(document.activeElement));
  pane.element.replaceWith(element);
  const next = adopt(element);
  panes[panes.indexOf(pane)] = next;
  settle("push");
  if (!isElsewhere) next.focus();
}

/** A pane from the server; when that does not answer, `pane` says so. */
async function paneAt(address, pane) {
  try {
    return await fragment(`${urls.paneUrl}?pane=${address}`);
  } catch {
    pane.toast(texts.failed);
    return null;
  }
}

async function addPane() {
  if (panes.length >= MAX_PANES) return;
  const element = await paneAt("new", panes.at(-1));
  if (!element || panes.length >= MAX_PANES) return;
  place.append(element);
  panes.push(adopt(element));
  settle("push");
  element.scrollIntoView({ inline: "end" });
  element.querySelector("a, button").focus();
}

function close(pane) {
  if (panes.length === 1) return void show(pane, {});
  pane.element.remove();
  panes = panes.filter((other) => other !== pane);
  settle("push");
}

/** After the panes have changed: the address, the buttons, and what the stream watches. */
function settle(how) {
  const query = new URLSearchParams();
  for (const pane of panes) query.append("pane", pane.address);
  for (const tool of shown) query.append("show", tool);
  const url = `${urls.indexUrl}?${query}`;
  if (how === "push" && url !== location.pathname + location.search) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
  for (const field of document.querySelectorAll(".page-language [name=next]")) field.value = url;
  place.dataset.count = panes.length;
  byId("add-pane").disabled = panes.length >= MAX_PANES;
  stream.open();
}

// ── Somebody new ───────────────────────────────────────────────────────────────────────────────────────────
const newPerson = byId("new-person");
const newPersonForm = byId("new-person-form");
let newPersonFor = null;

function addPerson(pane) {
  newPersonFor = pane;
  newPersonForm.reset();
  newPersonForm.querySelector(".error").hidden = true;
  newPerson.showModal();
}

newPersonForm.addEventListener("submit", (event) => {
  event.preventDefault();
  once(newPersonForm, join);
});

async function join() {
  const { error, person } = await post(newPersonForm.action, new FormData(newPersonForm));
  const problem = newPersonForm.querySelector(".error");
  problem.textContent = error ?? "";
  problem.hidden = !error;
  if (error) return;
  newPerson.close();
  show(newPersonFor, { person, chat: person });
}

newPersonForm.querySelector("[data-cancel]").addEventListener("click", () => newPerson.close());

// ── Tools ──────────────────────────────────────────────────────────────────────────────────────────────────
function showTools() {
  for (const name of ["log", "faults"]) {
    byId(name).hidden = !shown.has(name);
    byId(`show-${name}`).setAttribute("aria-expanded", String(shown.has(name)));
  }
  byId("tools").hidden = shown.size === 0;
}

function toggle(name) {
  if (!shown.delete(name)) shown.add(name);
  showTools();
  settle("replace");
}

for (const name of ["log", "faults"]) byId(`show-${name}`).addEventListener("click", () => toggle(name));
byId("tools").addEventListener("click", (event) => {
  const name = event.target.closest("[data-hide]")?.dataset.hide;
  if (!name) return;
  toggle(name);
  byId(`show-${name}`).focus();
});
byId("add-pane").addEventListener("click", addPane);
byId("reset").addEventListener("click", async () => {
  if (!(await ask(texts.resetQuestion, texts.reset))) return;
  const { error } = await post(urls.resetUrl);
  if (error) return void alertWith(error);
  forgetRead();
  location.assign(urls.indexUrl);
});

document.addEventListener("submit", ({ target }) => {
  const field = target.elements.csrfmiddlewaretoken;
  if (field) field.value = token();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
window.addEventListener("popstate", () => location.reload());
window.addEventListener("pagehide", () => stream.close());
window.addEventListener("pageshow", (event) => { if (event.persisted) stream.open(); });

panes = [...place.children].map(adopt);
showTools();
settle("replace");
panes[0].focus();
