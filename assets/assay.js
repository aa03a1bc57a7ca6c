/* The shell's own behaviour: the address as the state of a page, links without reload, focus, announcements. */
(function () {
  "use strict";
  const SILENT = ["cell", "open", "find"]; // keys that do not change what a page fetches
  const CARRIED = ["as_of", "known_at", "basis", "compare", "department"]; // keys kept from page to page
  const SUPPOSED = ["try", "draft"]; // keys of a scenario, kept between the pages that show one
  const SUPPOSING = ["/heatmap", "/headroom"];
  const listeners = [];

  /* What is written here is English; the page brings the words of its language (dashboard/language.py). */
  const told = (document.querySelector('meta[name="assay-words"]') || {}).content;
  const language = document.documentElement.lang || "en-GB";
  const words = told ? JSON.parse(told) : {};

  function said(text, named) {
    const found = Object.prototype.hasOwnProperty.call(words, text) ? words[text] : text;
    return named ? found.replace(/{(\w+)}/g, (whole, name) => (name in named ? String(named[name]) : whole)) : found;
  }

  function params() {
    return new URLSearchParams(window.location.search);
  }

  function changed() {
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    for (const listener of listeners) listener();
  }

  function visit(href) {
    const url = new URL(href, window.location.href);
    if (url.href === window.location.href) return;
    const sameView = url.pathname === window.location.pathname;
    window.history.pushState({}, "", url);
    if (!sameView) window.scrollTo(0, 0);
    changed();
  }

  /* Merge changes into the address: null or "" drops a key. Quietly: no callback runs, no history entry is made. */
  function go(changes, quietly) {
    const query = params();
    for (const [key, value] of Object.entries(changes)) {
      if (value === null || value === "") query.delete(key);
      else query.set(key, value);
    }
    const text = query.toString();
    const href = window.location.pathname + (text ? "?" + text : "");
    if (quietly) window.history.replaceState({}, "", href);
    else visit(href);
  }

  function say(words) {
    const live = document.getElementById("shell-live");
    if (!live || !words) return;
    live.textContent = live.textContent === words ? words + "\u00a0" : words;
  }

  function isInner(link) {
    return (
      link.origin === window.location.origin &&
      !link.target &&
      !link.hasAttribute("download") &&
      !link.hasAttribute("data-reload") &&
      !link.getAttribute("href").startsWith("#")
    );
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    if (link && link.hasAttribute("download") && link.origin === window.location.origin) {
      const url = new URL(link.href); // of this page's organisation, or not at all
      url.searchParams.set("page", page);
      link.href = url.href;
      return;
    }
    if (link && !event.defaultPrevented && event.button === 0 && isInner(link)) {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      if (link.closest("#shell-nav")) closeMenu();
      visit(link.href);
      return;
    }
    const menu = event.target.closest && event.target.closest("#shell-menu");
    if (menu) {
      const open = menu.getAttribute("aria-expanded") !== "true";
      menu.setAttribute("aria-expanded", String(open));
      document.getElementById("shell-nav").classList.toggle("is-open", open);
    }
  });

  function closeMenu() {
    const menu = document.getElementById("shell-menu");
    if (!menu) return;
    menu.setAttribute("aria-expanded", "false");
    document.getElementById("shell-nav").classList.remove("is-open");
  }

  document.addEventListener("keydown", (event) => {
    const menu = document.getElementById("shell-menu");
    if (event.key === "Escape" && menu && menu.getAttribute("aria-expanded") === "true") {
      closeMenu();
      menu.focus();
    }
  });

  /* The menu: which page is current, and filters that hold from page to page. */
  function mark() {
    const query = params();
    const carried = new URLSearchParams();
    for (const key of CARRIED) {
      const value = query.get(key);
      if (value && !(key === "basis" && value === "difference")) carried.set(key, value);
    }
    const supposed = new URLSearchParams(carried);
    if (SUPPOSING.includes(window.location.pathname)) for (const key of SUPPOSED) if (query.get(key)) supposed.set(key, query.get(key));
    for (const link of document.querySelectorAll("#shell-nav a[data-path]")) {
      const path = link.getAttribute("data-path");
      const text = (SUPPOSING.includes(path) ? supposed : carried).toString();
      link.setAttribute("href", path + (text ? "?" + text : ""));
      if (path === window.location.pathname) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /* The title of a window says so while it shows a scenario. */
  function titled() {
    const isScenario = Boolean(document.querySelector("#main .scenario"));
    const scenario = said("Scenario: ");
    if (document.title.startsWith(scenario) === isScenario || (!isScenario && !titled.was)) return;
    titled.was = isScenario;
    document.title = isScenario ? scenario + document.title : document.title.slice(scenario.length);
  }

  /* A new page: its h1 takes the focus, so that a reader of any kind is told where they are. */
  let heading = null;
  let first = true;
  function watch() {
    titled();
    const main = document.getElementById("main");
    const found = main && main.querySelector("h1");
    if (document.getElementById("shell-nav") && !watch.marked) {
      watch.marked = true;
      mark();
    }
    if (!found || found === heading) return;
    heading = found;
    mark();
    if (first) {
      first = false;
      return;
    }
    found.setAttribute("tabindex", "-1");
    found.focus({ preventScroll: true });
  }
  new MutationObserver(watch).observe(document.documentElement, { childList: true, subtree: true });
  window.addEventListener("popstate", () => {
    for (const listener of listeners) listener();
  });
  listeners.push(mark);

  /* A session that has ended answers 401: back to the sign-in page, and from there to where the reader was. */
  const fetched = window.fetch;
  let leaving = false;
  const page = (document.querySelector('meta[name="assay-page"]') || {}).content || "";
  window.fetch = function (asked, options) {
    const given = [asked, options];
    if (String(asked).includes("/_dash-")) {
      const headers = new Headers((options || {}).headers || {});
      headers.set("X-Assay-Page", page); // this page was made for this session, as it is now
      given[1] = Object.assign({}, options, { headers });
    }
    return sent(given, AGAIN).then(
      (answer) => {
        const ours = String(answer.url).includes("/_dash-");
        if (ours && answer.status === 401) {
          if (leaving) return answer;
          leaving = true;
          const here = window.location.pathname + window.location.search;
          window.location.assign("/sign-in?next=" + encodeURIComponent(here));
        } else if (ours && answer.status === 409) {
          alarm(said("You have changed organisation or signed in again in another tab. Reload this page to go on."));
        } else if (ours && answer.status === 403) {
          alarm(said("Your role does not include this. If you need it, ask an administrator of your organisation."));
        } else if (ours && (answer.status === 429 || answer.status === 503)) {
          alarm(said("Too much is asked of Assay just now. Wait a minute, then reload the page."));
        } else if (ours && answer.status >= 400) {
          alarm(said("This part of the page could not be brought up to date. Reload the page; if it happens again, tell whoever looks after Assay."));
        }
        return answer;
      },
      (error) => {
        if (String(given[0]).includes("/_dash-")) alarm(said("Assay cannot be reached just now. Check your connection, then reload the page."));
        throw error;
      }
    );
  };

  /* Who is told to come back in a few seconds was refused before anything was done: the page asks again by itself. */
  const AGAIN = 4;
  function sent(given, times) {
    return fetched.apply(window, given).then((answer) => {
      const wait = Number(answer.headers.get("Retry-After"));
      const soon = answer.status === 503 && wait > 0 && wait <= 5 && String(answer.url).includes("/_dash-");
      if (!soon || !times) return answer;
      return new Promise((done) => setTimeout(done, wait * 1000 * (1 + Math.random()))).then(() => sent(given, times - 1));
    });
  }

  function alarm(words) {
    if (window.dash_clientside && window.dash_clientside.set_props) {
      window.dash_clientside.set_props("shell-message", { children: words });
    }
  }

  window.assay = { said, language, params, go, visit, say, listeners, kept: {} };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    assay: {
      /* The address without the keys that fetch nothing; unchanged, nothing is asked of the server. */
      view(pathname, search, before) {
        const query = new URLSearchParams(search || "");
        for (const key of SILENT) query.delete(key);
        const text = query.toString();
        const now = (pathname || "/") + (text ? "?" + text : "");
        return now === before ? window.dash_clientside.no_update : now;
      },
      cell(search, before) {
        const now = new URLSearchParams(search || "").get("cell") || "";
        return now === before ? window.dash_clientside.no_update : now;
      },
      /* A message stands until the reader asks for something else. */
      quiet() {
        return "";
      },
      isOpen(cell) {
        return Boolean(cell);
      },
      /* Closing the drawer takes the cell out of the address. */
      closed(isOpen, cell) {
        if (isOpen === false && cell && params().get("cell")) go({ cell: null });
        return window.dash_clientside.no_update;
      },
    },
  });
})();
