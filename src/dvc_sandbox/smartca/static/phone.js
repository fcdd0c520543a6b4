// Counts down, and fetches the lists again every two seconds; the cards are replaced only when something changed,
// so that a button never moves under the finger.
"use strict";
const cards = document.getElementById("cards");
const key = (root) => root.querySelector("[data-key]").dataset.key;

setInterval(() => {
  for (const left of cards.querySelectorAll("[data-left]")) {
    const seconds = Math.max(0, Number(left.dataset.left) - 1);
    left.dataset.left = String(seconds);
    left.textContent = String(Math.floor(seconds / 60)).padStart(2, "0") + ":" + String(seconds % 60).padStart(2, "0");
    const bar = left.closest("article").querySelector("progress");
    bar.value = seconds;
    left.classList.toggle("late", seconds < bar.max * 0.2);
  }
}, 1000);

setInterval(async () => {
  try {
    const answer = await fetch(cards.dataset.source, { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = document.createElement("div");
    fresh.innerHTML = await answer.text(); // our own page, escaped by its template
    if (key(fresh) !== key(cards)) cards.replaceChildren(...fresh.childNodes);
  } catch {
    // The sandbox may be restarting; the next round tries again.
  }
}, 2000);
