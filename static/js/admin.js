// The fields that suggest: what draws them leaves out what they are called. Asked behind the one that draws them, so that it has.
(function () {
  if (!window.django || !django.jQuery) return;
  django.jQuery(function () {
    document.querySelectorAll("select.admin-autocomplete").forEach(function (select) {
      var label = select.getAttribute("aria-label") || (select.labels && select.labels[0] ? select.labels[0].textContent.trim() : "");
      var drawn = select.parentElement.querySelector(".select2");
      if (!label || !drawn) return;
      drawn.querySelectorAll("[role=combobox], [role=textbox]").forEach(function (part) {
        part.setAttribute("aria-label", label);
        part.removeAttribute("aria-labelledby");
      });
    });
  });
})();
