// Draws the chart when it comes into view; nothing of it is fetched before. Without this script its table stands open.
(function () {
  "use strict";
  var root = document.documentElement, narrowBelow = 560;
  root.classList.add("has-chart"); // at once, so that the page is laid out with room for it

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  // The library writes its rules into style elements, which the page's policy forbids. They stand in our own stylesheet: an element
  // of this id and class tells the library so. The larger bundle has more of them, for maps that we don't draw: while it is loaded,
  // such an element is one that styles nothing.
  function withoutStyles(script) {
    if (!document.getElementById("plotly.js-style-global")) {
      var sign = document.createElement("template");
      sign.id = "plotly.js-style-global";
      sign.className = "no-inline-styles";
      document.head.append(sign);
    }
    document.createElement = function (name, options) {
      return Document.prototype.createElement.call(document, name === "style" ? "template" : name, options);
    };
    ["load", "error"].forEach(function (end) { script.addEventListener(end, function () { delete document.createElement; }); });
  }

  function loadLibrary(address) {
    if (window.Plotly) return Promise.resolve();
    return new Promise(function (done, failed) {
      var script = document.createElement("script");
      script.src = address;
      withoutStyles(script);
      script.addEventListener("load", function () { done(); });
      script.addEventListener("error", function () { script.remove(); failed(new Error("Its library could not be loaded.")); });
      document.head.append(script);
    });
  }

  function loadFigure(address) {
    return fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } }).then(function (answer) {
      if (answer.ok) return answer.json();
      throw new Error("The site answered " + answer.status + ".");
    }, function () { throw new Error("The site did not answer."); });
  }

  // ---- names ----

  function overlap(one, other) {
    return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  }

  // Shows as many names as fit without touching a point, the front or each other; each tries the better corner of its point first.
  function placeNames(figure, width, height, most) {
    var layout = figure.layout, margin = layout.template.layout.margin, log = layout.xaxis.type === "log";
    var w = width - margin.l - margin.r, h = height - margin.t - margin.b;
    var brush = document.createElement("canvas").getContext("2d"), font = layout.template.layout.font;
    var taken = [], shown = 0;
    function px(x) { return (x - layout.xaxis.range[0]) / (layout.xaxis.range[1] - layout.xaxis.range[0]) * w; }
    function py(y) { return (1 - (y - layout.yaxis.range[0]) / (layout.yaxis.range[1] - layout.yaxis.range[0])) * h; }
    function at(x) { return px(log ? Math.log10(x) : x); }
    figure.data.slice(2).forEach(function (trace) {
      trace.x.forEach(function (x, i) {
        var left = at(x), top = py(trace.y[i]);
        taken.push({ left: left - 5, right: left + 5, top: top - 5, bottom: top + 5 });
      });
    });
    var line = figure.data[1];
    line.x.forEach(function (x, i) { // horizontally to the next step, then vertically
      if (!i) return;
      var from = { x: at(line.x[i - 1]), y: py(line.y[i - 1]) }, to = { x: at(x), y: py(line.y[i]) };
      taken.push({ left: Math.min(from.x, to.x), right: Math.max(from.x, to.x), top: from.y - 1, bottom: from.y + 1 });
      taken.push({ left: to.x - 1, right: to.x + 1, top: Math.min(from.y, to.y), bottom: Math.max(from.y, to.y) });
    });
    layout.annotations.forEach(function (name) {
      if (!name.name) return; // an axis' title
      name.visible = false;
      if (shown >= most) return;
      brush.font = name.font.weight + " " + font.size + "px " + font.family;
      var wide = brush.measureText(name.text.replace(/&[a-z#0-9]+;/g, "x")).width + 4, high = 15, x = px(name.x), y = py(name.y);
      var side = name.xanchor === "right" ? -1 : 1, up = name.yanchor === "bottom" ? -1 : 1;
      var places = [[side, up], [-side, -up], [-side, 0], [side, 0], [0, up], [0, -up], [-side, up], [side, -up]];
      var found = places.find(function (place) {
        // From the middle of the point to that of the name.
        var dx = place[0] * (wide / 2 + (place[1] ? 5 : 9)), dy = place[1] * (high / 2 + (place[0] ? 3 : 8));
        var box = { left: x + dx - wide / 2, right: x + dx + wide / 2, top: y + dy - high / 2, bottom: y + dy + high / 2 };
        if (box.left < -4 || box.right > w + margin.r - 2 || box.top < 2 - margin.t + 18 || box.bottom > h) return false;
        if (taken.some(function (other) { return overlap(box, other); })) return false;
        taken.push(box);
        name.xanchor = "center"; name.yanchor = "middle"; name.xshift = dx; name.yshift = -dy;
        return true;
      });
      name.visible = Boolean(found);
      shown += name.visible ? 1 : 0;
    });
  }

  // ---- drawing ----

  function Chart(stage) {
    this.stage = stage;
    this.plot = stage.querySelector(".chart__plot");
    this.word = stage.querySelector(".chart__word");
    this.table = stage.parentElement.querySelector("details.chart__table");
    this.touched = "";
  }

  Chart.prototype.say = function (text, again) {
    this.word.textContent = text;
    if (!again) return;
    var button = document.createElement("button");
    button.type = "button";
    button.className = "btn";
    button.textContent = "Try again";
    button.addEventListener("click", this.load.bind(this));
    this.word.append(button);
  };

  Chart.prototype.load = function () {
    var chart = this;
    chart.stage.setAttribute("aria-busy", "true");
    chart.say("Drawing the chart …");
    return Promise.all([loadFigure(chart.stage.dataset.chart), loadLibrary(chart.stage.dataset.library)]).then(function (loaded) {
      chart.answer = loaded[0];
      return chart.draw();
    }).then(function () {
      chart.say("");
      chart.stage.classList.add("is-drawn");
      chart.follow();
    }).catch(function (error) {
      chart.say("The chart was not drawn. " + error.message + " Its numbers stand in the table below. ", true);
      if (chart.table) chart.table.open = true;
    }).then(function () { chart.stage.removeAttribute("aria-busy"); });
  };

  Chart.prototype.draw = function () {
    var answer = this.answer, figure = JSON.parse(JSON.stringify(answer.figure)), layout = figure.layout;
    var width = this.plot.clientWidth, height = this.plot.clientHeight, narrow = width < narrowBelow;
    this.width = width;
    layout.template = answer.templates[isDark() ? "dark" : "light"];
    layout.width = width;
    layout.height = height;
    if (narrow) Object.assign(layout.xaxis, answer.narrow.xaxis);
    placeNames(figure, width, height, narrow ? answer.narrow.names : answer.names);
    return window.Plotly.react(this.plot, figure.data, layout, { displayModeBar: false, scrollZoom: false, doubleClick: false });
  };

  // Follows what the reader does: points to a row, changes the colours, makes the window wider.
  Chart.prototype.follow = function () {
    var chart = this, redraw = function () { requestAnimationFrame(function () { chart.draw(); }); };
    if (chart.follows) return;
    chart.follows = true;
    chart.plot.on("plotly_hover", function () { chart.stage.classList.add("is-pointing"); });
    chart.plot.on("plotly_unhover", function () { chart.stage.classList.remove("is-pointing"); });
    chart.plot.on("plotly_click", function (event) {
      // One touch comes twice, the second time as a mouse.
      if (event.event && event.event.type === "touchstart") return;
      chart.go(event.points[0]);
    });
    new MutationObserver(redraw).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    new ResizeObserver(function () { if (chart.plot.clientWidth !== chart.width) redraw(); }).observe(chart.stage);
  };

  Chart.prototype.go = function (point) {
    var id = point.id;
    // A finger can't hover: the first touch shows the name, the second goes to the row.
    if (matchMedia("(hover: none)").matches && this.touched !== id) {
      this.touched = id;
      window.Plotly.Fx.hover(this.plot, [{ curveNumber: point.curveNumber, pointNumber: point.pointNumber }]);
      return;
    }
    if (!goToRow(id)) location.assign(this.stage.dataset.rowBase + id + "#row-" + id);
  };

  // Returns whether the row stands on this page.
  function goToRow(id) {
    var row = document.getElementById("row-" + id);
    if (!row) return false;
    location.hash = "row-" + id; // marks it as the target, and the way back leads to the chart
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
    return true;
  }

  addEventListener("DOMContentLoaded", function () {
    var stage = document.querySelector(".chart__stage"), table = document.querySelector("details.chart__table");
    if (table) { table.open = false; table.classList.add("is-ready"); }
    if (!stage) return;
    var watcher = new IntersectionObserver(function (entries) {
      if (!entries.some(function (entry) { return entry.isIntersecting; })) return;
      watcher.disconnect();
      new Chart(stage).load();
    });
    watcher.observe(stage);
    table.addEventListener("click", function (event) {
      var link = event.target.closest("a[data-row]");
      if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      if (goToRow(link.dataset.row)) event.preventDefault();
    });
  });
})();
