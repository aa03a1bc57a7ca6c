/* What a page on paper must say and the screen says by its controls: whose it is, which filters, which day. */
(function () {
  "use strict";

  function day(value) {
    const at = new Date(value + "T00:00:00Z");
    const written = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
    return Number.isNaN(at.valueOf()) ? value : at.toLocaleDateString(document.documentElement.lang || "en-GB", written);
  }

  function words(node) {
    return node ? node.textContent.replace(/\s+/g, " ").trim() : "";
  }

  /* "As of: 22 November 2026", for each filter that is set. */
  function filters() {
    const said = [];
    for (const field of document.querySelectorAll(".filters .filter")) {
      const control = field.querySelector("[name]");
      if (!control || !control.value) continue;
      const value = control.tagName === "SELECT" ? words(control.selectedOptions[0]) : control.type === "date" ? day(control.value) : control.value;
      said.push(`${words(field.querySelector("label"))}: ${value}`);
    }
    for (const chosen of document.querySelectorAll(".chips a[aria-current='true']")) said.push(Array.from(chosen.childNodes, words).join(" "));
    for (const find of document.querySelectorAll(".t-find")) if (find.value) said.push(`${find.placeholder || "Find"}: ${find.value}`);
    return said;
  }

  /* Before the program's own root, which React keeps for itself. */
  function told() {
    let place = document.getElementById("on-paper");
    if (!place) {
      place = document.createElement("div");
      place.id = "on-paper";
      place.className = "on-paper";
      document.body.prepend(place);
    }
    const whose = [words(document.querySelector(".who .tenant")), words(document.querySelector(".who .fictional"))];
    place.replaceChildren();
    for (const line of [whose.filter(Boolean).join(". "), filters().join(" · ")]) {
      const paragraph = document.createElement("p");
      paragraph.textContent = line;
      if (line) place.append(paragraph);
    }
  }

  window.addEventListener("beforeprint", told);
  window.addEventListener("afterprint", () => {
    const place = document.getElementById("on-paper");
    if (place) place.remove();
  });
})();
