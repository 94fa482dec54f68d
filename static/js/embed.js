// Gives the frames of this site's boards the height of what they show. To load once, or as often as there are frames: it is
// <script src="https://…/embed.js" async></script>. Without it a frame keeps the height that its page gives it.
(function () {
  "use strict";
  if (!document.currentScript) return;
  var origin = new URL(document.currentScript.src, document.baseURI).origin, known = window.claimboardFrames = window.claimboardFrames || {};
  if (known[origin]) return;
  known[origin] = true;

  // Only a frame's own window sets its height, and only while it shows our site.
  addEventListener("message", function (event) {
    if (event.origin !== origin || !event.data || event.data.claimboard !== "height") return;
    var height = event.data.height;
    if (typeof height !== "number" || !(height > 0 && height < 20000)) return;
    document.querySelectorAll("iframe").forEach(function (frame) {
      if (frame.contentWindow === event.source) frame.style.height = Math.ceil(height) + frame.offsetHeight - frame.clientHeight + "px";
    });
  });

  // Those that were there before this script have said their height to nobody, and those out of sight don't see that they got another width.
  function ask() {
    document.querySelectorAll("iframe").forEach(function (frame) {
      if (frame.src.indexOf(origin + "/embed/") === 0 && frame.contentWindow) frame.contentWindow.postMessage({ claimboard: "height?" }, "*");
    });
  }
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", ask);
  else ask();
  var waiting;
  addEventListener("resize", function () {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 200);
  });
})();
