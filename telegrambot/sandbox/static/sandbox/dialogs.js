// Questions and alerts over everything else.
const byId = (id) => document.getElementById(id);

/** Ask before something that cannot be taken back. Resolves to whether the answer was yes. */
export function ask(question, yes, detail = "") {
  const dialog = byId("question");
  byId("question-text").textContent = question;
  byId("question-detail").textContent = detail;
  byId("question-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

export function alertWith(sentence) {
  byId("alert-text").textContent = sentence;
  if (!byId("alert").open) byId("alert").showModal();
}
