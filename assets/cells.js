/* Kinds of cells: for each what it says in words, how it ranks when sorted, and how it is drawn. */
(function () {
  "use strict";
  const said = window.assay.said;
  const BANDS = ["plus", "compliant", "partial", "non", "na"];
  const AGES = [said("assessed in the last year"), said("assessed over a year ago"), said("assessed over two years ago"), said("assessed over three years ago")];
  const STATUS = {
    fails: [said("Fails"), "bi-x-octagon-fill"],
    at_limit: [said("At limit"), "bi-exclamation-triangle-fill"],
    incomplete: [said("Incomplete"), "bi-circle-half"],
    passes: [said("Passes"), "bi-check-circle-fill"],
    indication: [said("Indication"), "bi-dash-circle-dotted"],
  };
  const STATES = {
    missed: [said("Missed"), "bi-x-lg"],
    owed: [said("Owed"), "bi-exclamation-lg"],
    planned: [said("Planned"), "bi-calendar-event"],
    looked_at: [said("Looked at"), "bi-check-lg"],
    elsewhere: [said("Looked at in another year"), "bi-check"],
    open: [said("Nothing owed"), null],
  };
  const RANKS = { status: Object.keys(STATUS), state: Object.keys(STATES) };

  function make(tag, className, words) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (words !== undefined && words !== null) node.textContent = words;
    return node;
  }

  function icon(name) {
    const node = make("i", "bi " + name);
    node.setAttribute("aria-hidden", "true");
    return node;
  }

  const number = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });
  const MONTHS = [
    said("January"), said("February"), said("March"), said("April"), said("May"), said("June"),
    said("July"), said("August"), said("September"), said("October"), said("November"), said("December"),
  ];

  function day(iso) {
    const [year, month, day] = iso.split("-").map(Number);
    return `${day} ${MONTHS[month - 1]} ${year}`; // browsers do not know every language's months
  }

  function isNothing(value) {
    return value === null || value === undefined || value === "";
  }

  function pair(value) {
    return Array.isArray(value) ? value : [value, null];
  }

  function arrow(change) {
    return icon(change > 0 ? "bi-arrow-up-short t-better" : "bi-arrow-down-short t-worse");
  }

  /* What is tried in a scenario, or follows from it: a sign beside the value, and what holds in fact in its words. */
  function query(node) {
    const sign = make("span", "t-tried", "?");
    sign.setAttribute("aria-hidden", "true");
    node.append(sign);
    node.classList.add("is-tried");
  }

  /* Band: "<band><age>" then letters: o older than a cycle, r rolled up, w worse below, u better, d worse than compared;
     "t" and a band or "-": tried in a scenario, and what it is in fact. */
  function bandParts(text) {
    return {
      band: Number(text[0]),
      age: Number(text[1]),
      isOld: text.includes("o"),
      isRolled: text.includes("r"),
      isWorseBelow: text.includes("w"),
      change: text.includes("u") ? 1 : text.includes("d") ? -1 : 0,
      fact: text.includes("t") ? text[text.indexOf("t") + 1] : null,
    };
  }

  function bandWords(text, data) {
    if (isNothing(text)) return said("not assessed");
    const part = bandParts(text);
    if (part.fact) {
      const fact = part.fact === "-" ? said("not assessed") : data.bands[Number(part.fact)][1].toLowerCase();
      return said("tried: {band}, in fact {fact}", { band: data.bands[part.band][1].toLowerCase(), fact });
    }
    const words = [data.bands[part.band][1]];
    if (part.change) words.push(part.change > 0 ? said("better than on the day compared") : said("worse than on the day compared"));
    if (part.isRolled) words.push(said("rolled up from below, an indication"));
    words.push(part.isOld ? said("older than one cycle") : AGES[part.age]);
    if (part.isWorseBelow) words.push(said("something below is worse since"));
    return words.join(", ");
  }

  function band(cell, column, text, data) {
    if (isNothing(text)) {
      cell.append(make("span", "b b-unknown", "·"));
      return bandWords(text, data);
    }
    const part = bandParts(text);
    const age = part.isRolled ? 3 : part.band === 4 ? 0 : part.age;
    const node = make("span", `b b-${BANDS[part.band]} b-a${age}`, data.bands[part.band][0]);
    if (part.isOld) node.classList.add("b-old");
    if (part.isRolled) node.classList.add("b-rolled");
    if (part.isWorseBelow) node.classList.add("b-worse-below");
    if (part.change) node.append(arrow(part.change));
    if (part.fact) query(node);
    cell.append(node);
    return bandWords(text, data);
  }

  /* Counts: [plus, compliant, partial, non-compliant, not applicable, not assessed, rolled up, change]. */
  function countsWords(value, data) {
    if (isNothing(value)) return said("not assessed");
    const words = data.bands.slice(0, 5).map((name, i) => (value[i] ? `${value[i]} ${name[1].toLowerCase()}` : null)).filter(Boolean);
    if (value[5]) words.push(said("{count} not assessed", { count: value[5] }));
    if (value[6]) words.push(said("rolled up from below, an indication"));
    if (value[7]) words.push(value[7] > 0 ? said("better than on the day compared") : said("worse than on the day compared"));
    if (value.length > 8) words.push(said("as supposed; in fact {fact}", { fact: countsWords(value[8], data) }));
    return words.join(", ") || said("not assessed");
  }

  function counts(cell, column, value, data) {
    if (isNothing(value) || value.slice(0, 5).every((n) => !n)) {
      cell.append(make("span", "b b-unknown", "·"));
      return countsWords(value, data);
    }
    const node = make("span", "counts" + (value[6] ? " is-indication" : ""));
    for (const i of [3, 2, 1, 0, 4]) {
      if (!value[i]) continue;
      const one = make("span", "count");
      one.append(make("span", null, String(value[i])), make("span", `b b-mini b-a0 b-${BANDS[i]}`, data.bands[i][0]));
      node.append(one);
    }
    if (value[5]) node.append(make("span", "count count-unknown", value[5] + "·"));
    if (value[7]) node.append(arrow(value[7]));
    if (value.length > 8) query(node);
    cell.append(node);
    return countsWords(value, data);
  }

  /* Headroom: [status or null, partials, allowance, non-compliant, not assessed, change]. */
  function headroomWords(value) {
    if (isNothing(value)) return said("not assessed");
    const [status, partial, allowance, non, unknown, change] = value;
    const words = [status ? STATUS[status][0].toLowerCase() : said("indication only")];
    const used = { partial, allowance };
    words.push(allowance === 1 ? said("{partial} of {allowance} partial", used) : said("{partial} of {allowance} partials", used));
    if (non) words.push(said("{count} non-compliant", { count: non }));
    if (unknown) words.push(said("{count} not assessed", { count: unknown }));
    if (change) words.push(change > 0 ? said("better than on the day compared") : said("worse than on the day compared"));
    if (value.length > 6) words.push(said("as supposed; in fact {fact}", { fact: headroomWords(value[6]) }));
    return words.join(", ");
  }

  function headroom(cell, column, value) {
    if (isNothing(value)) {
      cell.append(make("span", "b b-unknown", "·"));
      return headroomWords(value);
    }
    const [status, partial, allowance, non, unknown, change] = value;
    const code = status || "indication";
    const node = make("span", "hr s-" + code);
    node.append(icon(STATUS[code][1]), make("span", "hr-n", `${partial}/${allowance}`));
    if (non) node.append(make("span", "hr-non", non + "N"));
    if (unknown) node.append(make("span", "hr-unknown", unknown + "·"));
    if (change) node.append(arrow(change));
    if (value.length > 6) query(node);
    cell.append(node);
    return headroomWords(value);
  }

  function marks(cell, column, value) {
    if (isNothing(value)) {
      cell.append(make("span", "b b-unknown", "·"));
      return headroomWords(value);
    }
    const [status, partial, allowance, non, unknown, change] = value;
    const code = status || "indication";
    const node = make("span", "marks m-" + code);
    const shown = Math.min(partial, allowance + 6);
    for (let i = 0; i < Math.max(shown, allowance); i++) {
      node.append(make("span", "mark " + (i < allowance ? (i < shown ? "mark-used" : "mark-free") : "mark-over")));
      if (i === allowance - 1 && shown > allowance) node.append(make("span", "mark-line"));
    }
    for (let i = 0; i < Math.min(non, 6); i++) node.append(make("span", "mark mark-non", "N"));
    const words = shown < partial || non > 6 ? `${partial}/${allowance}${non ? " " + non + "N" : ""}` : `${partial}/${allowance}`;
    node.append(make("span", "mark-n", words));
    if (unknown) node.append(make("span", "hr-unknown", unknown + "·"));
    if (change) node.append(arrow(change));
    if (value.length > 6) query(node);
    cell.append(node);
    return headroomWords(value);
  }

  /* A number whose point stands below the points above it: what its column has more behind the point is left blank. */
  function aligned(words, column) {
    const node = make("span", null, words);
    const behind = (words.split(".")[1] || "").length;
    if (column.p > behind) node.dataset.pad = (behind ? "" : ".") + "0".repeat(column.p - behind);
    return node;
  }

  /* Share: a number, or [number, words, rolled up, change]; of a scenario then [the same in fact]. */
  function share(cell, column, value) {
    const [part, words, isRolled, change] = Array.isArray(value) ? value : [value];
    if (isNothing(part)) {
      cell.append(make("span", "b b-unknown", "·"));
      return said("not assessed");
    }
    const percent = Math.floor(part * 100 + 1e-9); // 99.6 % is not yet 100 %
    const node = make("span", "share" + (isRolled ? " is-indication" : ""));
    const figure = make("span", "share-n", percent + " %");
    if (change) figure.append(arrow(change));
    if (Array.isArray(value) && value.length > 4) query(figure);
    node.append(figure);
    const bar = make("span", "share-bar");
    const full = make("span", "share-full");
    full.style.width = percent + "%";
    bar.append(full);
    node.append(bar);
    cell.append(node);
    const told = [percent + " %"];
    if (words) told.push(words);
    if (isRolled) told.push(said("rolled up from below, an indication"));
    if (change) told.push(change > 0 ? said("better than on the day compared") : said("worse than on the day compared"));
    if (Array.isArray(value) && value.length > 4) {
      const fact = value[4] ? value[4][0] : null;
      told.push(said("as supposed; in fact {fact}", { fact: isNothing(fact) ? said("not assessed") : Math.floor(fact * 100 + 1e-9) + " %" }));
    }
    return told.join(", ");
  }

  /* Difference: an own band and the assessors' ("12"), or how many are [higher, lower, the same]; null: nothing to compare. */
  function difference(cell, column, value, data) {
    if (isNothing(value)) {
      cell.append(make("span", "b b-unknown", "·"));
      return said("not rated by both");
    }
    const [higher, lower, same] = differences(value);
    const isOne = typeof value === "string";
    const node = make("span", "diff" + (higher ? " diff-higher" : lower ? " diff-lower" : ""));
    for (const [number, sign] of [[higher, "↑"], [lower, "↓"]]) if (number) node.append(make("span", null, (isOne ? "" : number) + sign));
    if (!higher && !lower) node.append("=");
    cell.append(node);
    if (!isOne) return said("{higher} higher than assessed, {lower} lower, {same} the same", { higher, lower, same });
    const [own, assessed] = Array.from(value, (place) => data.bands[Number(place)][1].toLowerCase());
    const how = higher ? said("higher than assessed") : lower ? said("lower than assessed") : said("the same as assessed");
    return said("{how}, own {own}, assessed {assessed}", { how, own, assessed });
  }

  function differences(value) {
    if (typeof value !== "string") return value;
    return [value[0] < value[1], value[0] > value[1], value[0] === value[1]].map(Number);
  }

  function status(cell, column, value) {
    const [code, words] = pair(value);
    if (isNothing(code)) {
      cell.append(make("span", "t-nothing", "–"));
      return null;
    }
    const node = make("span", "chip s-" + code);
    if (words) node.title = words;
    node.append(icon(STATUS[code][1]), make("span", null, words || STATUS[code][0]));
    cell.append(node);
    return null;
  }

  function state(cell, column, value) {
    const [code, words] = pair(value);
    if (isNothing(code)) {
      if (words) cell.append(make("span", "state-n", words));
      return words ? null : said("no such year");
    }
    const node = make("span", "state st-" + code);
    if (STATES[code][1]) node.append(icon(STATES[code][1]));
    cell.append(node);
    return words || STATES[code][0];
  }

  function change(cell, column, value) {
    const [by, words] = pair(value);
    if (isNothing(by)) {
      cell.append(make("span", "t-nothing", "–"));
      return null;
    }
    const node = make("span", "change");
    node.append(icon(by > 0 ? "bi-arrow-up t-better" : by < 0 ? "bi-arrow-down t-worse" : "bi-arrow-right t-same"));
    node.append(make("span", null, words || (by > 0 ? said("Better") : by < 0 ? said("Worse") : said("Same"))));
    cell.append(node);
    return null;
  }

  function anchor(words, href, isDownload, isGrid) {
    const node = make("a", null, words);
    node.href = safe(href);
    if (isDownload) node.setAttribute("download", "");
    if (/^\/(enter(\/|\?|$)|scenarios\/|meeting(\/|\?|$)|reminders)/.test(href)) node.dataset.reload = ""; // a plain page, not one of the shell's
    if (/^https?:/.test(href)) {
      node.target = "_blank";
      node.rel = "noopener noreferrer nofollow";
    }
    if (isGrid) node.tabIndex = -1;
    return node;
  }

  function safe(href) {
    return /^(https?:\/\/|\/(?!\/)|\?|#|mailto:[^\s@,;?&]+@[^\s@,;?&]+(\?subject=[^&]*)?$)/.test(href) ? href : "#";
  }

  function text(cell, column, value, data, isGrid) {
    const [main, small, href] = Array.isArray(value) ? value : [value, null, null];
    if (isNothing(main)) {
      cell.append(make("span", "t-nothing", "–"));
      return null;
    }
    const goes = href || column.href;
    cell.append(goes ? anchor(main, goes, false, isGrid) : make("span", null, main));
    if (small) cell.append(make("span", "t-small", small));
    return null;
  }

  function link(cell, column, value, data, isGrid) {
    if (isNothing(value)) {
      cell.append(make("span", "t-nothing", "–"));
      return null;
    }
    cell.append(anchor(value[0], value[1], value[2], isGrid));
    return null;
  }

  const FILL = {
    text,
    link,
    status,
    change,
    band,
    counts,
    headroom,
    marks,
    share,
    difference,
    state,
    number(cell, column, value) {
      cell.append(isNothing(value) ? make("span", "t-nothing", "–") : aligned(number.format(value), column));
      return null;
    },
    day(cell, column, value) {
      const [iso, small] = pair(value);
      cell.append(isNothing(iso) ? make("span", "t-nothing", "–") : make("span", null, day(iso)));
      if (small) cell.append(make("span", "t-small", small));
      return null;
    },
  };

  /* All that a cell says, for finding. */
  const WORDS = {
    text: (value) => (Array.isArray(value) ? value.slice(0, 2).filter(Boolean).join(" ") : value),
    link: (value) => value[0],
    status: (value) => pair(value)[1] || STATUS[pair(value)[0]][0],
    state: (value) => pair(value)[1] || STATES[pair(value)[0]][0],
    change: (value) => pair(value)[1] || "",
    day: (value) => [day(pair(value)[0]), pair(value)[1]].filter(Boolean).join(" "),
    number: (value) => String(value),
  };

  function words(column, value, data) {
    if (isNothing(value) || (Array.isArray(value) && isNothing(value[0]))) return "";
    const say = WORDS[column.n];
    return say ? String(say(value, data)) : "";
  }

  /* What a column is sorted by: a number, a text, or null for what is missing, which comes last either way. */
  function rank(column, value) {
    if (isNothing(value)) return null;
    switch (column.n) {
      case "number": return value;
      case "day": return pair(value)[0];
      case "share": return pair(value)[0];
      case "change": return pair(value)[0];
      case "difference": return differences(value)[1] / 1000 - differences(value)[0];
      case "status":
      case "state": {
        const code = pair(value)[0];
        return isNothing(code) ? null : RANKS[column.n].indexOf(code);
      }
      case "band": {
        const part = bandParts(value);
        return part.band === 4 ? null : 10 * (3 - part.band) + part.age / 10;
      }
      case "counts": return value.slice(0, 5).every((n) => !n) ? null : -(value[3] * 1000 + value[2]);
      case "headroom":
      case "marks": {
        const code = value[0] || "indication";
        return RANKS.status.indexOf(code) * 1000 + (value[2] - value[1]) - value[3] * 100;
      }
      default: {
        const main = Array.isArray(value) ? value[0] : value;
        return isNothing(main) ? null : String(main);
      }
    }
  }

  window.assayCells = {
    fill: (cell, column, value, data, isGrid) => FILL[column.n](cell, column, value, data, isGrid),
    words,
    rank,
    day,
  };
})();
