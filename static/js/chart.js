// Draws the chart when it comes into view; nothing of it is fetched before. Without this script its table stands open.
(function () {
  "use strict";
  var root = document.documentElement, narrowBelow = 560, narrowPanelsBelow = 760;
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

  window.claimboardCharts = { isDark: isDark, loadLibrary: loadLibrary, loadFigure: loadFigure }; // for quality.js

  // ---- names ----

  function overlap(one, other) {
    return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  }

  // Returns the annotations of as many names as fit without touching a point, the front or each other; each tries the better corner of
  // its point first.
  function placeNames(names, chart, most) {
    var place = chart.place(), w = place.width, h = place.height, margin = place.margin;
    var brush = document.createElement("canvas").getContext("2d"), words = chart.template.layout.annotationdefaults.font;
    var taken = [], shown = [];
    chart.points.forEach(function (points) {
      points.x.forEach(function (x, i) {
        var left = place.x(x), top = place.y(points.y[i]);
        if (left < -5 || left > w + 5 || top < -5 || top > h + 5) return;
        taken.push({ left: left - 5, right: left + 5, top: top - 5, bottom: top + 5 });
      });
    });
    chart.front.x.forEach(function (x, i) { // horizontally to the next step, then vertically
      if (!i) return;
      var from = { x: place.x(chart.front.x[i - 1]), y: place.y(chart.front.y[i - 1]) }, to = { x: place.x(x), y: place.y(chart.front.y[i]) };
      taken.push({ left: Math.min(from.x, to.x), right: Math.max(from.x, to.x), top: from.y - 1, bottom: from.y + 1 });
      taken.push({ left: to.x - 1, right: to.x + 1, top: Math.min(from.y, to.y), bottom: Math.max(from.y, to.y) });
    });
    names.some(function (name) {
      var x = place.x(name.x), y = place.y(name.y);
      if (x < 0 || x > w || y < 0 || y > h) return false;
      brush.font = name.font.weight + " " + words.size + "px " + words.family;
      var wide = brush.measureText(name.text.replace(/&[a-z#0-9]+;/g, "x")).width + 4, high = 15;
      var side = name.xanchor === "right" ? -1 : 1, up = name.yanchor === "bottom" ? -1 : 1;
      var places = [[side, up], [-side, -up], [-side, 0], [side, 0], [0, up], [0, -up], [-side, up], [side, -up]];
      places.some(function (corner) {
        // From the middle of the point to that of the name.
        var dx = corner[0] * (wide / 2 + (corner[1] ? 5 : 9)), dy = corner[1] * (high / 2 + (corner[0] ? 3 : 8));
        var box = { left: x + dx - wide / 2, right: x + dx + wide / 2, top: y + dy - high / 2, bottom: y + dy + high / 2 };
        if (box.left < -4 || box.right > w + margin.r - 2 || box.top < 2 - margin.t + 18 || box.bottom > h) return false;
        // On a wide screen the buttons stand in this corner.
        if (box.top < 0 && box.right > w + margin.r - chart.buttonsWidth) return false;
        if (taken.some(function (other) { return overlap(box, other); })) return false;
        taken.push(box);
        shown.push(Object.assign({}, name, { xanchor: "center", yanchor: "middle", xshift: dx, yshift: -dy, visible: true }));
        return true;
      });
      return shown.length >= most;
    });
    return shown;
  }

  // ---- ticks ----

  // Those of the whole chart come with the figure; these follow the same rules (charts.py) for a part of it.
  var counts = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

  var english = new Intl.NumberFormat("en-US", { maximumFractionDigits: 10 });

  function numberText(number) { return english.format(Number(number.toPrecision(10))); }

  function tickText(value, scale) {
    if (!scale.counted) return numberText(value / scale.size);
    var count = counts.find(function (count) { return value >= count[0] && count[0] <= scale.size; });
    return count ? numberText(value / count[0]) + "\u00a0" + count[1] : numberText(value);
  }

  function linearTicks(low, high, most, unit) {
    var rough = (high - low) / unit / most, size = Math.pow(10, Math.floor(Math.log10(rough))), ticks = [];
    var step = [1, 2, 5, 10].map(function (factor) { return size * factor; }).find(function (step) { return step >= rough; }) || size * 10;
    for (var number = Math.ceil(low / unit / step); number <= Math.floor(high / unit / step); number++) ticks.push(number * step * unit);
    return ticks;
  }

  function logTicks(low, high, unit, narrow) {
    function between(steps) {
      var ticks = [];
      for (var power = Math.floor(low); power <= Math.ceil(high); power++) {
        steps.forEach(function (step) {
          var place = Math.log10(step) + power;
          if (place >= low && place <= high) ticks.push(Number(step + "e" + power));
        });
      }
      return ticks;
    }
    var tens = between([1]), threes = between([1, 3]), all = between([1, 2, 5]), every = Math.ceil(tens.length / 4);
    if (tens.length > 5) return narrow ? tens.filter(function (tick, i) { return i % every === 0; }) : tens;
    var ticks = narrow ? (threes.length > 3 && tens.length > 1 ? tens : threes) : (threes.length > 3 ? threes : all);
    // Between two steps of a power of ten the axis is next to linear.
    return ticks.length > 2 ? ticks : linearTicks(Math.pow(10, low), Math.pow(10, high), narrow ? 4 : 7, unit);
  }

  // ---- views ----

  // A view is the two ranges that are shown, on a logarithmic axis in powers of ten.
  var closest = 100, step = 1.5, stride = 0.15;

  function bounded(number, low, high) { return Math.min(Math.max(number, low), high); }

  // Returns a range `factor` times as long, with what is at `at` (a part of it) left in its place. It is never longer than the whole; what
  // grows comes back into it.
  function zoomRange(range, whole, factor, at) {
    var length = range[1] - range[0], most = whole[1] - whole[0];
    var now = bounded(length * factor, most / closest, most), low = range[0] + (length - now) * at;
    if (factor > 1) low = bounded(low, whole[0], whole[1] - now);
    return [low, low + now];
  }

  // Returns a range moved by a part of its length; its middle stays within the whole.
  function moveRange(range, whole, part) {
    var length = range[1] - range[0], low = bounded(range[0] + part * length, whole[0] - length / 2, whole[1] - length / 2);
    return [low, low + length];
  }

  // ---- drawing ----

  function Chart(stage) {
    this.stage = stage;
    this.plot = stage.querySelector(".chart__plot");
    this.word = stage.querySelector(".chart__word");
    this.buttons = stage.querySelector(".chart__zoom");
    this.said = stage.querySelector(".chart__said");
    this.canvas = document.createElement("canvas");
    this.canvas.className = "chart__points";
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

  var configuration = { displayModeBar: false, scrollZoom: false, doubleClick: false };

  Chart.prototype.draw = function () {
    this.width = this.plot.clientWidth;
    this.height = this.plot.clientHeight;
    this.narrow = this.width < (this.inPanels() ? narrowPanelsBelow : narrowBelow);
    this.template = this.answer.templates[isDark() ? "dark" : "light"];
    if (this.inPanels()) return window.Plotly.react(this.plot, this.answer.figure.data, this.layout(), configuration);
    this.measure();
    // The library knows the points, so that they can be pointed to; we draw them.
    var traces = this.answer.figure.data.map(function (trace, i) { return i < 2 ? trace : Object.assign({}, trace, { mode: "none", hoveron: "points" }); });
    var drawn = window.Plotly.react(this.plot, traces, this.layout(), configuration);
    this.drawPoints();
    return drawn;
  };

  Chart.prototype.inPanels = function () { return this.answer.kind === "families"; };

  // Notes where the points are, as numbers: powers of ten on a logarithmic axis, milliseconds on one of dates.
  Chart.prototype.measure = function () {
    var figure = this.answer.figure, axis = figure.layout.xaxis;
    this.buttonsWidth = this.buttons.offsetTop + this.buttons.offsetHeight > this.plot.offsetTop ? this.buttons.offsetWidth + 8 : 0;
    if (this.whole) return;
    this.log = axis.type === "log";
    this.dated = axis.type === "date";
    var place = this.dated ? Date.parse : this.log ? Math.log10 : Number;
    this.whole = this.view = { x: this.dated ? axis.range.map(place) : axis.range, y: figure.layout.yaxis.range };
    this.points = figure.data.slice(2).map(function (trace) { return { x: trace.x.map(place), y: trace.y, sizes: trace.marker && trace.marker.size }; });
    this.front = { x: figure.data[1].x.map(place), y: figure.data[1].y };
    if (this.dated) figure.layout.annotations.forEach(function (name) { if (name.name) name.x = Date.parse(name.x); });
  };

  // Returns an axis' title without its last words where it is wider than the drawing: the panel's heading has them all.
  function fitTitle(title) {
    if (title.templateitemname !== "title") return title;
    var brush = document.createElement("canvas").getContext("2d"), font = this.template.layout.annotationdefaults.font;
    var words = title.text.split(" "), arrow = /^[↑↓]$/.test(words[words.length - 1]) ? " " + words.pop() : "", text = words.join(" ");
    brush.font = font.size + "px " + font.family;
    while (words.length > 1 && brush.measureText(text + arrow).width > this.width - 24) {
      words.pop();
      text = words.join(" ") + " …";
    }
    return Object.assign({}, title, { text: text + arrow });
  }

  // Returns the layout of what is shown, in the page's colours.
  Chart.prototype.layout = function () {
    var layout = JSON.parse(JSON.stringify(this.answer.figure.layout));
    layout.template = this.template;
    layout.width = this.width;
    layout.height = this.height;
    if (matchMedia("(hover: none)").matches) layout.hoverdistance = 20; // a finger is no mouse
    if (this.inPanels()) {
      Object.assign(layout, JSON.parse(JSON.stringify(this.narrow ? this.answer.narrow.layout : {})));
      layout.annotations = layout.annotations.map(fitTitle, this);
      return layout;
    }
    Object.assign(layout.xaxis, this.ticks());
    layout.xaxis.range = this.view.x.slice();
    layout.yaxis.range = this.view.y.slice();
    layout.annotations = this.names();
    return layout;
  };

  // Returns the address of a PNG of a drawing, `scale` times as large.
  function paint(drawing, width, height, scale) {
    return new Promise(function (done, failed) {
      var image = new Image(width * scale, height * scale), canvas = document.createElement("canvas");
      canvas.width = width * scale;
      canvas.height = height * scale;
      image.addEventListener("load", function () {
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        done(canvas.toDataURL("image/png"));
      });
      image.addEventListener("error", failed);
      image.src = drawing;
    });
  }

  // Saves what is shown as an image; the library draws all of it, the points, too.
  Chart.prototype.save = function (button) {
    var chart = this, format = button.dataset.image;
    var figure = { data: chart.answer.figure.data, layout: chart.layout(), config: { staticPlot: true } };
    button.setAttribute("aria-busy", "true");
    // Of a PNG we paint the pixels: the library would load its drawing from an address that the page's policy refuses.
    return window.Plotly.toImage(figure, { format: "svg", width: chart.width, height: chart.height }).then(function (drawing) {
      return format === "png" ? paint(drawing, chart.width, chart.height, 2) : drawing;
    }).then(function (address) {
      var link = document.createElement("a");
      link.href = address;
      link.download = chart.stage.dataset.file + "." + format;
      link.click();
      chart.said.textContent = "The chart was saved as " + link.download + ".";
    }).catch(function () {
      chart.said.textContent = "The chart could not be saved as an image.";
    }).then(function () { button.removeAttribute("aria-busy"); });
  };

  // Returns where things are within the axes.
  Chart.prototype.place = function () {
    var margin = this.template.layout.margin, view = this.view;
    var width = this.width - margin.l - margin.r, height = this.height - margin.t - margin.b;
    return {
      margin: margin, width: width, height: height,
      x: function (x) { return (x - view.x[0]) / (view.x[1] - view.x[0]) * width; },
      y: function (y) { return (view.y[1] - y) / (view.y[1] - view.y[0]) * height; },
    };
  };

  Chart.prototype.isWhole = function () { return this.view === this.whole; };

  Chart.prototype.ticks = function () {
    var range = this.view.x, scale = this.answer.scale, axis = this.answer.figure.layout.xaxis;
    if (this.dated) return { nticks: !this.narrow ? 8 : range[1] - range[0] > 730 * 864e5 ? 4 : 3 }; // the library knows the calendar; days take more room than years
    if (this.isWhole()) return this.narrow ? this.answer.narrow.xaxis : { tickvals: axis.tickvals, ticktext: axis.ticktext };
    var ticks = this.log ? logTicks(range[0], range[1], scale.size, this.narrow) : linearTicks(range[0], range[1], this.narrow ? 4 : 7, scale.size);
    if (this.whole.x[0] >= 0) ticks = ticks.filter(function (tick) { return tick >= 0; }); // there is no cost below nothing
    return { tickvals: ticks, ticktext: ticks.map(function (tick) { return tickText(tick, scale); }) };
  };

  // Returns the axes' titles and the names there is room for. A part of the chart names its other points, too, the best first.
  Chart.prototype.names = function () {
    var chart = this, view = chart.view, given = chart.answer.figure.layout.annotations, most = (chart.narrow ? chart.answer.narrow : chart.answer).names;
    var names = given.filter(function (name) { return name.name; }), others = [], known = new Set(names.map(function (name) { return name.name; }));
    if (!chart.isWhole()) {
      chart.answer.figure.data.slice(2).forEach(function (trace, i) {
        var points = chart.points[i];
        points.x.forEach(function (x, j) {
          var y = points.y[j], text = trace.customdata[j];
          if (!text || known.has(trace.ids[j]) || x < view.x[0] || x > view.x[1] || y < view.y[0] || y > view.y[1]) return;
          others.push(Object.assign({}, chart.answer.corner, { name: trace.ids[j], text: text, x: x, y: y, font: { weight: 400 } }));
        });
      });
      others.sort(function (one, other) { return chart.answer.corner.yanchor === "top" ? one.y - other.y : other.y - one.y; });
    }
    var titles = given.filter(function (name) { return !name.name; }).map(fitTitle, chart);
    return titles.concat(placeNames(names.concat(others.slice(0, 10 * most)), chart, most));
  };

  // The corners of the library's shapes, x and y in turns, for a radius of one; what is none of them is a circle.
  var shapes = {
    square: [-1, -1, 1, -1, 1, 1, -1, 1],
    diamond: [0, -1.3, 1.3, 0, 0, 1.3, -1.3, 0],
    "triangle-up": [0, -1, 1.15, 1, -1.15, 1],
    "triangle-down": [0, 1, 1.15, -1, -1.15, -1],
    cross: [-0.4, -1.2, 0.4, -1.2, 0.4, -0.4, 1.2, -0.4, 1.2, 0.4, 0.4, 0.4, 0.4, 1.2, -0.4, 1.2, -0.4, 0.4, -1.2, 0.4, -1.2, -0.4, -0.4, -0.4],
    x: [0, -0.57, 0.57, -1.13, 1.13, -0.57, 0.57, 0, 1.13, 0.57, 0.57, 1.13, 0, 0.57, -0.57, 1.13, -1.13, 0.57, -0.57, 0, -1.13, -0.57, -0.57, -1.13],
  };

  // Draws the points between the axes and the names: a thousand of them as elements would take a tenth of a second whenever they move.
  Chart.prototype.drawPoints = function () {
    var chart = this, place = chart.place(), ratio = window.devicePixelRatio || 1, canvas = chart.canvas, brush = canvas.getContext("2d");
    var layer = chart.plot.querySelector(".gl-container"), drawn = 0;
    if (canvas.parentNode !== layer) layer.append(canvas);
    if (canvas.width !== Math.round(chart.width * ratio) || canvas.height !== Math.round(chart.height * ratio)) {
      canvas.width = Math.round(chart.width * ratio);
      canvas.height = Math.round(chart.height * ratio);
      canvas.style.width = chart.width + "px";
      canvas.style.height = chart.height + "px";
    }
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.clearRect(0, 0, chart.width, chart.height);
    brush.translate(place.margin.l, place.margin.t);
    chart.points.forEach(function (points, i) {
      var marker = chart.template.data.scatter[i + 2].marker;
      brush.globalAlpha = marker.opacity || 1;
      brush.fillStyle = marker.color;
      brush.strokeStyle = marker.line.color || "transparent";
      brush.lineWidth = marker.line.width;
      var corners = shapes[marker.symbol];
      points.x.forEach(function (x, j) {
        var left = place.x(x), top = place.y(points.y[j]), radius = (points.sizes ? points.sizes[j] : marker.size) / 2;
        if (left < 0 || left > place.width || top < 0 || top > place.height) return;
        brush.beginPath();
        if (corners) {
          for (var k = 0; k < corners.length; k += 2) brush.lineTo(left + corners[k] * radius, top + corners[k + 1] * radius);
          brush.closePath();
        } else brush.arc(left, top, radius, 0, 2 * Math.PI);
        brush.fill();
        if (marker.line.width) brush.stroke();
        drawn += 1;
      });
    });
    canvas.dataset.points = drawn;
  };

  // ---- moving ----

  // Shows a part of the chart, at the browser's next frame; its names are placed when the movement ends.
  Chart.prototype.show = function (view) {
    var chart = this, whole = chart.whole;
    var same = ["x", "y"].every(function (axis) {
      var slack = (whole[axis][1] - whole[axis][0]) * 1e-6;
      return Math.abs(view[axis][0] - whole[axis][0]) < slack && Math.abs(view[axis][1] - whole[axis][1]) < slack;
    });
    chart.view = same ? whole : view;
    clearTimeout(chart.settling);
    chart.settling = setTimeout(function () { chart.settle(); }, 150);
    if (chart.frame) return;
    chart.frame = requestAnimationFrame(function () {
      var ticks = chart.ticks(), change = { "xaxis.range": chart.view.x.slice(), "yaxis.range": chart.view.y.slice() };
      chart.frame = 0;
      if (ticks.tickvals && String(ticks.tickvals) !== String(chart.plot.layout.xaxis.tickvals)) { // other ticks take the library twice as long
        change["xaxis.tickvals"] = ticks.tickvals;
        change["xaxis.ticktext"] = ticks.ticktext;
      }
      window.Plotly.relayout(chart.plot, change);
      chart.drawPoints();
      chart.mark();
    });
  };

  Chart.prototype.settle = function () {
    var chart = this, view = chart.view;
    if (chart.moving || chart.frame) {
      chart.settling = setTimeout(function () { chart.settle(); }, 150);
      return;
    }
    window.Plotly.relayout(chart.plot, { annotations: chart.names() });
    var scale = chart.answer.scale, ends = view.x.map(function (x) {
      if (chart.dated) return new Date(x).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
      return tickText(Number((chart.log ? Math.pow(10, x) : Math.max(x, Math.min(0, chart.whole.x[0]))).toPrecision(3)), scale);
    });
    chart.said.textContent = chart.isWhole() ? "The whole chart is shown."
      : "Shown: " + ends.join(" to ") + ", by " + view.y.map(function (y) { return numberText(Number(y.toPrecision(3))); }).join(" to ") + ".";
  };

  // Says by the buttons what can be done.
  Chart.prototype.mark = function () {
    var chart = this, lengths = ["x", "y"].map(function (axis) {
      return (chart.view[axis][1] - chart.view[axis][0]) / (chart.whole[axis][1] - chart.whole[axis][0]);
    });
    var useless = {
      in: lengths.every(function (length) { return length < 1.001 / closest; }),
      out: lengths.every(function (length) { return length > 0.999; }),
      reset: chart.isWhole(),
    };
    chart.stage.classList.toggle("is-part", !useless.reset);
    chart.buttons.querySelectorAll("button").forEach(function (button) {
      button.setAttribute("aria-disabled", String(useless[button.dataset.zoom]));
    });
  };

  // `at` is where on the screen things stay in their place: below an axis or beside it only that axis is zoomed. Without it, the middle.
  Chart.prototype.zoom = function (factor, at) {
    var place = this.place(), box = this.plot.getBoundingClientRect(), view = this.view, whole = this.whole;
    var x = at ? (at.x - box.left - place.margin.l) / place.width : 0.5, y = at ? 1 - (at.y - box.top - place.margin.t) / place.height : 0.5;
    this.show({
      x: x < 0 ? view.x : zoomRange(view.x, whole.x, factor, Math.min(x, 1)),
      y: y < 0 && x >= 0 ? view.y : zoomRange(view.y, whole.y, factor, bounded(y, 0, 1)),
    });
  };

  // Moves by parts of what is shown.
  Chart.prototype.move = function (right, up, from) {
    var view = from || this.view;
    this.show({ x: moveRange(view.x, this.whole.x, right), y: moveRange(view.y, this.whole.y, up) });
  };

  Chart.prototype.reset = function () { this.show(this.whole); };

  function between(one, other) { return Math.hypot(one.x - other.x, one.y - other.y); }

  // Takes drags, pinches, the wheel with Ctrl or ⌘, keys and buttons. The plain wheel and one finger up or down are the page's.
  Chart.prototype.handle = function () {
    var chart = this, plot = chart.plot, fingers = new Map(), held = null, last = { time: 0 };

    // Notes what the movement of the fingers that are now down is measured from.
    function hold() {
      var places = Array.from(fingers.values());
      held = places.length ? { view: chart.view, middle: middle(places), apart: places[1] ? between(places[0], places[1]) : 0 } : null;
    }
    function middle(places) {
      var other = places[1] || places[0];
      return { x: (places[0].x + other.x) / 2, y: (places[0].y + other.y) / 2 };
    }
    function end(event) {
      if (!fingers.delete(event.pointerId)) return;
      hold();
      if (fingers.size) return;
      if (event.type === "pointerup" && event.pointerType === "mouse" && !chart.moving) {
        var now = { time: event.timeStamp, x: event.clientX, y: event.clientY };
        if (now.time - last.time < 400 && between(now, last) < 6) chart.reset(); // a double click, of which the library lets nobody know
        last = now;
      }
      chart.moving = false;
      chart.stage.classList.remove("is-moving");
    }

    plot.addEventListener("pointerdown", function (event) {
      if (event.button !== 0 || event.ctrlKey || fingers.size > 1) return;
      if (!fingers.size) chart.dragged = false;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      hold();
    });
    // Of the window: while a button is down the library lays something over the page.
    addEventListener("pointermove", function (event) {
      if (!fingers.has(event.pointerId)) return;
      if (event.pointerType === "mouse" && !(event.buttons & 1)) return end(event); // let go where nobody could tell us
      var touch = event.pointerType === "touch", place = chart.place();
      if (touch && fingers.size === 1 && !chart.moving && chart.isWhole()) return;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      var places = Array.from(fingers.values()), now = middle(places);
      if (!chart.moving) {
        if (places.length === 1 && between(now, held.middle) < (touch ? 10 : 4)) return;
        // Up or down one finger scrolls the page, which the browser says only after the first movement.
        if (places.length === 1 && touch && Math.abs(now.x - held.middle.x) <= Math.abs(now.y - held.middle.y)) return;
        chart.moving = chart.dragged = true;
        chart.stage.classList.add("is-moving");
        window.Plotly.Fx.unhover(plot);
      }
      chart.view = held.view;
      if (held.apart) chart.zoom(held.apart / Math.max(between(places[0], places[1]), 1), held.middle);
      chart.move((held.middle.x - now.x) / place.width, (now.y - held.middle.y) / place.height);
    });
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
    // Two fingers are the chart's.
    ["touchstart", "touchmove"].forEach(function (name) {
      plot.addEventListener(name, function (event) { if (event.touches.length > 1 && event.cancelable) event.preventDefault(); }, { passive: false });
    });
    plot.addEventListener("wheel", function (event) {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      var turned = event.deltaY * (event.deltaMode === 1 ? 20 : 1);
      chart.zoom(Math.exp(bounded(turned, -25, 25) / 100), { x: event.clientX, y: event.clientY });
    }, { passive: false });

    plot.tabIndex = 0;
    plot.setAttribute("aria-keyshortcuts", "+ - 0 ArrowLeft ArrowRight ArrowUp ArrowDown");
    plot.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      var arrows = { ArrowLeft: [-stride, 0], ArrowRight: [stride, 0], ArrowUp: [0, stride], ArrowDown: [0, -stride] }, arrow = arrows[event.key];
      // Somebody who has clicked into the whole chart wants to scroll the page.
      if (arrow && chart.isWhole() && !plot.matches(":focus-visible")) return;
      if (arrow) chart.move(arrow[0], arrow[1]);
      else if (event.key === "+" || event.key === "=") chart.zoom(1 / step);
      else if (event.key === "-" || event.key === "_") chart.zoom(step);
      else if (event.key === "0") chart.reset();
      else return;
      event.preventDefault();
    });
    chart.buttons.addEventListener("click", function (event) {
      var button = event.target.closest("button");
      if (!button || button.getAttribute("aria-disabled") === "true") return;
      if (button.dataset.zoom === "reset") chart.reset();
      else chart.zoom(button.dataset.zoom === "in" ? 1 / step : step);
    });
    chart.mark();
  };

  // Follows what the reader does: points to a row, moves, changes the colours, makes the window wider.
  Chart.prototype.follow = function () {
    var chart = this, redraw = function () { requestAnimationFrame(function () { if (chart.stage.isConnected) chart.draw(); }); };
    if (chart.follows) return;
    chart.follows = true;
    chart.plot.on("plotly_hover", function () { chart.stage.classList.add("is-pointing"); });
    chart.plot.on("plotly_unhover", function () { chart.stage.classList.remove("is-pointing"); });
    chart.plot.on("plotly_click", function (event) {
      // One touch comes twice, the second time as a mouse. What was dragged was not clicked.
      if (chart.dragged || (event.event && event.event.type === "touchstart")) return;
      chart.go(event.points[0]);
    });
    if (!chart.inPanels()) chart.handle();
    chart.stage.parentElement.addEventListener("click", function (event) {
      var button = event.target.closest("button[data-image]");
      if (button && !button.hasAttribute("aria-busy")) chart.save(button);
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
    var address = this.stage.dataset.rowBase + id + "#row-" + id;
    if (this.stage.dataset.opens === "apart") window.open(address, "_blank", "noopener"); // in a frame the page would be refused
    else if (!goToRow(id)) location.assign(address);
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

  // A board whose filters were changed has another chart in the same page: what is drawn in it, the old one's listeners see no more.
  var shown = null;

  function setUp() {
    var stage = document.querySelector(".chart__stage"), table = document.querySelector("details.chart__table");
    if (shown && shown === stage) return;
    shown = stage;
    // Without a library there is no stage, and the table is all there is.
    if (table) { table.open = !stage; table.classList.add("is-ready"); }
    if (!stage) return;
    var watcher = new IntersectionObserver(function (entries) {
      if (!entries.some(function (entry) { return entry.isIntersecting; })) return;
      watcher.disconnect();
      new Chart(stage).load();
    });
    watcher.observe(stage);
    if (table) table.addEventListener("click", function (event) {
      var link = event.target.closest("a[data-row]");
      if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      if (goToRow(link.dataset.row)) event.preventDefault();
    });
  }

  addEventListener("DOMContentLoaded", setUp);
  document.addEventListener("board:changed", setUp);
})();
