// Shows of each column only the fields that its meaning needs. Without this script all of them stand there, and what isn't needed is not read.
(function () {
  "use strict";

  function show(row) {
    var meaning = row.querySelector("select").value.split(":")[0];
    row.querySelectorAll("[data-for]").forEach(function (field) { field.hidden = field.dataset.for.split(" ").indexOf(meaning) < 0; });
    row.classList.toggle("is-left-out", meaning === "ignore");
  }

  document.querySelectorAll("[data-column]").forEach(function (row) {
    row.querySelector("select").addEventListener("change", function () { show(row); });
    show(row);
  });
  // A browser that comes back to the page fills in what was chosen before, without a word.
  window.addEventListener("pageshow", function () { document.querySelectorAll("[data-column]").forEach(show); });
})();
