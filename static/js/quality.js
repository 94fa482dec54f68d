// Draws the chart of shares when it comes into view. Its table stands below it in any case. Needs chart.js first.
(function () {
  "use strict";
  var charts = window.claimboardCharts;

  function draw(plot, drawn) {
    var template = drawn.templates[charts.isDark() ? "dark" : "light"], narrow = plot.clientWidth < 560;
    var layout = Object.assign({}, drawn.figure.layout, { template: template, autosize: true, height: plot.clientHeight });
    layout.xaxis = Object.assign({}, layout.xaxis, narrow ? drawn.narrow.xaxis : {});
    return window.Plotly.react(plot, drawn.figure.data, layout, { displayModeBar: false, responsive: true, scrollZoom: false });
  }

  function load(stage) {
    var plot = stage.querySelector(".shares__plot"), word = stage.querySelector(".chart__word");
    word.textContent = "Drawing the chart…";
    Promise.all([charts.loadLibrary(stage.dataset.library), charts.loadFigure(stage.dataset.figure)]).then(function (loaded) {
      var redraw = function () { requestAnimationFrame(function () { draw(plot, loaded[1]); }); };
      return draw(plot, loaded[1]).then(function () {
        word.textContent = "";
        stage.classList.add("is-drawn");
        new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
      });
    }).catch(function (fault) { word.textContent = "The chart is not drawn. " + fault.message + " The same numbers stand in the table below."; });
  }

  addEventListener("DOMContentLoaded", function () {
    var stage = document.querySelector(".shares__stage");
    if (!stage) return;
    var watcher = new IntersectionObserver(function (entries) {
      if (!entries.some(function (entry) { return entry.isIntersecting; })) return;
      watcher.disconnect();
      load(stage);
    });
    watcher.observe(stage);
  });
})();
