// Keeps the numbers of a broadcast that runs up to date. It rests while nobody looks, and when all is over.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector("[data-progress][data-live]");
  if (!box) return;
  const every = 2000;
  let timer = 0;

  async function refresh() {
    const answer = await fetch(box.dataset.progress, { cache: "no-store" }).catch(() => null);
    if (answer && answer.ok && !answer.redirected) {
      const state = answer.headers.get("X-State");
      // Other things may be decided now: that is another page.
      if (state !== box.dataset.state) return location.reload();
      const html = await answer.text();
      if (!box.contains(document.activeElement)) box.innerHTML = html;
    }
    later();
  }
  function later() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, every);
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else refresh();
  });
  later();
});
