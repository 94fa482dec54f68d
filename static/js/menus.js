// What opens over the page closes by Escape, which leads back to what opened it, and by a click beside it. Without this script it closes
// by what opened it.
(function () {
  "use strict";

  function opened() { return Array.prototype.slice.call(document.querySelectorAll("details.menu[open], details.reject[open]")); }

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    opened().forEach(function (menu) {
      var leads = document.activeElement === document.body || menu.contains(document.activeElement);
      menu.open = false;
      if (leads) menu.querySelector("summary").focus();
    });
  });
  document.addEventListener("click", function (event) {
    opened().forEach(function (menu) { if (!menu.contains(event.target)) menu.open = false; });
  });
})();
