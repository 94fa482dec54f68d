"use strict";
// The contract in Swagger UI. It asks this site alone.
(() => {
  const place = document.getElementById("contract");
  const dark = () => document.documentElement.classList.toggle("dark-mode", getComputedStyle(document.documentElement).colorScheme.trim() === "dark");
  window.SwaggerUIBundle({
    url: place.dataset.contract,
    domNode: place,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
    presets: [window.SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
  dark();
  new MutationObserver(dark).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dark);
})();
