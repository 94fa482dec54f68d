// Fields that suggest what they find: the arrows lead through it, Escape away from it. "/" leads to the search field. Without this script
// it is a form, and a field for names a plain one.
(function () {
  "use strict";

  function isTyping(element) {
    return element && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
  }

  // Fetched when somebody is about to need it: most pages are read without a search. One that runs before the page is complete, but
  // after its markup was read, would wait for ever for a sign that has been; and what was typed while it was on its way it never saw.
  function fetchHtmx(address) {
    if (window.htmx || document.querySelector('script[src="' + address + '"]')) return;
    if (document.readyState !== "complete") { window.addEventListener("load", function () { fetchHtmx(address); }, { once: true }); return; }
    var script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", function () {
      var field = document.activeElement;
      if (field && field.matches("input[data-search]") && field.value.trim()) window.htmx.trigger(field, "suggest");
    });
    document.head.append(script);
  }

  function setUp(input) {
    var list = document.getElementById(input.id + "-suggestions"), status = document.getElementById(input.id + "-status"), active = -1;
    if (!list) return;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");

    function options() { return list.querySelectorAll('[role="option"]'); }

    function select(place) {
      var all = options();
      active = place;
      all.forEach(function (option, at) { option.setAttribute("aria-selected", String(at === active)); });
      if (active < 0) { input.removeAttribute("aria-activedescendant"); return; }
      input.setAttribute("aria-activedescendant", all[active].id);
      all[active].scrollIntoView({ block: "nearest" });
    }

    function show(open) {
      list.hidden = !open;
      input.setAttribute("aria-expanded", String(open));
      select(-1);
      if (!open) status.textContent = "";
    }

    input.addEventListener("focus", function () { fetchHtmx(input.dataset.search); });

    list.addEventListener("htmx:beforeSwap", function (event) {
      // What comes back after the reader has left, or has emptied the field, is too late.
      if (document.activeElement !== input || !input.value.trim()) { event.detail.shouldSwap = false; show(false); }
    });

    list.addEventListener("htmx:afterSwap", function () {
      var all = options();
      all.forEach(function (option, at) { option.id = list.id + "-" + at; });
      show(all.length > 0);
      status.textContent = all.length ? all.length + (all.length === 1 ? " suggestion" : " suggestions") : "No suggestions";
    });

    // An option leads to a page, or stands for a name that the field takes.
    function choose(option) {
      if (option.dataset.value === undefined) { location.assign(option.href); return; }
      input.value = option.dataset.value;
      show(false);
    }

    list.addEventListener("mousedown", function (event) { event.preventDefault(); });

    list.addEventListener("click", function (event) {
      var option = event.target.closest("[data-value]");
      if (option) choose(option);
    });

    input.addEventListener("blur", function () { show(false); });

    input.addEventListener("keydown", function (event) {
      var count = list.hidden ? 0 : options().length;
      if (event.key === "Escape") {
        if (count) show(false); else if (input.type === "search") input.blur(); else return;
        event.preventDefault();
      } else if (count && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        // One place more than there are options: none of them, the text as it was written.
        select((active + 1 + (event.key === "ArrowDown" ? 1 : count)) % (count + 1) - 1);
        event.preventDefault();
      } else if (event.key === "Enter" && count && active >= 0) {
        event.preventDefault();
        choose(options()[active]);
      }
    });

    if (document.activeElement === input) input.dispatchEvent(new Event("focus"));
  }

  document.addEventListener("keydown", function (event) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    var field = Array.prototype.find.call(document.querySelectorAll('input[type="search"][data-search]'), function (input) { return input.offsetParent !== null; });
    var link = document.querySelector("a.search-link");
    if (!field && !link) return;
    event.preventDefault();
    if (field) { field.focus(); field.select(); } else location.assign(link.href);
  });

  document.querySelectorAll("input[data-search]").forEach(setUp);
})();
