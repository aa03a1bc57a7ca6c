/* Filter bars: native inputs, drawn from data-filters, whose values are the address of the page. */
(function () {
  "use strict";
  const assay = window.assay;
  const BASES = [
    ["", "Assessors' results"],
    ["self", "Own assessment"],
    ["desk", "Desk review"],
  ];
  const FIXED = {
    as_of: { label: "As of", kind: "day" },
    compare: { label: "Compare with", kind: "day" },
    basis: { label: "Basis", kind: "select", options: BASES },
    basis_and_difference: { label: "Basis", kind: "select", name: "basis", options: BASES.concat([["difference", "Own against assessors'"]]) },
    department: { label: "Department", kind: "select", options: [["", "All departments"]], grows: true },
  };

  function today() {
    return new Date().toISOString().slice(0, 10);
  }

  function parsed(text) {
    try {
      return text ? JSON.parse(text) : null;
    } catch {
      return null;
    }
  }

  function draw(bar) {
    const wanted = parsed(bar.getAttribute("data-filters"));
    if (!wanted) return;
    const focused = bar.contains(document.activeElement) ? document.activeElement.name : null;
    const own = parsed(bar.getAttribute("data-options")) || {};
    const shell = document.getElementById("shell-options");
    const shared = (shell && parsed(shell.getAttribute("data-options"))) || {};
    bar.replaceChildren();
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Filters");
    for (const given of wanted) {
      const control = typeof given === "string" ? { name: given, ...FIXED[given] } : given;
      const name = control.name;
      const more = own[name] || shared[name] || [];
      const id = bar.id + "-" + name;
      const field = document.createElement("div");
      field.className = "filter";
      const label = document.createElement("label");
      label.htmlFor = id;
      label.textContent = control.label;
      field.append(label, control.kind === "day" ? dayInput(id, name) : select(id, name, (control.options || []).concat(more)));
      if (name === "compare") field.append(yearBefore());
      bar.append(field);
    }
    const reset = document.createElement("button");
    reset.type = "button";
    reset.className = "btn btn-link btn-sm filter-reset";
    reset.textContent = "Reset filters";
    reset.addEventListener("click", () => {
      const dropped = {};
      for (const name of names(bar)) dropped[name] = null;
      assay.go(dropped);
      bar.querySelector("input, select").focus();
    });
    bar.append(reset);
    fill(bar);
    if (focused) {
      const again = bar.querySelector(`[name="${focused}"]`);
      if (again) again.focus();
    }
  }

  function names(bar) {
    return Array.from(bar.querySelectorAll("[name]"), (input) => input.name);
  }

  function select(id, name, options) {
    const node = document.createElement("select");
    node.id = id;
    node.name = name;
    node.className = "form-select form-select-sm";
    for (const [value, words] of options) {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = words;
      node.append(option);
    }
    node.addEventListener("change", () => assay.go({ [name]: node.value }));
    return node;
  }

  /* A typed day is taken when it is whole and the typing has stopped; a picked one at once on leaving the field. */
  function dayInput(id, name) {
    const node = document.createElement("input");
    node.type = "date";
    node.id = id;
    node.name = name;
    node.className = "form-control form-control-sm";
    let waiting = null;
    const take = () => {
      clearTimeout(waiting);
      if (node.value && node.value < "1990-01-01") return;
      if (!node.value && node.validity.badInput) return;
      const value = name === "as_of" && node.value === today() ? null : node.value;
      if ((assay.params().get(name) || "") !== (value || "")) assay.go({ [name]: value });
    };
    node.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(take, 700);
    });
    node.addEventListener("blur", take);
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter") take();
    });
    return node;
  }

  function yearBefore() {
    const node = document.createElement("button");
    node.type = "button";
    node.className = "btn btn-outline-secondary btn-sm";
    node.textContent = "A year before";
    node.addEventListener("click", () => {
      const day = new Date((assay.params().get("as_of") || today()) + "T00:00:00Z");
      const month = day.getUTCMonth();
      day.setUTCFullYear(day.getUTCFullYear() - 1);
      if (day.getUTCMonth() !== month) day.setUTCDate(0);
      assay.go({ compare: day.toISOString().slice(0, 10) });
    });
    return node;
  }

  /* The address into the inputs: on drawing, on going back, after every change. */
  function fill(bar) {
    const query = assay.params();
    let isAny = false;
    for (const input of bar.querySelectorAll("[name]")) {
      const given = query.get(input.name);
      isAny = isAny || Boolean(given);
      const value = given || (input.name === "as_of" ? today() : "");
      if (input.tagName === "SELECT" && !Array.from(input.options).some((option) => option.value === value)) {
        if (!given) continue;
        const option = document.createElement("option");
        option.value = value;
        option.textContent = value;
        input.append(option);
      }
      if (input.value !== value && !(input === document.activeElement && input.type === "date" && !given)) input.value = value;
    }
    const reset = bar.querySelector(".filter-reset");
    if (reset) reset.hidden = !isAny;
  }

  function fillAll() {
    for (const bar of document.querySelectorAll("[data-filters]")) fill(bar);
  }

  assay.listeners.push(fillAll);

  new MutationObserver((changes) => {
    const bars = new Set();
    for (const change of changes) {
      if (change.type === "attributes") {
        if (change.target.id === "shell-options") {
          for (const bar of document.querySelectorAll("[data-filters]")) bars.add(bar);
        } else if (change.target.hasAttribute("data-filters")) bars.add(change.target);
        continue;
      }
      for (const node of change.addedNodes) {
        if (!(node instanceof Element) || node.closest("[data-table]")) continue;
        if (node.matches("[data-filters]")) bars.add(node);
        for (const bar of node.querySelectorAll("[data-filters]")) bars.add(bar);
      }
    }
    for (const bar of bars) draw(bar);
  }).observe(document.documentElement, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["data-filters", "data-options"],
  });
})();
