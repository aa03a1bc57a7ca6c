/* Three steps that show a newcomer round: offered in a line until taken or put away, and again from the foot. */
(function () {
  "use strict";
  const SECURE = window.location.protocol === "https:" ? "; Secure" : "";
  let step = 0;
  let opener = null;

  /* A cookie and no storage: signing out empties what a browser stores (Clear-Site-Data). */
  function isDone() {
    return /(?:^|; )assay-toured=yes/.test(document.cookie);
  }

  function done() {
    document.cookie = "assay-toured=yes; Path=/; Max-Age=31536000; SameSite=Lax" + SECURE;
    const offer = document.getElementById("shell-newcomer");
    if (offer) offer.hidden = true;
  }

  function show(number) {
    const dialog = document.getElementById("shell-tour");
    const steps = dialog.querySelectorAll("[data-step]");
    step = Math.max(0, Math.min(steps.length - 1, number));
    steps.forEach((node, n) => { node.hidden = n !== step; });
    dialog.querySelector("[data-tour='back']").hidden = step === 0;
    dialog.querySelector("[data-tour='next']").hidden = step === steps.length - 1;
    dialog.setAttribute("aria-labelledby", steps[step].querySelector("h2").id);
    const heading = steps[step].querySelector("h2");
    heading.setAttribute("tabindex", "-1");
    heading.focus();
  }

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest && event.target.closest("[data-tour]");
    if (!pressed) return;
    const dialog = document.getElementById("shell-tour");
    switch (pressed.getAttribute("data-tour")) {
      case "begin":
        opener = pressed;
        dialog.showModal();
        show(0);
        break;
      case "back": show(step - 1); break;
      case "next": show(step + 1); break;
      case "end": dialog.close(); break;
      case "later": done(); break;
      default: break;
    }
  });

  document.addEventListener("close", (event) => {
    if (event.target.id !== "shell-tour") return;
    done();
    const back = opener && opener.isConnected && opener.offsetParent ? opener : document.querySelector(".foot [data-tour='begin']");
    if (back) back.focus();
  }, true);

  const waiting = new MutationObserver(() => {
    const offer = document.getElementById("shell-newcomer");
    if (!offer) return;
    waiting.disconnect();
    offer.hidden = isDone();
  });
  waiting.observe(document.documentElement, { childList: true, subtree: true });
})();
