// Follow the system's colours until the reader chooses, then remember the choice.
(function () {
  var root = document.documentElement, key = "claimboard-theme", saved = null;
  try { saved = localStorage.getItem(key); } catch (error) { saved = null; }
  if (saved === "dark" || saved === "light") root.dataset.theme = saved;
  addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-toggle-theme]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        var dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
        root.dataset.theme = dark ? "light" : "dark";
        try { localStorage.setItem(key, root.dataset.theme); } catch (error) { /* storage is off: the choice lasts for this page */ }
      });
    });
  });
})();
