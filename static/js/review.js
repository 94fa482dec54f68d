// The review queue: keys for its buttons, and no page load between two numbers. The next number is fetched while one is looked at, so that a
// decision shows it at once; what is decided is sent one after the other, in the order of the keys. Without this script each form loads the page.
(function () {
  "use strict";

  var ahead = null;    // the next number, as a piece of the page; null while it isn't here
  var waiting = false; // a decision was made, and the next number isn't here yet
  var line = Promise.resolve();

  function find(id) { return document.getElementById(id); }
  function say(text) { find("review-live").textContent = text; }
  function holdsNumber(desk) { return Boolean(desk && desk.dataset.name); }

  function read(html) {
    var box = document.createElement("template");
    box.innerHTML = html;
    return box.content;
  }

  function ask(address, part, form) {
    var how = { headers: {}, credentials: "same-origin" };
    how.headers["X-Fragment"] = part;
    if (form) { how.method = "POST"; how.body = form; how.keepalive = true; }
    return fetch(address, how).then(function (answer) {
      // Signed out meanwhile, or a fault: the page says it better.
      if (answer.redirected || (!answer.ok && answer.status !== 409 && answer.status !== 400)) throw new Error(String(answer.status));
      return answer.text().then(function (html) { return { ok: answer.ok, content: read(html) }; });
    });
  }

  function giveUp() { location.assign(find("review").dataset.address); }

  function address(changes) {
    var url = new URL(find("review").dataset.address, location.href);
    Object.keys(changes).forEach(function (name) { url.searchParams.set(name, changes[name]); });
    return url.href;
  }

  // ---- showing ----

  // On narrow screens the number stands below its text: a long one is shown as much of as surrounds the sentence, and scrolls.
  var narrow = matchMedia("(max-width: 45rem)");

  function bringSentence() {
    var quote = document.querySelector(".desk__quote");
    if (!quote) return;
    quote.classList.toggle("is-short", narrow.matches);
    var cut = quote.scrollHeight > quote.clientHeight + 1, now = quote.querySelector(".mark--now");
    if (cut) { quote.tabIndex = 0; quote.setAttribute("role", "region"); quote.setAttribute("aria-label", "The text"); }
    else { quote.removeAttribute("tabindex"); quote.removeAttribute("role"); quote.removeAttribute("aria-label"); }
    if (!cut || !now) return;
    quote.scrollTop += now.getBoundingClientRect().top - quote.getBoundingClientRect().top - quote.clientHeight / 2;
  }

  narrow.addEventListener("change", bringSentence);

  function show(content) {
    find("review").replaceChildren(content);
    bringSentence();
    var desk = find("desk");
    desk.focus({ preventScroll: true });
    say(find("h-desk").textContent.replace(/\s+/g, " ").trim());
    if (desk.getBoundingClientRect().top < 0) desk.scrollIntoView();
  }

  // What was said last, and the counters, go from one desk to the next until the site has said more.
  function carry(content) {
    ["review-said", "review-count"].forEach(function (id) {
      var here = find(id), there = content.querySelector("#" + id);
      if (here && there) there.replaceWith(here.cloneNode(true));
    });
    return content;
  }

  function take(changes) {
    return ask(address(changes), "desk").then(function (answer) { show(answer.content); });
  }

  function fetchAhead() {
    var desk = find("desk");
    ahead = null;
    if (!holdsNumber(desk)) return Promise.resolve();
    var name = desk.dataset.name;
    return ask(address({ near: name, without: name }), "desk").then(function (answer) {
      var count = answer.content.querySelector("#review-count");
      if (count) find("review-count").replaceWith(count.cloneNode(true));
      ahead = answer.content;
    });
  }

  var running = 0;

  // Whoever drives the page sees by `data-busy` whether all that was decided is saved, and the next number here.
  function after(work) {
    running++;
    find("review").dataset.busy = "yes";
    line = line.then(work).catch(giveUp).then(function () {
      running--;
      if (!running) delete find("review").dataset.busy;
    });
  }

  // ---- deciding ----

  function decide(form, button) {
    if (waiting) return;
    var desk = find("desk"), name = desk.dataset.name, body = new URLSearchParams(new FormData(form, button)), act = button.value;
    var passes = act === "next_paper", then = button.dataset.then, next = ahead;
    // What is ahead of the same paper is no next paper.
    if (next && passes && next.querySelector("#desk").dataset.paper === desk.dataset.paper) next = null;
    if (next && !holdsNumber(next.querySelector("#desk"))) next = null;
    var shown = next && !then;
    if (shown) { ahead = null; show(carry(next)); } else waiting = true;
    after(function () {
      return ask(form.action, "said", body).then(function (answer) {
        if (answer.ok && then) { location.assign(then); return null; }
        var refused = answer.ok ? null : answer.content;
        if (answer.ok) find("review-said").replaceChildren(answer.content);
        return (shown ? Promise.resolve() : take(passes ? {} : { near: name })).then(function () {
          waiting = false;
          if (refused) { say(""); find("review-said").replaceChildren(refused); }
          return fetchAhead();
        });
      });
    });
  }

  function takeBack(form) {
    if (waiting) return;
    waiting = true;
    var body = new URLSearchParams(new FormData(form));
    after(function () {
      return ask(form.action, "desk", body).then(function (answer) {
        waiting = false;
        if (!answer.ok) { find("review-said").replaceChildren(answer.content); return null; }
        show(answer.content);
        return fetchAhead();
      });
    });
  }

  document.addEventListener("submit", function (event) {
    var form = event.target, desk = find("desk");
    if (form.hasAttribute("data-review") && holdsNumber(desk)) {
      event.preventDefault();
      decide(form, event.submitter);
    } else if (form.hasAttribute("data-review-undo")) {
      event.preventDefault();
      // What is decided on last may be under way still: its undo comes with the answer.
      after(function () {
        var current = document.querySelector("form[data-review-undo]");
        if (current) takeBack(current);
      });
    }
  });

  // The second click of two would fall on the next number, which nobody has read yet.
  document.addEventListener("click", function (event) {
    if (event.detail > 1 && event.target.closest && event.target.closest("form[data-review], form[data-review-undo]")) event.preventDefault();
  });

  // ---- keys ----

  function isTyping(element) {
    return element.isContentEditable || /^(TEXTAREA|SELECT)$/.test(element.tagName) || (element.tagName === "INPUT" && element.type !== "checkbox");
  }

  document.addEventListener("keydown", function (event) {
    if (event.defaultPrevented || event.repeat || event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "?") {
      find("review-keys").open = !find("review-keys").open;
      event.preventDefault();
      return;
    }
    var key = event.key.toLowerCase();
    if (!/^[a-z]$/.test(key) || event.shiftKey) return;
    var button = document.querySelector("#review [data-key='" + key + "']");
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  bringSentence();
  after(fetchAhead);
})();
