/* The look that a reader chose for this browser: auto, light, dark or contrast. Runs before anything is painted. */
(function () {
  "use strict";
  const LOOKS = ["auto", "light", "dark", "contrast"];
  const more = window.matchMedia("(prefers-contrast: more)");

  /* A cookie and no storage: signing out empties what a browser stores (Clear-Site-Data), and the look is no secret. */
  function chosen() {
    const found = document.cookie.match(/(?:^|; )assay-look=(\w+)/);
    return found && LOOKS.includes(found[1]) ? found[1] : "auto";
  }

  function wear() {
    const look = chosen();
    document.documentElement.setAttribute("data-look", look === "auto" && more.matches ? "contrast" : look);
    for (const choice of document.querySelectorAll("[data-looks]")) if (choice.value !== look) choice.value = look;
  }

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-looks]")) return;
    document.cookie = "assay-look=" + event.target.value + "; Path=/; Max-Age=31536000; SameSite=Lax" + (window.location.protocol === "https:" ? "; Secure" : "");
    wear();
  });
  more.addEventListener("change", wear);
  wear();
  /* The choice is drawn later than this runs: it shows what is worn as soon as it is there. */
  const waiting = new MutationObserver(() => {
    if (!document.querySelector("[data-looks]")) return;
    waiting.disconnect();
    wear();
  });
  waiting.observe(document.documentElement, { childList: true, subtree: true });
})();
