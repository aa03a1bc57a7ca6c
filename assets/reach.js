/* What Tab comes to inside a table that scrolls is brought into sight whole; the browser is content with a part of it. */
(function () {
  "use strict";
  document.addEventListener("focusin", (event) => {
    const one = event.target;
    if (!one.closest || !one.closest(".t-scroll, .table-wrap, .list-scroll") || !one.matches("a, button, input, select, summary")) return;
    if (one.matches(":focus-visible")) one.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
})();
