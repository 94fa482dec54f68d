// A board: opens a row's sentences in place, moves through rows by keys, remembers ticks, sends filters as they are changed, copies.
// Without this script the same links and forms load the page.
(function () {
  "use strict";
  document.documentElement.classList.add("has-board");

  function all(selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); }
  function say(text) { var box = document.getElementById("board-said"); if (box) box.textContent = text; }

  // ---- a row's sentences ----

  function setOpen(row, open) {
    row.classList.toggle("isopen", open);
    all("[data-open]", row).forEach(function (link) { link.setAttribute("aria-expanded", String(open)); });
  }

  function follow(link) { location.assign(link.href); }

  function toggle(link) {
    var row = link.closest("tr"), id = link.dataset.open, detail = document.getElementById("detail-" + id);
    if (detail) {
      detail.hidden = !detail.hidden;
      setOpen(row, !detail.hidden);
      return;
    }
    if (row.dataset.busy) return;
    row.dataset.busy = "yes";
    fetch(link.href, { headers: { "X-Row": id }, credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.text();
    }).then(function (html) {
      var box = document.createElement("template");
      box.innerHTML = html;
      var found = box.content.querySelector("tr.detailrow");
      if (!found) throw new Error("no row");
      row.after(found);
      setOpen(row, true);
      delete row.dataset.busy;
    }).catch(function () { follow(link); });
  }

  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("a[data-open]");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    toggle(link);
  });

  // ---- rows by keys: J and K move, Enter or O opens, X ticks ----

  var current = null;

  function isTyping(element) {
    return element && (element.isContentEditable || /^(TEXTAREA|SELECT)$/.test(element.tagName) || (element.tagName === "INPUT" && element.type !== "checkbox"));
  }

  function goTo(row) {
    if (!row) return;
    if (current) current.classList.remove("is-current");
    current = row;
    row.classList.add("is-current");
    var link = row.querySelector("a[data-open]");
    if (link) link.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", function (event) {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
    if (event.target.closest && event.target.closest(".chart")) return;
    var rows = all("#board table.board--cards > tbody > tr[id^='row-']"), at = rows.indexOf(current), key = event.key.toLowerCase();
    if (!rows.length) return;
    if (key === "j") goTo(rows[Math.min(at + 1, rows.length - 1)]);
    else if (key === "k") goTo(rows[Math.max(at - 1, 0)]);
    else if (key === "o" && at >= 0) toggle(rows[at].querySelector("a[data-open]"));
    else if (key === "x" && at >= 0) {
      var box = rows[at].querySelector(".c-pick input");
      box.checked = !box.checked;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    } else return;
    event.preventDefault();
  });

  // ---- ticked rows: kept while the page's rows change ----

  var ticked = [];

  function showTicked() {
    var form = document.getElementById("compare");
    if (!form) return;
    all("input[type=hidden]", form).forEach(function (field) { field.remove(); });
    var boxes = all(".c-pick input[name=row]"), here = boxes.map(function (box) { return box.value; });
    boxes.forEach(function (box) { box.checked = ticked.indexOf(box.value) >= 0; });
    ticked.filter(function (id) { return here.indexOf(id) < 0; }).forEach(function (id) {
      var field = document.createElement("input");
      field.type = "hidden"; field.name = "row"; field.value = id;
      form.append(field);
    });
    form.classList.toggle("is-empty", ticked.length < 1);
    form.querySelector("[data-ticked]").textContent = ticked.length + (ticked.length === 1 ? " row" : " rows");
    form.querySelector("button").disabled = ticked.length < 2;
  }

  document.addEventListener("change", function (event) {
    var box = event.target;
    if (!box.matches || !box.matches(".c-pick input[name=row]")) return;
    ticked = ticked.filter(function (id) { return id !== box.value; });
    if (box.checked) ticked.push(box.value);
    showTicked();
    say(ticked.length + (ticked.length === 1 ? " row ticked" : " rows ticked"));
  });

  // ---- filters: sent when they are changed ----

  document.addEventListener("formdata", function (event) {
    if (event.target.method === "get") all("input", event.target).forEach(function (field) {
      if (field.name && !field.value) event.formData.delete(field.name);
    });
  });

  document.addEventListener("change", function (event) {
    var form = event.target.form;
    if (!form || !form.hasAttribute("data-filters") || event.target.dataset.days) return;
    form.requestSubmit();
  });

  // The months between the first and the last paper, as a slider beside the day.
  function setUpDays(slider) {
    var field = document.getElementById(slider.dataset.days);
    if (!field || !field.min) return;
    function months(day) { return Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1; }
    var last = months(field.max);
    slider.min = months(field.min);
    slider.max = last;
    slider.value = field.value ? months(field.value) : last;
    function lastDay(month) {
      var day = new Date(Date.UTC(Math.floor(month / 12), month % 12 + 1, 0)).toISOString().slice(0, 10);
      return day > field.max ? field.max : day;
    }
    function name() { slider.setAttribute("aria-valuetext", lastDay(Number(slider.value)).slice(0, 7)); }
    slider.addEventListener("input", function () { field.value = Number(slider.value) >= last ? "" : lastDay(Number(slider.value)); name(); });
    slider.addEventListener("change", function () { field.form.requestSubmit(); });
    name();
    slider.hidden = slider.min === slider.max;
  }

  // ---- copying ----

  function copied(button, words) {
    button.classList.add("is-done");
    say(words);
    setTimeout(function () { button.classList.remove("is-done"); }, 2000);
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-copy], [data-copies]");
    if (!button || event.metaKey || event.ctrlKey || event.shiftKey || !navigator.clipboard) return;
    event.preventDefault();
    if (button.dataset.copies) {
      navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent).then(function () { copied(button, "Copied"); });
      return;
    }
    fetch(button.href, { credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.text();
    }).then(function (text) { return navigator.clipboard.writeText(text); }).then(function () {
      copied(button, "Copied as " + button.dataset.copy);
    }).catch(function () { follow(button); });
  });

  function setUp(board) {
    current = null;
    all("[data-days]", board).forEach(setUpDays);
    all("[data-copies]", board).forEach(function (button) { button.hidden = !navigator.clipboard; });
    showTicked();
  }

  document.addEventListener("DOMContentLoaded", function () {
    var board = document.getElementById("board");
    if (!board) return;
    all(".c-pick input[name=row]:checked").forEach(function (box) { ticked.push(box.value); });
    setUp(board);
  });
  // ---- what the reader was at stays at hand: a link of the same words, in the same place ----

  function nameOf(element) {
    var place = element.closest("[aria-label], [aria-labelledby], thead");
    var text = Array.prototype.filter.call(element.childNodes, function (node) { return node.nodeType === 3 && node.data.trim(); })[0];
    return { place: place && (place.getAttribute("aria-label") || place.getAttribute("aria-labelledby") || place.tagName), text: text && text.data.trim() };
  }

  var left = null;
  document.addEventListener("htmx:beforeSwap", function (event) {
    var at = document.activeElement, board = document.getElementById("board");
    left = event.detail.target === board && board.contains(at) && !at.id && at.matches("a, button") ? nameOf(at) : null;
  });

  function isOfBoard(event) { return event.detail && event.detail.target && event.detail.target.id === "board"; }

  document.addEventListener("htmx:afterSettle", function (event) {
    var board = document.getElementById("board"), heading = board && board.querySelector("#results h2");
    if (!board || !isOfBoard(event)) return; // suggestions of the search come so, too
    setUp(board);
    if (left) {
      var again = all("a[href], button", board).filter(function (each) {
        var name = nameOf(each);
        return name.text === left.text && name.place === left.place;
      })[0];
      if (again) again.focus({ preventScroll: true });
      left = null;
    }
    if (heading) say(heading.firstChild.textContent.trim());
    document.dispatchEvent(new CustomEvent("board:changed", { detail: { board: board } }));
  });
  document.addEventListener("htmx:responseError", function (event) {
    if (isOfBoard(event)) location.assign(event.detail.pathInfo.finalRequestPath);
  });
})();
