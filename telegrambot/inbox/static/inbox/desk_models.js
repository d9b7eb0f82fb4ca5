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
    box.setAttribute("aria-busy", "true");
    const body = new FormData(form);
    body.append("question", page.querySelector("[data-question]").value);
    button.disabled = true;
    box.textContent = page.dataset.wait;
    let found = { problem: page.dataset.lost };
    try {
      for await (const step of steps(await fetch(button.dataset.try, { method: "POST", body }))) {
        if (step.so_far) show(step.so_far, "dk-answer");
        else found = step;
      }
    } catch {
      // The connection was lost: the sentence about that is there already.
    }
    button.disabled = false;
    box.removeAttribute("aria-busy");
    show(found.problem || found.text, found.problem ? "dk-problem-text" : "dk-answer", found.facts);
  });

  function show(text, look, facts = []) {
    const said = document.createElement("p");
    said.className = look;
    said.textContent = text;
    const below = document.createElement("p");
    below.className = "sb-muted";
    below.textContent = facts.join(" · ");
    page.querySelector("[data-answer]").replaceChildren(said, below);
  }

  // The steps of an answer that is written while it is read: a JSON object a line.
  async function* steps(answer) {
    if (!answer.ok || answer.redirected) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop();
      yield* lines.map((line) => JSON.parse(line));
    }
  }
});
