// Choosing a model: the provider's own address as a hint, a trial, what each version of the instructions changed.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const page = document.querySelector("[data-models]");
  if (!page) return;
  const form = page.querySelector("[data-choice]");
  const { provider, base_url: address, instructions } = form.elements;
  const addresses = JSON.parse(document.getElementById("dk-addresses")?.textContent || "{}");

  function hint() {
    address.placeholder = addresses[provider.value] || "";
  }
  if (provider) {
    provider.addEventListener("change", hint);
    hint();
  }

  for (const version of page.querySelectorAll("[data-text]")) {
    version.addEventListener("toggle", () => {
      const { text, earlier } = version.dataset;
      if (earlier) window.showChanges(version.querySelector("[data-changes-shown]"), earlier, text);
    });
    version.querySelector("[data-use]")?.addEventListener("click", () => {
      instructions.value = version.dataset.text;
      instructions.focus();
    });
  }

  const button = page.querySelector("[data-try]");
  button?.addEventListener("click", async () => {
    const box = page.querySelector("[data-answer]");
    const body = new FormData(form);
    body.append("question", page.querySelector("[data-question]").value);
    button.disabled = true;
    box.textContent = page.dataset.wait;
    const answer = await fetch(button.dataset.try, { method: "POST", body }).catch(() => null);
    button.disabled = false;
    const found = answer && answer.ok && !answer.redirected ? await answer.json() : { problem: page.dataset.lost };
    const said = document.createElement("p");
    said.className = found.problem ? "dk-problem-text" : "dk-answer";
    said.textContent = found.problem || found.text;
    const facts = document.createElement("p");
    facts.className = "sb-muted";
    facts.textContent = (found.facts || []).join(" · ");
    box.replaceChildren(said, facts);
  });
});
