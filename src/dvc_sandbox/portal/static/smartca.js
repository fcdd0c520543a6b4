// Count-down and polling of the waiting page; without scripts the page reloads itself.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const card = document.querySelector('.cho-ky[data-state="waiting"]');
  if (!card) return;
  const ends = Date.now() + Number(card.dataset.seconds) * 1000;
  const clock = card.querySelector(".dem-nguoc");
  const bar = card.querySelector("progress");
  setInterval(() => {
    const left = Math.max(0, Math.round((ends - Date.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    bar.value = left;
  }, 1000);
  const ask = async () => {
    try {
      const answer = await fetch(card.dataset.stateUrl, { headers: { Accept: "application/json" } });
      if (answer.status === 401 || (answer.ok && (await answer.json()).state !== "waiting")) return location.reload();
    } catch { /* the portal does not answer: ask again */ }
    return setTimeout(ask, Number(card.dataset.poll) * 1000);
  };
  setTimeout(ask, Number(card.dataset.poll) * 1000);
});
