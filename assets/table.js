/* The one table: drawn from compact JSON in data-table (dashboard/table.py writes it), by createElement alone. */
(function () {
  "use strict";
  const assay = window.assay;
  const said = assay.said;
  const cells = window.assayCells;
  const VIRTUAL = 150; // more visible rows than this and only those near the window are in the page
  const MANY = 60; // the same of a table of more than
  const CELLS = 4000; // so many visible cells
  const EDGE = 15; // rows drawn beyond the window, each way
  const NEAR = 5; // rows left beyond the window when more are drawn: many at once cost hardly more than one
  const tables = new Map(); // place id -> what the reader did with it

  function make(tag, className, words) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (words !== undefined && words !== null) node.textContent = words;
    return node;
  }

  const order = new Intl.Collator([assay.language, "en-GB"], { numeric: true, sensitivity: "base" });

  function opening(isOpen, words) {
    return isOpen ? said("Close {what}", { what: words }) : said("Open {what}", { what: words });
  }

  function plain(words) {
    return words.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  class Table {
    constructor(place, data, kept) {
      this.place = place;
      this.data = data;
      this.kept = kept;
      this.columns = data.columns;
      this.rows = data.rows;
      this.isTree = Boolean(data.tree);
      this.isGrid = this.isTree || this.rows.length > VIRTUAL || this.columns.some((column) => column.o);
      this.columns.forEach((column, c) => {
        if (column.n !== "number") return;
        const behind = (value) => Math.min(2, (String(value).split(".")[1] || "").length);
        column.p = this.rows.reduce((most, row) => Math.max(most, behind(row.c[c])), 0);
      });
      this.drawn = new Map(); // index of a row -> its tr
      this.all = false;
      this.index();
      this.arrange();
      this.frame();
      this.render();
    }

    /* Depth-first rows to parents and children. */
    index() {
      const above = [];
      this.parent = [];
      this.children = this.rows.map(() => []);
      this.roots = [];
      this.rows.forEach((row, i) => {
        const depth = this.isTree ? row.d || 0 : 0;
        const parent = depth > 0 && above[depth - 1] !== undefined ? above[depth - 1] : null;
        this.parent.push(parent);
        (parent === null ? this.roots : this.children[parent]).push(i);
        above.length = depth;
        above[depth] = i;
      });
    }

    isOpen(i) {
      const id = this.rows[i].id;
      return this.kept.open.has(id) || (!this.kept.shut.has(id) && Boolean(this.rows[i].o));
    }

    words(i) {
      const row = this.rows[i];
      if (row.w === undefined) row.w = plain(this.columns.map((column, c) => cells.words(column, row.c[c], this.data)).join(" ") + " " + row.id);
      return row.w;
    }

    /* Which rows are shown, in which order. */
    arrange() {
      const asked = plain(this.kept.find).split(/\s+/).filter(Boolean);
      const found = new Set();
      const kin = new Set();
      this.rows.forEach((row, i) => {
        if (!asked.length || asked.every((word) => this.words(i).includes(word))) {
          found.add(i);
          for (let up = this.parent[i]; up !== null; up = this.parent[up]) kin.add(up);
        }
      });
      this.found = found.size;
      const compare = this.comparison();
      const shown = [];
      const walk = (siblings, level) => {
        const some = siblings.filter((i) => found.has(i) || kin.has(i));
        if (compare) some.sort(compare);
        for (const i of some) {
          const below = this.children[i];
          const open = below.length > 0 && (asked.length ? kin.has(i) : this.isOpen(i));
          shown.push({ i, level, open, below: below.length });
          if (open) walk(below, level + 1);
        }
      };
      walk(this.roots, 1);
      this.shown = shown;
    }

    comparison() {
      const sort = this.kept.sort;
      if (!sort) return null;
      const c = this.columns.findIndex((column) => column.k === sort.key);
      if (c < 0) return null;
      const column = this.columns[c];
      const values = this.rows.map((row) => cells.rank(column, row.c[c]));
      const sign = sort.down ? -1 : 1;
      return (a, b) => {
        const x = values[a];
        const y = values[b];
        if (x === null || y === null) return x === y ? a - b : x === null ? 1 : -1;
        const by = typeof x === "string" ? order.compare(x, y) : x - y;
        return by * sign || a - b;
      };
    }

    /* The bar above, the scrolling region, the head. */
    frame() {
      const { place, data } = this;
      place.replaceChildren();
      const id = place.id;
      const bar = make("div", "t-bar");
      bar.lang = assay.language;
      const title = make("span", "t-title", data.caption);
      title.setAttribute("aria-hidden", "true");
      bar.append(title);
      if (data.find) {
        const label = make("label", "visually-hidden", said("Find in {table}", { table: data.caption }));
        label.htmlFor = id + "-find";
        const box = make("input", "form-control form-control-sm t-find");
        box.type = "search";
        box.id = id + "-find";
        box.placeholder = said("Find");
        box.autocomplete = "off";
        box.value = this.kept.find;
        let waiting = null;
        box.addEventListener("input", () => {
          clearTimeout(waiting);
          waiting = setTimeout(() => (live.get(id) || this).search(box.value), this.rows.length > 500 ? 120 : 30);
        });
        box.addEventListener("keydown", (event) => {
          if (event.key !== "Escape" || !box.value) return;
          event.preventDefault();
          box.value = "";
          this.search("");
        });
        bar.append(label, box);
      }
      this.count = make("span", "t-count");
      bar.append(this.count);
      if (this.isTree && this.children.some((below) => below.length)) {
        bar.append(this.button(said("Open all"), () => this.openAll(true)), this.button(said("Close all"), () => this.openAll(false)));
      }
      if (data.dense) {
        const roomy = this.button(said("Roomier rows"), () => {
          this.kept.roomy = !this.kept.roomy;
          roomy.setAttribute("aria-pressed", String(this.kept.roomy));
          this.table.classList.toggle("t-dense", !this.kept.roomy);
          this.height = 0;
          this.render();
        });
        roomy.setAttribute("aria-pressed", String(Boolean(this.kept.roomy)));
        bar.append(roomy);
      }
      this.allButton = this.button(said("Show every row"), () => {
        this.all = !this.all;
        this.allButton.setAttribute("aria-pressed", String(this.all));
        this.render();
      });
      this.allButton.setAttribute("aria-pressed", "false");
      bar.append(this.allButton);
      const help = window.assayExplained && window.assayExplained.button(data);
      if (help) title.after(help);
      if (id && window.assayTake && document.getElementById("shell-nav")) bar.append(window.assayTake(place, data.caption));
      if (data.note) bar.append(make("span", "t-note", data.note));

      const scroll = make("div", "t-scroll");
      scroll.setAttribute("role", "group");
      scroll.setAttribute("aria-label", this.isGrid ? data.caption : said("{table}, scrolls where it is wider than the page", { table: data.caption }));
      if (!this.isGrid) scroll.tabIndex = 0;
      const table = make("table", "t" + (data.dense && !this.kept.roomy ? " t-dense" : "") + (this.isGrid ? " t-grid" : ""));
      if (this.isGrid) table.setAttribute("role", this.isTree ? "treegrid" : "grid");
      table.append(make("caption", "visually-hidden", data.caption));
      this.table = table;
      this.head = this.heads();
      this.body = make("tbody");
      table.append(this.head, this.body);
      scroll.append(table);
      this.scroll = scroll;
      this.empty = make("p", "t-empty", data.empty);
      this.empty.hidden = true;
      this.whole = this.button("Clear the search", () => {
        const box = place.querySelector(".t-find");
        box.value = "";
        this.search("");
        box.focus();
      });
      this.whole.classList.add("t-again");
      place.append(bar, scroll, this.empty, this.whole);
      let ticking = false;
      scroll.addEventListener("scroll", () => {
        if (ticking || !this.virtual) return;
        ticking = true;
        requestAnimationFrame(() => {
          ticking = false;
          this.window(NEAR);
        });
      });
      table.addEventListener("click", (event) => this.clicked(event));
      if (this.isGrid) {
        table.addEventListener("keydown", (event) => this.pressed(event));
        table.addEventListener("focusin", (event) => this.focused(event));
      }
    }

    button(words, act) {
      const node = make("button", "btn btn-outline-secondary btn-sm t-act", words);
      node.type = "button";
      node.addEventListener("click", act);
      return node;
    }

    /* Header rows: groups outermost first, then the columns; a column without groups spans them all. */
    heads() {
      const head = make("thead");
      head.lang = assay.language;
      const groups = this.data.groups || [];
      const deep = Math.max(0, ...this.columns.map((column) => (column.g || []).length));
      for (let level = 0; level <= deep; level++) {
        const row = make("tr");
        if (this.isGrid) row.setAttribute("role", "row");
        row.setAttribute("aria-rowindex", String(level + 1));
        let c = 0;
        while (c < this.columns.length) {
          const path = this.columns[c].g || [];
          if (level > path.length) {
            c++;
          } else if (level === path.length) {
            row.append(this.headCell(c, deep + 1 - level));
            c++;
          } else {
            let end = c + 1;
            while (end < this.columns.length && String((this.columns[end].g || []).slice(0, level + 1)) === String(path.slice(0, level + 1))) end++;
            row.append(this.groupCell(groups[path[level]], end - c, c));
            c = end;
          }
        }
        head.append(row);
      }
      this.headRows = deep + 1;
      return head;
    }

    headCell(c, span) {
      const column = this.columns[c];
      const th = make("th", "t-k-" + column.n + (c === 0 ? " t-first" : "") + (column.e ? " t-edge" : ""));
      th.scope = "col";
      if (span > 1) th.rowSpan = span;
      if (column.wd) th.style.minWidth = column.wd + "px";
      th.dataset.c = String(c);
      if (column.s === false) {
        const words = make("span", "t-label", column.l);
        if (column.t) words.title = column.t;
        th.append(words);
        if (column.t && column.t !== column.l) th.setAttribute("aria-label", column.t);
      } else {
        const sort = make("button", "t-sort");
        sort.type = "button";
        sort.dataset.c = String(c);
        if (this.isGrid) sort.tabIndex = -1;
        if (column.t) sort.title = column.t;
        sort.setAttribute("aria-label", said("{column}, sort", { column: column.t || column.l }));
        sort.append(make("span", "t-label", column.l));
        const arrow = make("i", "bi t-arrow");
        arrow.setAttribute("aria-hidden", "true");
        sort.append(arrow);
        th.append(sort);
      }
      if (column.x) th.append(this.expander(column.x, column.xo, column.t || column.l));
      return th;
    }

    groupCell(group, span, c) {
      const th = make("th", "t-group t-edge");
      th.scope = "colgroup";
      th.colSpan = span;
      th.dataset.c = String(c);
      const words = make("span", "t-label", group.l);
      if (group.t) words.title = group.t;
      th.append(words);
      if (group.x) th.append(this.expander(group.x, group.xo, group.t || group.l));
      return th;
    }

    expander(href, isOpen, words) {
      const link = make("a", "t-expand");
      link.href = href;
      link.setAttribute("role", "button");
      link.setAttribute("aria-expanded", String(Boolean(isOpen)));
      const does = opening(isOpen, words);
      link.setAttribute("aria-label", does);
      link.title = does;
      if (this.isGrid) link.tabIndex = -1;
      const icon = make("i", "bi " + (isOpen ? "bi-dash-lg" : "bi-plus-lg"));
      icon.setAttribute("aria-hidden", "true");
      link.append(icon);
      return link;
    }

    marks() {
      const sort = this.kept.sort;
      this.head.querySelectorAll("th[data-c]").forEach((th) => {
        const button = th.querySelector(".t-sort");
        if (!button) return;
        const isThis = sort && this.columns[Number(th.dataset.c)].k === sort.key;
        if (isThis) th.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
        else th.removeAttribute("aria-sort");
        button.querySelector(".t-arrow").className = "bi t-arrow" + (isThis ? (sort.down ? " bi-caret-down-fill" : " bi-caret-up-fill") : "");
      });
      const whole = this.kept.find ? this.rows.length : 0;
      this.count.textContent = this.kept.find ? said("{found} of {whole}", { found: this.found.toLocaleString("en-GB"), whole: whole.toLocaleString("en-GB") }) : "";
      this.empty.hidden = this.shown.length > 0;
      this.whole.hidden = this.shown.length > 0 || !this.kept.find;
      this.scroll.hidden = this.shown.length === 0 && !this.rows.length;
    }

    render() {
      this.drawn.clear();
      const rows = this.shown.length;
      this.virtual = !this.all && (rows > VIRTUAL || (rows > MANY && rows * this.columns.length > CELLS));
      this.allButton.hidden = !(this.virtual || this.all);
      this.table.classList.toggle("t-virtual", this.virtual);
      this.table.setAttribute("aria-rowcount", String(this.shown.length + this.headRows));
      this.at = new Map(this.shown.map((entry, n) => [entry.i, n]));
      this.marks();
      this.range = null;
      this.body.replaceChildren();
      this.window();
      if (this.virtual) this.window(); // the region has its height only now
      this.place.classList.add("is-drawn");
    }

    /* Draw the rows near the window; with `near`, only where fewer than so many are left beyond it either way. */
    window(near) {
      let from = 0;
      let to = this.shown.length;
      if (this.virtual) {
        if (!this.height) {
          const probe = this.tr(0);
          this.body.append(probe);
          this.height = probe.getBoundingClientRect().height || 24;
          probe.remove();
        }
        const first = Math.floor(this.scroll.scrollTop / this.height);
        const last = Math.ceil((this.scroll.scrollTop + this.scroll.clientHeight) / this.height);
        if (near && this.range && this.range[0] <= Math.max(0, first - near) && this.range[1] >= Math.min(to, last + near)) return;
        from = Math.max(0, first - EDGE);
        to = Math.min(to, last + EDGE);
        const focus = this.place.contains(document.activeElement) ? document.activeElement.closest("tbody tr") : null;
        const n = focus ? this.at.get(Number(focus.dataset.i)) : undefined;
        if (n !== undefined && n < from && from - n < 3 * EDGE) from = n;
        if (n !== undefined && n >= to && n - to < 3 * EDGE) to = n + 1;
      }
      if (this.range && this.range[0] === from && this.range[1] === to) return;
      this.range = [from, to];
      const wanted = [];
      if (from > 0) wanted.push(this.space(from));
      for (let n = from; n < to; n++) wanted.push(this.tr(n));
      if (to < this.shown.length) wanted.push(this.space(this.shown.length - to));
      this.settle(wanted);
      this.tabStop();
      if (this.virtual) this.widths();
    }

    /* Put the rows there that are wanted, without touching those that are already in place (focus stays). */
    settle(wanted) {
      const keep = new Set(wanted);
      for (const node of Array.from(this.body.children)) if (!keep.has(node)) node.remove();
      let next = this.body.firstChild;
      for (const node of wanted) {
        if (node === next) next = next.nextSibling;
        else this.body.insertBefore(node, next);
      }
    }

    /* Columns keep the widths they first had, or they would jump while scrolling. */
    widths() {
      if (this.fixed) return;
      this.fixed = true;
      const first = this.body.querySelector("tr:not(.t-space)");
      if (!first) return;
      const wide = Array.from(first.children, (cell) => cell.getBoundingClientRect().width);
      const group = make("colgroup");
      for (const width of wide) {
        const col = make("col");
        col.style.width = Math.ceil(width) + "px";
        group.append(col);
      }
      this.head.before(group);
      this.table.style.tableLayout = "fixed";
      this.table.style.width = Math.ceil(wide.reduce((a, b) => a + Math.ceil(b), 0)) + "px";
    }

    space(rows) {
      const tr = make("tr", "t-space");
      tr.setAttribute("aria-hidden", "true");
      const td = make("td");
      td.colSpan = this.columns.length;
      td.style.height = rows * this.height + "px";
      tr.append(td);
      return tr;
    }

    tr(n) {
      const entry = this.shown[n];
      let tr = this.drawn.get(entry.i);
      if (tr) return tr;
      const row = this.rows[entry.i];
      tr = make("tr", (row.m ? "t-muted" : "") + (row.h ? " t-goes" : ""));
      tr.dataset.i = String(entry.i);
      tr.setAttribute("aria-rowindex", String(n + 1 + this.headRows));
      if (this.isGrid) tr.setAttribute("role", "row");
      if (this.isTree) {
        tr.setAttribute("aria-level", String(entry.level));
        if (entry.below) tr.setAttribute("aria-expanded", String(entry.open));
      }
      const name = row.n || cells.words(this.columns[0], row.c[0], this.data);
      const now = assay.params().get("cell");
      this.columns.forEach((column, c) => {
        const cell = make(c === 0 ? "th" : "td", "t-k-" + column.n + (c === 0 ? " t-first" : "") + (column.e ? " t-edge" : ""));
        if (c === 0) cell.scope = "row";
        cell.dataset.c = String(c);
        if (this.isGrid) cell.tabIndex = -1;
        if (c === 0) this.stub(cell, row, entry);
        else {
          const words = cells.fill(cell, column, row.c[c], this.data, this.isGrid);
          if (words !== null) {
            const long = `${name}, ${column.t || column.l}: ${words}`;
            cell.setAttribute("aria-label", long);
            cell.title = long;
          }
        }
        if (column.o) {
          cell.classList.add("t-opens");
          cell.setAttribute("aria-haspopup", "dialog");
          if (now === row.id + "~" + column.k) cell.classList.add("t-current");
        }
        tr.append(cell);
      });
      this.drawn.set(entry.i, tr);
      return tr;
    }

    /* The first cell: place in the tree, name, link. */
    stub(cell, row, entry) {
      const inner = make("span", "t-stub");
      if (this.isTree) {
        inner.style.paddingInlineStart = (entry.level - 1) * 0.9 + "rem";
        if (entry.below) {
          const twist = make("button", "t-twist");
          twist.type = "button";
          twist.tabIndex = -1;
          twist.setAttribute("aria-label", opening(entry.open, row.n || cells.words(this.columns[0], row.c[0], this.data)));
          const icon = make("i", "bi " + (entry.open ? "bi-chevron-down" : "bi-chevron-right"));
          icon.setAttribute("aria-hidden", "true");
          twist.append(icon);
          inner.append(twist);
        } else inner.append(make("span", "t-leaf"));
      }
      const column = this.columns[0];
      const holder = make("span", "t-name");
      cells.fill(holder, row.h ? { ...column, href: row.h } : column, row.c[0], this.data, this.isGrid);
      holder.title = holder.textContent;
      inner.append(holder);
      cell.append(inner);
    }

    /* What the reader does. */
    clicked(event) {
      const target = event.target;
      const sort = target.closest(".t-sort");
      if (sort) return this.sort(Number(sort.dataset.c));
      const tr = target.closest("tbody tr");
      if (!tr || tr.classList.contains("t-space")) return undefined;
      const i = Number(tr.dataset.i);
      if (target.closest(".t-twist")) return this.twist(i);
      if (target.closest("a, button") || String(window.getSelection())) return undefined;
      const cell = target.closest("td, th");
      return cell && this.act(i, Number(cell.dataset.c), cell);
    }

    act(i, c, cell) {
      const row = this.rows[i];
      const column = this.columns[c];
      const link = cell.querySelector("a[href]");
      if (column.o) {
        this.current(cell);
        assay.go({ cell: row.id + "~" + column.k });
      } else if (link) link.click();
      else if (row.h) assay.visit(row.h);
      else if (c === 0 && this.children[i].length) this.twist(i);
    }

    current(cell) {
      for (const old of this.table.querySelectorAll(".t-current")) old.classList.remove("t-current");
      if (cell) cell.classList.add("t-current");
    }

    sort(c) {
      const column = this.columns[c];
      const sort = this.kept.sort;
      const first = Boolean(column.fd);
      if (!sort || sort.key !== column.k) this.kept.sort = { key: column.k, down: first };
      else if (sort.down === first) this.kept.sort = { key: column.k, down: !first };
      else this.kept.sort = null;
      this.again();
      const by = { column: column.t || column.l };
      if (!this.kept.sort) assay.say(said("In the first order"));
      else assay.say(this.kept.sort.down ? said("Sorted by {column}, descending", by) : said("Sorted by {column}, ascending", by));
    }

    search(words) {
      this.kept.find = words;
      if (this.data.find === "url") assay.go({ find: words }, true);
      this.scroll.scrollTop = 0;
      this.again();
      assay.say(words ? (this.found ? said("{found} of {whole} found", { found: this.found, whole: this.rows.length }) : this.data.empty) : said("All {whole} shown", { whole: this.rows.length }));
    }

    twist(i) {
      if (!this.children[i].length) return;
      const id = this.rows[i].id;
      const open = !this.isOpen(i);
      this.kept.open.delete(id);
      this.kept.shut.delete(id);
      if (open !== Boolean(this.rows[i].o)) (open ? this.kept.open : this.kept.shut).add(id);
      this.remember();
      const focus = this.place.contains(document.activeElement);
      this.again();
      if (focus) this.focus(i, 0);
      const row = { row: this.rows[i].n || cells.words(this.columns[0], this.rows[i].c[0], this.data) };
      assay.say(open ? said("{row} opened", row) : said("{row} closed", row));
    }

    openAll(open) {
      this.kept.open.clear();
      this.kept.shut.clear();
      this.rows.forEach((row, i) => {
        if (this.children[i].length && open !== Boolean(row.o)) (open ? this.kept.open : this.kept.shut).add(row.id);
      });
      this.remember();
      this.again();
      assay.say(open ? said("All opened") : said("All closed"));
    }

    remember() {
      if (this.kept.open.size <= 100) assay.go({ open: Array.from(this.kept.open).join("~") }, true);
    }

    again() {
      this.arrange();
      this.render();
    }

    /* Keys. One cell is a tab stop; arrows move it; Tab leaves the table. */
    focused(event) {
      const cell = event.target.closest("tbody td, tbody th");
      if (cell) {
        this.kept.focus = { id: this.rows[Number(cell.parentNode.dataset.i)].id, c: Number(cell.dataset.c) };
        this.setStop(cell);
      } else if (event.target.closest("thead")) this.setStop(event.target);
    }

    setStop(node) {
      if (this.stop && this.stop !== node) this.stop.tabIndex = -1;
      this.stop = node;
      node.tabIndex = 0;
    }

    tabStop() {
      if (!this.isGrid || (this.stop && this.table.contains(this.stop) && this.stop.tabIndex === 0)) return;
      const kept = this.kept.focus;
      let cell = null;
      if (kept) {
        const i = this.rows.findIndex((row) => row.id === kept.id);
        const tr = this.drawn.get(i);
        cell = tr && tr.isConnected ? tr.children[Math.min(kept.c, tr.children.length - 1)] : null;
      }
      cell = cell || this.body.querySelector("tr:not(.t-space) > *") || this.head.querySelector("button, a");
      if (cell) this.setStop(cell);
    }

    focus(i, c) {
      const n = this.at.get(i);
      if (n === undefined) return;
      if (this.virtual && (n < this.range[0] || n >= this.range[1])) {
        this.scroll.scrollTop = Math.max(0, n * this.height - this.scroll.clientHeight / 2);
        this.window();
      }
      const tr = this.drawn.get(i);
      if (!tr || !tr.isConnected) return;
      this.reveal(tr.children[c]);
      tr.children[c].focus({ preventScroll: true });
    }

    /* Scroll just so far that neither the head nor the first column lies over the cell. */
    reveal(cell) {
      const box = this.scroll.getBoundingClientRect();
      const own = cell.getBoundingClientRect();
      const top = box.top + this.head.getBoundingClientRect().height;
      if (own.top < top) this.scroll.scrollTop -= top - own.top;
      else if (own.bottom > box.top + this.scroll.clientHeight) this.scroll.scrollTop += own.bottom - box.top - this.scroll.clientHeight;
      if (!cell.classList.contains("t-first")) {
        const stub = cell.parentNode.firstElementChild;
        const left = getComputedStyle(stub).position === "sticky" ? stub.getBoundingClientRect().right : box.left;
        if (own.left < left) this.scroll.scrollLeft -= left - own.left;
        else if (own.right > box.left + this.scroll.clientWidth) this.scroll.scrollLeft += own.right - box.left - this.scroll.clientWidth;
      }
      cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    }

    pressed(event) {
      if (event.altKey || event.ctrlKey || event.metaKey) {
        if (!(event.ctrlKey && (event.key === "Home" || event.key === "End"))) return;
      }
      const inHead = event.target.closest("thead");
      if (inHead) return this.pressedInHead(event);
      const cell = event.target.closest("tbody td, tbody th");
      if (!cell) return undefined;
      const i = Number(cell.parentNode.dataset.i);
      const c = Number(cell.dataset.c);
      const n = this.at.get(i);
      const last = this.columns.length - 1;
      const page = Math.max(1, Math.floor(this.scroll.clientHeight / (cell.parentNode.offsetHeight || 24)) - this.headRows - 1);
      const entry = this.shown[n];
      let row = n;
      let column = c;
      switch (event.key) {
        case "ArrowDown": row = n + 1; break;
        case "ArrowUp": row = n - 1; break;
        case "PageDown": row = Math.min(this.shown.length - 1, n + page); break;
        case "PageUp": row = Math.max(0, n - page); break;
        case "Home": column = 0; if (event.ctrlKey) row = 0; break;
        case "End": column = last; if (event.ctrlKey) row = this.shown.length - 1; break;
        case "ArrowRight":
          if (c === 0 && this.isTree && entry.below && !entry.open) { event.preventDefault(); return this.twist(i); }
          column = Math.min(last, c + 1);
          break;
        case "ArrowLeft":
          if (c === 0 && this.isTree) {
            event.preventDefault();
            if (entry.below && entry.open) return this.twist(i);
            if (this.parent[i] !== null) this.focus(this.parent[i], 0);
            return undefined;
          }
          column = Math.max(0, c - 1);
          break;
        case "Enter":
        case " ":
          if (event.target !== cell) return undefined;
          event.preventDefault();
          return this.act(i, c, cell);
        default: return undefined;
      }
      event.preventDefault();
      if (row < 0) return this.focusHead(this.headRows - 1, column);
      if (row < this.shown.length) this.focus(this.shown[row].i, column);
      return undefined;
    }

    controls(level) {
      return Array.from(this.head.rows[level].querySelectorAll("button, a"));
    }

    focusHead(level, column) {
      const at = (node) => Number(node.closest("th").dataset.c);
      let nearest = null;
      for (let up = level; up >= 0; up--) {
        const some = this.controls(up);
        const own = some.find((node) => at(node) === column);
        if (own) return own.focus();
        if (!nearest && some.length) {
          nearest = some.reduce((best, node) => (Math.abs(at(node) - column) < Math.abs(at(best) - column) ? node : best));
        }
      }
      return nearest && nearest.focus();
    }

    pressedInHead(event) {
      const node = event.target.closest("button, a");
      if (!node) return;
      const th = node.closest("th");
      const level = th.parentNode.rowIndex;
      const some = this.controls(level);
      const k = some.indexOf(node);
      const c = Number(th.dataset.c);
      switch (event.key) {
        case "ArrowRight": if (some[k + 1]) some[k + 1].focus(); break;
        case "ArrowLeft": if (some[k - 1]) some[k - 1].focus(); break;
        case "Home": some[0].focus(); break;
        case "End": some[some.length - 1].focus(); break;
        case "ArrowUp": this.focusHead(level - 1, c); break;
        case "ArrowDown": {
          for (let down = level + th.rowSpan; down < this.headRows; down++) {
            if (this.controls(down).length) {
              event.preventDefault();
              const at = (other) => Number(other.closest("th").dataset.c);
              this.controls(down).reduce((best, other) => (Math.abs(at(other) - c) < Math.abs(at(best) - c) ? other : best)).focus();
              return;
            }
          }
          if (this.shown.length) this.focus(this.shown[this.virtual ? this.range[0] + (this.range[0] ? EDGE : 0) : 0].i, c);
          break;
        }
        case " ":
          if (node.tagName !== "A") return;
          node.click();
          break;
        default: return;
      }
      event.preventDefault();
    }
  }

  function keptOf(place, data) {
    let kept = tables.get(place.id);
    if (!kept) {
      const query = assay.params();
      kept = { find: "", open: new Set(), shut: new Set(), sort: null, focus: null, shape: "" };
      if (data.find === "url") kept.find = query.get("find") || "";
      if (data.tree && query.get("open")) kept.open = new Set(query.get("open").split("~"));
      tables.set(place.id, kept);
    }
    const sort = data.sort ? { key: data.sort.replace(/^-/, ""), down: data.sort.startsWith("-") } : null;
    if (kept.first !== JSON.stringify(sort)) {
      kept.first = JSON.stringify(sort);
      kept.sort = sort;
    }
    return kept;
  }

  const live = new Map();

  function draw(place) {
    const text = place.getAttribute("data-table");
    if (!text) {
      const heading = place.contains(document.activeElement) && document.querySelector("main h1");
      place.replaceChildren();
      if (heading) {
        heading.tabIndex = -1; // what had the focus is gone: a list one has chosen from
        heading.focus();
      }
      place.classList.toggle("is-drawn", text === "");
      live.delete(place.id);
      return;
    }
    const data = JSON.parse(text);
    const before = live.get(place.id);
    const focus = before && before.place === place && place.contains(document.activeElement) ? document.activeElement : null;
    const inBody = focus && focus.closest("tbody");
    const inHead = focus && focus.closest("thead") ? (focus.closest("th").dataset.c || "0") : null;
    const inFind = focus && focus.matches(".t-find");
    const scrolled = before && before.place === place ? [before.scroll.scrollTop, before.scroll.scrollLeft] : null;
    const kept = keptOf(place, data);
    if (inFind) kept.find = focus.value;
    const table = new Table(place, data, kept);
    live.set(place.id, table);
    if (scrolled) {
      table.scroll.scrollTop = scrolled[0];
      table.scroll.scrollLeft = scrolled[1];
      if (table.virtual) table.window();
    }
    if (inFind && place.querySelector(".t-find")) place.querySelector(".t-find").focus();
    else if (inHead !== null) table.focusHead(table.headRows - 1, Number(inHead));
    else if (inBody && table.stop) table.stop.focus({ preventScroll: true });
    if (data.say && (!before || before.data.say !== data.say)) assay.say(data.say);
  }

  function forget(root) {
    for (const id of Array.from(live.keys())) {
      if (!document.getElementById(id)) {
        live.delete(id);
        tables.delete(id);
      }
    }
    return root;
  }

  let returning = null; // the cell that a drawer was opened from, in a table drawn anew since

  assay.listeners.push(() => {
    const now = assay.params().get("cell");
    returning = null;
    for (const table of live.values()) {
      if (!now) {
        const old = table.table.querySelector(".t-current");
        table.current(null);
        if (old && document.activeElement === document.body) old.focus({ preventScroll: true });
        else if (old) returning = old; // the drawer has the focus until it is gone
      }
    }
  });

  /* Printing draws every row; afterwards only those near the window again. */
  function printing(isOn) {
    for (const table of live.values()) {
      const was = table.all;
      if (isOn) {
        table.before = was;
        table.all = true;
      } else table.all = table.before || false;
      if (table.all !== was) table.render();
    }
  }
  window.addEventListener("beforeprint", () => printing(true));
  window.addEventListener("afterprint", () => printing(false));

  new MutationObserver((changes) => {
    const places = new Set();
    let removed = false;
    for (const change of changes) {
      if (change.type === "attributes") {
        places.add(change.target);
        continue;
      }
      if (change.target instanceof Element && change.target.closest("[data-table]")) continue;
      removed = removed || change.removedNodes.length > 0;
      for (const node of change.addedNodes) {
        if (!(node instanceof Element)) continue;
        if (node.hasAttribute("data-table")) places.add(node);
        for (const place of node.querySelectorAll("[data-table]")) places.add(place);
      }
    }
    if (removed) forget(document);
    if (removed && returning && document.activeElement === document.body) {
      returning.focus({ preventScroll: true });
      returning = null;
    }
    for (const place of places) if (place.isConnected) draw(place);
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-table"] });
})();
