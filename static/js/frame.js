// Tells the page that an embed stands in how high it is, whenever that changes, and when it asks. The height is no secret.
(function () {
  "use strict";
  if (window.parent === window) return;
  var last = 0;

  function tell() {
    var height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height === last) return;
    last = height;
    window.parent.postMessage({ claimboard: "height", height: height }, "*");
  }

  // Browsers let what is out of sight wait before it is told of its size: at first, and when asked, it is measured.
  tell();
  addEventListener("load", tell);
  new ResizeObserver(tell).observe(document.body);
  addEventListener("message", function (event) {
    if (event.source !== window.parent || !event.data || event.data.claimboard !== "height?") return;
    last = 0;
    tell();
  });
})();
