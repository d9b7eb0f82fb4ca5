// Asking the server, and telling it what somebody does.
import { texts } from "./texts.js";

/** The token that the server wants to see. Signing in to the admin in another tab changes it, so look each time. */
export const token = () => /(?:^|; )csrftoken=(\w+)/.exec(document.cookie)?.[1] ?? "";

/** POST fields. Resolves to what the server made of it: `{}`, or `{error: sentence}`. */
export async function post(url, fields = {}) {
  const body = fields instanceof FormData ? fields : new FormData();
  if (!(fields instanceof FormData)) for (const [name, value] of Object.entries(fields)) body.set(name, value);
  try {
    const answer = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token() } });
    return await answer.json();
  } catch {
    return { error: texts.failed };
  }
}

const busy = new WeakSet();

/** Do what a form or a button asks for; pressed again before that is done, it does nothing. */
export async function once(element, act) {
  if (busy.has(element)) return;
  busy.add(element);
  try {
    await act();
  } finally {
    busy.delete(element);
  }
}

/** GET a piece of the page. */
export async function fragment(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(String(answer.status));
  const template = document.createElement("template");
  template.innerHTML = (await answer.text()).trim(); // rendered and escaped by the server
  return template.content.firstElementChild;
}
