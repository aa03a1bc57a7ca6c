/* What takes a table or a chart along as a file: a small menu in the bar of each table (dashboard/exports/taking.py). */
(function () {
  "use strict";
  const KINDS = [["csv", "CSV"], ["xlsx", "Excel"], ["png", "Picture (PNG)"], ["svg", "Drawing (SVG)"]];

  function make(tag, className, words) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (words) node.textContent = words;
    return node;
  }

  /* A table's data as CSV and workbook; its picture, or that of the chart whose data it is. */
  function take(place, caption) {
    const chart = place.closest("figure.chart");
    const menu = make("details", "files t-take");
    const summary = make("summary", "btn btn-outline-secondary btn-sm t-act", "Take along");
    const words = make("span", "visually-hidden", ": " + caption);
    summary.append(words);
    const list = make("ul");
    for (const [kind, name] of KINDS) {
      const link = make("a", null, name);
      link.dataset.take = (chart && (kind === "png" || kind === "svg") ? chart.id : place.id) + "." + kind;
      link.setAttribute("download", "");
      link.href = address(link);
      const item = make("li");
      item.append(link);
      list.append(item);
    }
    menu.append(summary, list);
    menu.addEventListener("toggle", () => list.querySelectorAll("a").forEach((link) => (link.href = address(link))));
    return menu;
  }

  /* The page's own address is the file's, so that it holds what is shown. */
  function address(link) {
    const page = window.location.pathname.slice(1) || "overview";
    return "/download/page/" + page + "/" + link.dataset.take + window.location.search;
  }

  function shut(but) {
    for (const menu of document.querySelectorAll("details.t-take[open]")) if (menu !== but) menu.open = false;
  }

  document.addEventListener("click", (event) => shut(event.target.closest && event.target.closest("details.t-take")));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest && event.target.closest("details.t-take[open]");
    if (!menu) return;
    event.preventDefault();
    event.stopPropagation();
    menu.open = false;
    menu.querySelector("summary").focus();
  }, true);

  window.assayTake = take;
})();
