/* Trying bands in the drawer: what is chosen keeps the focus while the choice is drawn anew, so one can go on by keys. */
(function () {
  "use strict";
  let chosen = null;

  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest(".whatif-choice a[data-try]");
    chosen = link ? link.dataset.try : null;
  });

  new MutationObserver(() => {
    if (!chosen || document.activeElement !== document.body) return;
    const again = document.querySelector(`.whatif-choice a[data-try="${CSS.escape(chosen)}"]`);
    if (!again) return;
    again.focus({ preventScroll: true });
    chosen = null;
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
