/* The way from a page to taking it away, and how far packs are. */
(function () {
  "use strict";
  const EVERY = 2000;

  /* "Take a pack" knows which page it stands on, as it is filtered at that moment. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a.take-pack");
    if (!link) return;
    const url = new URL("/packs/new", window.location.href);
    const here = new URL(window.location.href);
    for (const key of ["open", "find", "cell"]) here.searchParams.delete(key);
    url.searchParams.set("of", here.pathname + here.search);
    link.href = url.href;
  }, true);

  function open() {
    return [...document.querySelectorAll("[data-pack]")].filter((one) => ["waiting", "working"].includes(one.dataset.state));
  }

  async function look() {
    const answer = await fetch("/packs/progress", { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const told = new Map((await answer.json()).map((one) => [String(one.number), one]));
    for (const item of open()) {
      const one = told.get(item.dataset.pack);
      if (!one || !["waiting", "working"].includes(one.state)) {
        finished(item, one);
        continue;
      }
      item.querySelector(".pack-words").textContent = one.words;
      item.querySelector("progress").value = one.share;
    }
    if (open().length) window.setTimeout(look, EVERY);
  }

  /* What is ready is said once, and the page offers to show it: it does not change under anybody's hands. */
  function finished(item, one) {
    item.dataset.state = one ? one.state : "gone";
    const words = !one ? "It is gone." : one.state === "done" ? "It is ready." : one.words;
    item.querySelector(".pack-state").textContent = one && one.state === "done" ? "Ready" : "Not made";
    item.querySelector(".pack-words").textContent = words;
    const bar = item.querySelector("progress");
    if (bar) bar.hidden = true;
    const again = item.querySelector(".pack-again a");
    if (again) again.textContent = one && one.state === "done" ? "Show the files" : "Look again";
    document.getElementById("packs-said").textContent = item.querySelector("h2").textContent + ": " + words;
  }

  if (open().length) window.setTimeout(look, EVERY);
})();
