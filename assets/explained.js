/* Help on every figure: a "?" opens a box that says what is meant and from which rule (dashboard/explained.py). */
(function () {
  "use strict";
  let known = null;
  let box = null;
  let opener = null;

  function words() {
    const place = document.getElementById("shell-explained");
    if (!known && place) known = JSON.parse(place.getAttribute("data-explained"));
    return known;
  }

  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function entry(list, name, means, rule, section) {
    list.append(make("dt", "", name));
    const told = make("dd", "", means);
    if (rule) {
      const from = rule + (section ? " " + known.words.section.replace("{}", section) : "");
      told.append(make("span", "rule", known.words.rule + ": " + from));
    }
    list.append(told);
  }

  function terms(list, keys) {
    for (const key of keys) if (known.terms[key]) entry(list, ...known.terms[key]);
  }

  /* What the columns of a table mean: what each says of itself, and once for every kind of cell. */
  function columns(list, data) {
    const own = data.columns.filter((column) => column.t && column.t !== column.l);
    const few = own.length <= 12 ? own : own.filter((column) => !known.terms[kind(column)]);
    for (const column of few) entry(list, column.l, column.t);
    terms(list, new Set(data.columns.map(kind)));
  }

  /* The sign of a status stands for other things too, where the column is none of a status. */
  function kind(column) {
    return column.n === "status" && column.k !== "status" ? "" : column.n;
  }

  function hasWords(data) {
    const all = words();
    return Boolean(all) && data.columns.some((column) => (column.t && column.t !== column.l) || all.terms[kind(column)]);
  }

  function content(title, lead, fill) {
    if (!box) {
      box = make("div", "explains");
      box.id = "shell-explains";
      box.setAttribute("popover", "auto");
      box.setAttribute("role", "dialog");
      box.setAttribute("aria-labelledby", "shell-explains-title");
      box.addEventListener("toggle", (event) => {
        if (opener) opener.setAttribute("aria-expanded", String(event.newState === "open"));
        if (event.newState === "closed" && opener && (document.activeElement === document.body || box.contains(document.activeElement))) opener.focus();
      });
      document.body.append(box);
    }
    const heading = make("h2", "", title);
    heading.id = "shell-explains-title";
    const close = make("button", "btn-close");
    close.type = "button";
    close.autofocus = true;
    close.setAttribute("aria-label", known.words.close);
    close.addEventListener("click", () => box.hidePopover());
    const list = make("dl", "");
    fill(list);
    box.replaceChildren(heading, ...(lead ? [make("p", "", lead)] : []), list, close);
    box.scrollTop = 0;
  }

  /* Below what was pressed where there is room, else above; on a narrow screen at its foot (assets/explained.css). */
  function place(button) {
    box.style.left = box.style.top = "";
    if (window.innerWidth < 576) return;
    const at = button.getBoundingClientRect();
    const own = box.getBoundingClientRect();
    const below = at.bottom + 6;
    const top = below + own.height <= window.innerHeight - 8 ? below : Math.max(8, Math.min(at.top - own.height - 6, window.innerHeight - own.height - 8));
    box.style.left = Math.max(8, Math.min(at.left, window.innerWidth - own.width - 16)) + "px";
    box.style.top = top + "px";
  }

  function open(button, title, lead, fill) {
    const again = opener === button && box && box.matches(":popover-open");
    if (box && box.matches(":popover-open")) box.hidePopover();
    if (again) return;
    opener = button;
    content(title, lead, fill);
    box.showPopover();
    place(button);
  }

  /* Pressing the "?" of an open box shuts it: the browser has shut it by the time of the click. */
  let shut = null;
  document.addEventListener("pointerdown", (event) => {
    const button = event.target.closest && event.target.closest(".explain");
    shut = button && button.getAttribute("aria-expanded") === "true" ? button : null;
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-explain]");
    if (!button || !words()) return;
    if (shut === button) {
      shut = null;
      return;
    }
    const key = button.getAttribute("data-explain");
    const page = known.pages[window.location.pathname];
    if (key === "page" && page) open(button, known.words.page, page.q, (list) => terms(list, page.t));
    else if (known.terms[key]) {
      const [name, means, rule, section] = known.terms[key];
      open(button, name, "", (list) => entry(list, known.words.term, means, rule, section));
    }
  });

  window.assayExplained = {
    /* The "?" of a table, null where its columns need no words. */
    button(data) {
      if (!hasWords(data)) return null;
      const button = make("button", "explain");
      const title = known.words.columns;
      button.type = "button";
      button.title = title;
      button.setAttribute("aria-label", title + ": " + data.caption);
      button.setAttribute("aria-haspopup", "dialog");
      button.setAttribute("aria-expanded", "false");
      const icon = make("i", "bi bi-question-circle");
      icon.setAttribute("aria-hidden", "true");
      button.append(icon);
      button.addEventListener("click", () => {
        if (shut === button) shut = null;
        else open(button, title, data.note || "", (list) => columns(list, data));
      });
      return button;
    },
  };
})();
