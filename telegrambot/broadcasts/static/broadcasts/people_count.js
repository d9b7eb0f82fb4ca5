// Counts the people of a segment again a moment after its conditions were changed.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector("[data-count-url]");
  if (!box) return;
  const form = box.closest("form");
  let timer = 0;
  let latest = 0;

  async function count() {
    const number = ++latest;
    const answer = await fetch(box.dataset.countUrl, { method: "POST", body: new FormData(form) }).catch(() => null);
    if (!answer || !answer.ok || number !== latest) return;
    const found = await answer.json();
    box.querySelector("[data-people]").textContent = found.people;
    box.querySelector("[data-note]").textContent = found.note;
  }
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(count, 300);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
});
