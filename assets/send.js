/* Send files: dropping them, how far they are, what went wrong. Without it the form sends itself (dashboard.sending). */
(function () {
  "use strict";

  function begin() {
    const form = document.getElementById("send-form");
    if (!form) return;
    const input = form.querySelector("input[type=file]");
    const drop = document.getElementById("send-drop");
    const chosen = document.getElementById("send-chosen");
    const progress = document.getElementById("send-progress");
    const bar = document.getElementById("send-bar");
    const label = document.getElementById("send-bar-label");
    const live = document.getElementById("send-live");
    const button = form.querySelector("button[type=submit]");
    let told = -1;

    function megabytes(bytes) {
      return (bytes / 1000000).toFixed(bytes < 100000 ? 2 : 1) + " MB";
    }

    function say(words) {
      live.textContent = words;
    }

    function weight() {
      return Array.from(input.files).reduce((sum, file) => sum + file.size, 0);
    }

    function tooMuch() {
      const largest = Number(form.dataset.largest);
      const most = Number(form.dataset.most);
      if (input.files.length > most) return "These are " + input.files.length + " files; " + most + " are the most at once.";
      if (weight() > largest) return "These files have " + megabytes(weight()) + "; " + megabytes(largest) + " are the most at once. Send fewer, or split them.";
      return "";
    }

    function list() {
      chosen.replaceChildren(
        ...Array.from(input.files).map((file) => {
          const item = document.createElement("li");
          item.textContent = file.name + ", " + megabytes(file.size);
          return item;
        })
      );
      chosen.hidden = !input.files.length;
      const number = input.files.length;
      say(tooMuch() || (number ? number + (number === 1 ? " file" : " files") + " chosen." : ""));
    }

    input.addEventListener("change", list);
    drop.querySelector(".drop-words").hidden = false;
    for (const kind of ["dragenter", "dragover"]) {
      drop.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.classList.add("is-over");
      });
    }
    for (const kind of ["dragleave", "drop"]) {
      drop.addEventListener(kind, () => drop.classList.remove("is-over"));
    }
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      list();
    });

    function failed(words) {
      progress.hidden = true;
      button.disabled = false;
      say("");
      let alarm = document.getElementById("wrong");
      if (!alarm) {
        alarm = document.createElement("div");
        alarm.id = "wrong";
        alarm.className = "message";
        alarm.tabIndex = -1;
        document.querySelector("main h1").before(alarm);
      }
      alarm.setAttribute("role", "alert");
      alarm.textContent = "Nothing was changed. " + words;
      alarm.focus();
    }

    function moved(event) {
      if (!event.lengthComputable) return;
      const part = Math.floor((100 * event.loaded) / event.total);
      bar.value = part;
      bar.textContent = part + " %";
      label.textContent = "Sending: " + part + " %";
      if (Math.floor(part / 25) > told) {
        told = Math.floor(part / 25);
        say("Sending: " + part + " %.");
      }
    }

    function arrived() {
      bar.removeAttribute("value");
      label.textContent = "Checking what was sent";
      say("The files are here. They are being checked; large ones take a minute or two.");
    }

    function kind(request) {
      return request.getResponseHeader("Content-Type") || "";
    }

    // A page is read by the browser itself, which runs nothing in it.
    function asPage(request) {
      if (request.readyState === XMLHttpRequest.HEADERS_RECEIVED && kind(request).startsWith("text/html")) request.responseType = "document";
    }

    function answered(request) {
      const path = new URL(request.responseURL || window.location.href).pathname;
      if (request.status === 200 && path !== "/send") {
        say("Checked. The preview follows.");
        window.location.assign(path);
        return;
      }
      const page = request.responseType === "document" ? request.response : null;
      const wrong = page && page.querySelector("#wrong li");
      const plain = kind(request).startsWith("text/plain");
      failed(wrong ? wrong.textContent : plain ? request.responseText.trim() : "The files could not be sent. Reload this page and try again.");
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const fault = input.files.length ? tooMuch() : "Choose one or more files first.";
      if (fault) {
        failed(fault);
        return;
      }
      const alarm = document.getElementById("wrong");
      if (alarm) alarm.remove();
      const request = new XMLHttpRequest();
      request.upload.addEventListener("progress", moved);
      request.upload.addEventListener("load", arrived);
      request.addEventListener("readystatechange", () => asPage(request));
      request.addEventListener("load", () => answered(request));
      request.addEventListener("error", () => failed("Assay cannot be reached just now, or the files are too large. Check your connection, then try again."));
      told = -1;
      button.disabled = true;
      bar.value = 0;
      progress.hidden = false;
      say("Sending.");
      request.open("POST", form.action);
      request.send(new FormData(form));
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
