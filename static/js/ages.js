// Says of recent times how long ago they are. The page itself has the dates, which stay true wherever it is kept.
(function () {
  "use strict";
  if (!window.Intl || !Intl.RelativeTimeFormat) return;
  var words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  var steps = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [30 * 86400, "day", 86400]];

  function tell() {
    document.querySelectorAll("time[data-age]:not([title])").forEach(function (time) {
      var seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
      var step = steps.find(function (step) { return seconds < step[0]; });
      if (!(seconds > -60) || !step) return; // a clock that goes wrong, or long ago: the date says more
      time.title = time.textContent;
      time.textContent = step[1] === "second" ? "just now" : words.format(-Math.floor(seconds / step[2]), step[1]);
    });
  }

  addEventListener("DOMContentLoaded", tell);
  document.addEventListener("board:changed", tell);
})();
