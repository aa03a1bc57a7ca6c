/* Filter bars: native inputs, drawn from data-filters, whose values are the address of the page. */
(function () {
  "use strict";
  const assay = window.assay;
  const said = assay.said;
  const BASES = [
    ["", said("Assessors' results")],
    ["self", said("Own assessment")],
    ["desk", said("Desk review")],
  ];
  const FIXED = {
    as_of: { label: said("As of"), kind: "day" },
    compare: { label: said("Compare with"), kind: "day" },
    basis: { label: said("Basis"), kind: "select", options: BASES },
    basis_and_difference: { label: said("Basis"), kind: "select", name: "basis", options: BASES.concat([["difference", said("Own against assessors'")]]) },
    department: { label: said("Department"), kind: "select", options: [["", said("All departments")]], grows: true },
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

  const offered = new WeakMap(); // select -> its options as they came
  const drawn = new WeakMap(); // bar -> what it was drawn from

  function draw(bar) {
    const told = bar.getAttribute("data-filters");
    const wanted = parsed(told);
    if (!wanted) return;
    const own = parsed(bar.getAttribute("data-options")) || {};
    const shell = document.getElementById("shell-options");
    const shared = (shell && parsed(shell.getAttribute("data-options"))) || {};
    const controls = wanted.map((given) => (typeof given === "string" ? { name: given, ...FIXED[given] } : given));
    const options = (control) => (control.options || []).concat(own[control.name] || shared[control.name] || []);
    const from = bar.id + " " + told; // a page that comes may be given the bar of the one that goes
    if (drawn.get(bar) === from) {
      for (const control of controls) if (control.kind !== "day") choices(bar.querySelector(`[name="${control.name}"]`), options(control));
      fill(bar);
      return;
    }
    drawn.set(bar, from);
    const focused = bar.contains(document.activeElement) ? document.activeElement.name : null;
    bar.replaceChildren();
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", said("Filters"));
    bar.lang = assay.language;
    for (const control of controls) {
      const name = control.name;
      const id = bar.id + "-" + name;
      const field = document.createElement("div");
      field.className = "filter";
      const label = document.createElement("label");
      label.htmlFor = id;
      label.textContent = control.label;
      field.append(label, control.kind === "day" ? dayInput(id, name) : select(id, name, options(control)));
      if (name === "compare") field.append(yearBefore());
      bar.append(field);
    }
    const reset = document.createElement("button");
    reset.type = "button";
    reset.className = "btn btn-link btn-sm filter-reset";
    reset.textContent = said("Reset filters");
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
    choices(node, options);
    node.addEventListener("change", () => assay.go({ [name]: node.value }));
    return node;
  }

  /* Thousands of departments are made into options once, not each time that anything else has changed. */
  function choices(node, options) {
    const told = JSON.stringify(options);
    if (offered.get(node) === told) return;
    offered.set(node, told);
    node.replaceChildren(...options.map(([value, words]) => new Option(words, value)));
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
    node.textContent = said("A year before");
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
