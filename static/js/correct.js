// Marks a number's sentence, or a missed number, in the text itself. Without this script the same is said by fields for the places.
// Places count code points, as the site does, not the halves of them that JavaScript counts.
(function () {
  "use strict";

  var tools = document.querySelector("[data-tools]");
  if (!tools) return;
  var said = tools.querySelector("[data-said]");

  function count(text) { return Array.from(text).length; }

  // What is marked within an element, as its places there; null if nothing is, or if it begins or ends elsewhere.
  function marked(element) {
    var selection = window.getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    var range = selection.getRangeAt(0);
    if (!element.contains(range.startContainer) || !element.contains(range.endContainer)) return null;
    var before = document.createRange();
    before.selectNodeContents(element);
    before.setEnd(range.startContainer, range.startOffset);
    var text = range.toString(), start = count(before.toString());
    start += count(text) - count(text.trimStart());
    return { start: start, end: start + count(text.trim()) };
  }

  function setUpSentence(place) {
    var chars = Array.from(place.textContent), look = place.querySelector("mark").className;
    var first = +place.dataset.start, last = +place.dataset.end;
    var fields = { start: document.getElementById("id_evidence_start"), end: document.getElementById("id_evidence_end") };
    if (!fields.start || !fields.end) return;

    function part(start, end) { return document.createTextNode(chars.slice(start, end).join("")); }

    function fits(start, end) { return start >= 0 && end <= chars.length && start <= first && end >= last; }

    function draw() {
      var start = +fields.start.value, end = +fields.end.value;
      if (!fits(start, end)) { said.textContent = "The sentence must hold the number."; return; }
      var sentence = document.createElement("span"), number = document.createElement("mark");
      sentence.className = "sent sent--here";
      number.className = look;
      number.append(part(first, last));
      sentence.append(part(start, first), number, part(last, end));
      place.replaceChildren(part(0, start), sentence, part(end, chars.length));
      said.textContent = "";
    }

    function take(start, end) {
      if (!fits(start, end)) { said.textContent = "The sentence must hold the number."; return; }
      fields.start.value = start;
      fields.end.value = end;
      draw();
      said.textContent = "Sentence: " + chars.slice(start, end).join("");
    }

    function isBlank(at) { return /\s/.test(chars[at]); }

    // The next beginning (or end) of a word in a direction: never into the number.
    function step(which, by) {
      var at = +fields[which].value;
      var isEdge = which === "start"
        ? function (n) { return n === 0 || (isBlank(n - 1) && n < chars.length && !isBlank(n)); }
        : function (n) { return n === chars.length || (isBlank(n) && n > 0 && !isBlank(n - 1)); };
      do { at += by; } while (at > 0 && at < chars.length && !isEdge(at));
      at = which === "start" ? Math.max(0, Math.min(at, first)) : Math.min(chars.length, Math.max(at, last));
      take(which === "start" ? at : +fields.start.value, which === "end" ? at : +fields.end.value);
    }

    tools.querySelector("[data-take]").addEventListener("click", function () {
      var found = marked(place);
      if (found) take(found.start, found.end); else said.textContent = "Mark the sentence in the text first.";
    });
    tools.querySelectorAll("[data-move]").forEach(function (button) {
      var way = button.dataset.move.split(":");
      button.addEventListener("click", function () { step(way[0], +way[1]); });
    });
    [fields.start, fields.end].forEach(function (field) { field.addEventListener("input", draw); });
    draw();
    tools.hidden = false;
  }

  function setUpNumbers(form) {
    tools.querySelector("[data-add]").addEventListener("click", function () {
      var parts = Array.from(document.querySelectorAll("[data-part]"));
      var places = parts.map(marked), at = places.findIndex(Boolean);
      if (at < 0) { said.textContent = "Mark a number in the text first."; return; }
      form.elements.field.value = parts[at].dataset.part;
      form.elements.start.value = places[at].start;
      form.elements.end.value = places[at].end;
      form.requestSubmit();
    });
    // A click on the button must not take away what is marked.
    tools.hidden = false;
  }

  tools.addEventListener("mousedown", function (event) { event.preventDefault(); });
  var place = document.querySelector("[data-evidence]"), form = document.querySelector("[data-place]");
  if (place) setUpSentence(place);
  if (form) setUpNumbers(form);
})();
