// Opens a row's sentences in place. Without this script the same links load the page with the row opened.
(function () {
  "use strict";

  function setOpen(row, open) {
    row.classList.toggle("isopen", open);
    row.querySelectorAll("[data-open]").forEach(function (link) { link.setAttribute("aria-expanded", String(open)); });
  }

  function follow(link) { location.assign(link.href); }

  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("a[data-open]");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    var row = link.closest("tr"), id = link.dataset.open, detail = document.getElementById("detail-" + id);
    event.preventDefault();
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
  });
})();
