/* The wall of a meeting in steps: keys, buttons, full screen, light or dark. Without it all steps stand below each other. */
(function () {
  "use strict";

  function begin() {
    const steps = Array.from(document.querySelectorAll(".wall .step"));
    if (!steps.length) return;
    const byId = (id) => document.getElementById(id);
    const back = byId("wall-back");
    const next = byId("wall-next");
    const field = byId("step");
    const title = document.title;
    let here = 0;

    function show(number, moves) {
      here = Math.min(Math.max(number, 0), steps.length - 1);
      steps.forEach((step, place) => (step.hidden = place !== here));
      const words = here + 1 + " of " + steps.length;
      byId("wall-place").textContent = words;
      byId("wall-progress").value = here + 1;
      back.disabled = here === 0;
      next.disabled = here === steps.length - 1;
      const heading = steps[here].querySelector("h2");
      document.title = words + " – " + title;
      if (field) field.value = steps[here].id;
      if (!moves) return;
      history.replaceState(history.state, "", location.pathname.replace(/\/write$/, "") + location.search + "#" + steps[here].id);
      window.scrollTo(0, 0);
      heading.focus({ preventScroll: true });
    }

    function asked() {
      const id = location.hash.slice(1);
      const at = steps.findIndex((step) => step.id === id);
      return at >= 0 ? at : steps.findIndex((step) => step.id === document.body.dataset.step);
    }

    function isTyping(target) {
      return target.closest("input, select, textarea, [contenteditable]") !== null;
    }

    /* Long steps on small screens are read to their end before a key turns the page. */
    function isAtEnd() {
      return window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 4;
    }

    function key(event) {
      if (event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
      const presses = event.target.closest("a, button, summary") !== null;
      let to = null;
      if (event.key === "ArrowRight" && !event.shiftKey) to = here + 1;
      else if (event.key === "ArrowLeft" && !event.shiftKey) to = here - 1;
      else if (event.key === "PageDown" && isAtEnd()) to = here + 1;
      else if (event.key === "PageUp" && window.scrollY < 4) to = here - 1;
      else if (event.key === " " && !presses && event.shiftKey && window.scrollY < 4) to = here - 1;
      else if (event.key === " " && !presses && !event.shiftKey && isAtEnd()) to = here + 1;
      if (to === null) return;
      event.preventDefault();
      if (to >= 0 && to < steps.length) show(to, true);
    }

    back.addEventListener("click", () => show(here - 1, true));
    next.addEventListener("click", () => show(here + 1, true));
    document.addEventListener("keydown", key);
    window.addEventListener("hashchange", () => {
      if (asked() >= 0) show(asked(), true);
    });
    document.body.classList.add("is-stepping");
    byId("wall-steps").hidden = false;
    show(asked(), false);
    fullScreen(byId("wall-full"));
    lightOrDark(byId("wall-light"));
    const write = byId("wall-write");
    if (write) write.addEventListener("click", () => {
      byId("write").open = true;
      byId("words").focus();
    });
    const wrong = byId("wrong");
    if (wrong) wrong.focus();
    else if (location.hash === "#write" && byId("words")) byId("words").focus();
  }

  function fullScreen(button) {
    if (!document.fullscreenEnabled) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen();
    });
    document.addEventListener("fullscreenchange", () => {
      button.lastChild.textContent = document.fullscreenElement ? " Leave full screen" : " Full screen";
    });
  }

  /* Light or dark for this tab: the colour scheme of the page, and whatever stands behind the media query for dark. */
  function lightOrDark(button) {
    const root = document.documentElement;
    const worn = getComputedStyle(root).colorScheme;
    const system = matchMedia("(prefers-color-scheme: dark)").matches;
    let isDark = worn.includes("dark") && (!worn.includes("light") || system);

    function turn(dark) {
      isDark = dark;
      root.style.colorScheme = dark ? "dark" : "light";
      for (const rule of queries) rule.media.mediaText = dark ? "all" : "not all";
      button.lastElementChild.textContent = dark ? "Light" : "Dark";
    }

    const rules = Array.from(document.styleSheets).flatMap((sheet) => Array.from(sheet.cssRules));
    const queries = rules.filter((rule) => rule instanceof CSSMediaRule && rule.conditionText.includes("prefers-color-scheme: dark"));
    button.hidden = false;
    button.addEventListener("click", () => {
      turn(!isDark);
      sessionStorage.setItem("assay-wall", isDark ? "dark" : "light");
    });
    const kept = sessionStorage.getItem("assay-wall");
    turn(kept ? kept === "dark" : isDark);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
