// Buttons that copy the text of an element. Without this script they are hidden, and the text can be selected.
(function () {
  "use strict";

  function select(element) {
    var range = document.createRange();
    range.selectNodeContents(element);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  function setUp(button) {
    var source = document.getElementById(button.dataset.copy), label = button.textContent;
    if (!source || !button.hidden) return;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");

    function say(text) {
      button.textContent = text;
      window.setTimeout(function () { button.textContent = label; }, 2500);
    }

    button.addEventListener("click", function () {
      // Over plain HTTP browsers give no clipboard: the text is selected, so that the reader's own keys copy it.
      if (!navigator.clipboard) { select(source); say("Selected"); return; }
      navigator.clipboard.writeText(source.textContent).then(function () { say("Copied"); }, function () { select(source); say("Selected"); });
    });
  }

  function setUpAll() { document.querySelectorAll("button[data-copy]").forEach(setUp); }

  setUpAll();
  document.addEventListener("htmx:afterSettle", setUpAll); // of a part of the page that is new
})();
