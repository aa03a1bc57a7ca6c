/* What tests/journeys/everybody.py asks inside a page. Each question gives its faults as sentences. */
window.everybody = (function () {
  "use strict";
  const BY_TAB = "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable=true]";
  const ITS_OWN_WAY = "table, svg, pre, .t-scroll, .table-wrap, .list-scroll"; // what may be wider than the window
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const isShown = (one) => one.getClientRects().length > 0;
  let walked = new Map();

  function said(one) {
    const words = one.getAttribute("aria-label") || one.innerText || one.name || "";
    return `${one.tagName.toLowerCase()}${one.id ? "#" + one.id : ""} ${words.trim().slice(0, 40)}`;
  }

  /* What the reader sees of a control: of one that is drawn by its label, the label. */
  function drawn(one) {
    return one.matches("input[type=radio], input[type=checkbox], input[type=file]") ? one.closest("label") || one : one;
  }

  function isSeen(one) {
    const around = one.closest("label, .t-stub, li, td, th, summary");
    const inside = (x, y) => {
      if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return false;
      const met = document.elementFromPoint(x, y);
      return Boolean(met) && (one.contains(met) || (met === around && met.contains(one)));
    };
    // Of what is larger than the window, the part that is in it.
    const parts = Array.from(one.getClientRects(), (whole) => {
      const [left, top] = [Math.max(whole.left, 0), Math.max(whole.top, 0)];
      return { left, top, width: Math.min(whole.right, innerWidth) - left, height: Math.min(whole.bottom, innerHeight) - top };
    });
    return parts.some((box) =>
      [0.5, 0.1, 0.9].some((a) => [0.5, 0.15, 0.85].some((b) => inside(box.left + box.width * a, box.top + box.height * b)))
    );
  }

  function hasLine(one) {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && style.outlineColor !== "transparent";
  }

  function isLast(one) {
    const foot = one.closest("footer, .gate > p:last-of-type");
    return Boolean(foot) && all(BY_TAB, foot).filter((other) => isShown(other) && other.tabIndex >= 0).pop() === one;
  }

  /* Before the first Tab: nothing has been met, and the page is at its top. */
  function begin() {
    walked = new Map();
    window.scrollTo(0, 0);
    document.activeElement.blur();
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
  }

  /* After a press of Tab: what has the focus, and what is wrong with it there. Null outside the page. */
  function here() {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const isNew = !walked.has(one);
    if (isNew) walked.set(one, walked.size);
    const faults = [];
    if (isNew && !isSeen(drawn(one))) faults.push(`the focus is hidden at ${said(one)}`);
    if (isNew && !hasLine(one) && !hasLine(drawn(one))) faults.push(`the focus has no line at ${said(one)}`);
    // Of a day its parts and the picture beside them are stops of their own.
    const stops = /^(date|time|month|datetime-local)$/.test(one.type) ? 7 : 2;
    return { number: walked.get(one), said: said(one), stops, faults, isLast: isLast(one) };
  }

  /* What Tab should have come to and did not; of radio buttons with one name, one. */
  function left() {
    const met = new Set(Array.from(walked.keys(), (one) => (one.type === "radio" ? one.name : one)));
    return all(BY_TAB)
      .filter((one) => {
        if (one.disabled || one.tabIndex < 0 || one.type === "hidden" || one.closest("[inert]")) return false;
        if (!isShown(one) || getComputedStyle(one).visibility === "hidden") return false;
        const from = one.tagName === "SUMMARY" ? one.parentNode.parentNode : one; // a closed one still shows its line
        return !from.closest("details:not([open])");
      })
      .filter((one) => !met.has(one.type === "radio" ? one.name : one))
      .map((one) => `Tab never comes to ${said(one)}`);
  }

  /* Text that a box hides because it does not fit, where nothing gives the whole. */
  function cut() {
    const boxes = "h1, h2, h3, p, li, a, button, label, legend, summary, span, td, th, dt, dd, select";
    return all(boxes)
      .filter((one) => {
        if (!isShown(one) || !one.innerText || one.closest(".visually-hidden, .plot, svg, [title], [aria-label]")) return false;
        const style = getComputedStyle(one);
        if (style.clipPath !== "none" || one.clientWidth <= 2) return false;
        if (!/hidden|clip/.test(style.overflowX + style.overflowY)) return false;
        return one.scrollWidth > one.clientWidth + 2 || one.scrollHeight > one.clientHeight + 4;
      })
      .map((one) => `text is cut off: ${one.className} ${one.innerText.slice(0, 40)}`);
  }

  /* Lines lower than the letters on them: sizes that do not grow with the text. */
  function low() {
    const found = all("main .t-name, main .b, main .chip, main .hr, main .share-n, main .diff, main .state, .btn, label").filter((one) => {
      const style = getComputedStyle(one);
      return isShown(one) && one.innerText && parseFloat(style.lineHeight) < parseFloat(style.fontSize);
    });
    return Array.from(new Set(found.map((one) => `lines lower than their letters: ${one.className}`)));
  }

  /* What makes the reader scroll two ways. */
  function sideways() {
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth + 1) {
      const wide = all("body *").filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(ITS_OWN_WAY));
      found.push(`the page scrolls sideways: ${wide.slice(-2).map((one) => one.tagName + "." + one.className)}`);
    }
    for (const one of all("main *").filter((other) => !other.closest("pre, textarea, select, svg"))) {
      if (one.scrollWidth <= one.clientWidth + 1 || !/auto|scroll/.test(getComputedStyle(one).overflowX)) continue;
      if (!one.querySelector(ITS_OWN_WAY) && !one.matches("pre")) found.push(`scrolls sideways and holds no table: ${one.className}`);
    }
    return found;
  }

  /* What is told by a background alone: where the reader's own few colours are forced there is none. */
  function forced() {
    const edged = (style) => ["Top", "Bottom", "Left", "Right"].some((side) => style[`border${side}Style`] !== "none" && parseFloat(style[`border${side}Width`]) > 0);
    const found = all(".b, .chip, .hr, .state, .mark, .btn:not(.btn-link, .btn-close), .form-control, .form-select")
      .filter((one) => isShown(one) && !edged(getComputedStyle(one)))
      .map((one) => `has no edge: ${one.className}`);
    const chosen = "[aria-current], [aria-pressed=true], [aria-selected=true]";
    const looks = ["backgroundColor", "outlineStyle", "borderTopWidth", "borderInlineStartWidth", "textDecorationLine"];
    for (const one of all(chosen).filter(isShown)) {
      const beside = all(one.tagName, one.parentNode.parentNode).find((other) => isShown(other) && !other.matches(chosen));
      if (!beside) continue;
      const [mine, theirs] = [getComputedStyle(one), getComputedStyle(beside)];
      if (looks.every((name) => mine[name] === theirs[name])) found.push(`what is chosen looks like the rest: ${said(one)}`);
    }
    return Array.from(new Set(found));
  }

  /* What moves, or changes slowly. */
  function moving() {
    const slow = all("a, button, summary, select, .offcanvas").filter((one) =>
      getComputedStyle(one).transitionDuration.split(",").some((time) => parseFloat(time) > 0.01)
    );
    const running = document.getAnimations().map((one) => `${one.animationName || one.transitionProperty} is running`);
    return Array.from(new Set([...running, ...slow.map((one) => `changes slowly: ${one.className}`)]));
  }

  /* What a screen reader is not told of the tables: names, headings, rows, and what a sign means. */
  function tables() {
    return all("main table")
      .filter(isShown)
      .flatMap((table) => {
        const found = [];
        const by = table.getAttribute("aria-labelledby");
        if (!table.getAttribute("aria-label") && !(by && document.getElementById(by)) && !table.caption) found.push("has no name");
        if (!table.querySelector("thead th")) found.push("has no headings of columns");
        if (!table.querySelector("tbody th") && table.querySelector("tbody td + td")) found.push("has no headings of rows");
        if (table.getAttribute("role") === "grid" && all("[tabindex='0']", table).length !== 1) found.push("is a grid without one way in");
        for (const cell of all("tbody td", table)) {
          const words = `${cell.getAttribute("aria-label") || ""} ${cell.textContent} ${all("[aria-label]", cell).map((one) => one.getAttribute("aria-label"))}`;
          if (cell.querySelector(".b, .state, .hr") && !/[a-z]{3}/i.test(words)) found.push(`has a sign without a word: ${cell.innerHTML.slice(0, 120)}`);
        }
        const id = (table.closest("[id]") || table).id;
        return Array.from(new Set(found)).slice(0, 3).map((words) => `the table ${id} ${words}`);
      });
  }

  /* What a page is made of, as tags with their classes. */
  function looks() {
    return Array.from(new Set(all("main *").map((one) => `${one.tagName}.${one.getAttribute("class") || ""}`)));
  }

  return { looks, begin, here, left, cut, low, sideways, forced, moving, tables };
})();
