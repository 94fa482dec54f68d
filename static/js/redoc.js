"use strict";
// The contract in ReDoc. Without its search: that would start a worker out of a text.
(() => {
  const place = document.getElementById("contract");
  window.Redoc.init(place.dataset.contract, { disableSearch: true, hideDownloadButton: true, hideHostname: true, nativeScrollbars: true }, place);
})();
