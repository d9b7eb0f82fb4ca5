// Cards can be dragged to another lane. Dropping one fills in and sends the very form that its "Move" shows, so
// that whoever has no mouse, or no script, can do the same.
"use strict";

(() => {
  const board = document.querySelector("[data-board]");
  let dragged = null;

  const option = (card, status) => card.querySelector(`option[value="${status}"]`);

  const letGo = () => {
    dragged?.classList.remove("pj-moving");
    dragged = null;
    board.classList.remove("pj-dragging");
    for (const lane of board.querySelectorAll("[data-lane]")) lane.classList.remove("pj-may-drop", "pj-over");
  };

  const move = (card, status) => {
    const form = card.querySelector("form");
    const chosen = option(card, status);
    chosen.selected = true;
    if (!("needsReason" in chosen.dataset)) {
      form.requestSubmit();
      return;
    }
    card.querySelector("details").open = true;
    form.elements.reason.focus();
  };

  for (const card of board.querySelectorAll("[data-card]")) {
    card.draggable = true;
    card.addEventListener("dragstart", (event) => {
      dragged = card;
      card.classList.add("pj-moving");
      board.classList.add("pj-dragging");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", card.querySelector("a").textContent);
      for (const lane of board.querySelectorAll("[data-lane]")) {
        lane.classList.toggle("pj-may-drop", Boolean(option(card, lane.dataset.lane)));
      }
    });
    card.addEventListener("dragend", letGo);
  }

  for (const lane of board.querySelectorAll("[data-lane]")) {
    lane.addEventListener("dragover", (event) => {
      if (!lane.classList.contains("pj-may-drop")) return;
      event.preventDefault();
      lane.classList.add("pj-over");
    });
    lane.addEventListener("dragleave", (event) => {
      if (!lane.contains(event.relatedTarget)) lane.classList.remove("pj-over");
    });
    lane.addEventListener("drop", (event) => {
      event.preventDefault();
      const card = dragged;
      letGo();
      if (card && option(card, lane.dataset.lane)) move(card, lane.dataset.lane);
    });
  }

  // A refused move waits for its reason.
  document.querySelector(".pj-card details[open] [name=reason]")?.focus();
})();
