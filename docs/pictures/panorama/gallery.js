"use strict";
// What a gallery does beyond being read: light or dark as the reader likes, and pictures to walk through and into.
// Without it every picture is a link to its full size.

{
  const LOOKS = ["", "light", "dark"];
  const SAID = { "": "as the system", light: "light", dark: "dark" };
  const button = document.getElementById("look");

  const remembered = () => {
    try { return localStorage.getItem("doorways-look") || ""; } catch { return ""; } // pages from the disk may not
  };

  const show = (look) => {
    if (look) document.documentElement.dataset.look = look;
    else delete document.documentElement.dataset.look;
    button.querySelector("span").textContent = SAID[look];
  };

  let look = LOOKS.includes(remembered()) ? remembered() : "";
  show(look);
  button.hidden = false;
  button.addEventListener("click", () => {
    look = LOOKS[(LOOKS.indexOf(look) + 1) % LOOKS.length];
    show(look);
    try { localStorage.setItem("doorways-look", look); } catch { /* it is chosen for this visit alone */ }
  });
}

// A picture (an image in its <picture>) on a stage: as large as fits, and from there zoomed and moved, never out of sight.
class Pan {
  constructor(stage, image, width, height) {
    Object.assign(this, { stage, image, width, height });
    this.whole();
  }

  get fitting() { return Math.min(this.stage.clientWidth / this.width, this.stage.clientHeight / this.height); }
  get zoomed() { return this.scale > this.fitting * 1.01; }

  whole() {
    this.scale = this.fitting;
    this.x = this.y = 0;
    this.place();
  }

  // Zooms by a factor about a place of the stage, which stays where it is.
  zoom(factor, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    const most = Math.max(8, 4 * this.fitting);
    const scale = Math.min(most, Math.max(this.fitting, this.scale * factor));
    const ratio = scale / this.scale;
    this.x = x - (x - this.x) * ratio;
    this.y = y - (y - this.y) * ratio;
    this.scale = scale;
    this.place();
  }

  move(x, y) {
    this.x += x;
    this.y += y;
    this.place();
  }

  place() {
    const within = (at, length, room) => length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, at));
    this.x = within(this.x, this.width * this.scale, this.stage.clientWidth);
    this.y = within(this.y, this.height * this.scale, this.stage.clientHeight);
    this.image.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
  }

  end() { this.image.parentNode.remove(); }
}

// The same for tiles, by OpenSeadragon, which is loaded when the first big picture is opened.
class Tiles {
  constructor(stage, source, name) {
    this.box = document.createElement("div");
    this.box.style.cssText = "position: absolute; inset: 0";
    stage.append(this.box);
    Tiles.load().then(() => {
      if (!this.box.isConnected) return;
      this.viewer = OpenSeadragon({
        element: this.box, tileSources: [source], drawer: "canvas", showNavigationControl: false, maxZoomPixelRatio: 8,
        gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      });
      this.viewer.canvas.setAttribute("tabindex", "-1"); // the stage around it has the keys
      this.viewer.canvas.setAttribute("role", "img");
      this.viewer.canvas.setAttribute("aria-label", name);
    });
  }

  static load() {
    Tiles.loading ??= new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: "openseadragon.min.js", onload: resolve, onerror: reject });
      document.head.append(script);
    });
    return Tiles.loading;
  }

  get zoomed() {
    const port = this.viewer?.viewport;
    return Boolean(port) && port.getZoom() > port.getHomeZoom() * 1.01;
  }

  whole() { this.viewer?.viewport.goHome(); }
  zoom(factor) { this.viewer?.viewport.zoomBy(factor).applyConstraints(); }

  move(x, y) {
    const port = this.viewer?.viewport;
    port?.panBy(port.deltaPointsFromPixels(new OpenSeadragon.Point(-x, -y))).applyConstraints();
  }

  place() {}

  end() {
    this.viewer?.destroy();
    this.box.remove();
  }
}

{
  const links = [...document.querySelectorAll("a.view")];
  const viewer = document.getElementById("viewer");
  const stage = viewer.querySelector(".stage");
  const said = document.getElementById("viewed");
  let at = 0;
  let shown = null;

  const show = (index) => {
    at = (index + links.length) % links.length;
    const link = links[at];
    const alt = link.querySelector("img").alt;
    const { width, height, best, kind, tiles } = link.dataset;
    shown?.end();
    if (tiles) {
      shown = new Tiles(stage, JSON.parse(tiles), alt);
    } else {
      const picture = document.createElement("picture");
      const source = Object.assign(document.createElement("source"), { type: kind, srcset: best });
      const image = Object.assign(document.createElement("img"), { alt, width, height, draggable: false });
      image.style.backgroundImage = `url("${link.querySelector("img").currentSrc}")`; // until it is here
      picture.append(source, image);
      image.src = link.getAttribute("href");
      stage.append(picture);
      shown = new Pan(stage, image, Number(width), Number(height));
    }
    const sides = [...link.closest("figure").querySelectorAll(".sides span")].map((side) => side.textContent);
    said.textContent = `${sides.join(" / ")} (${at + 1} of ${links.length})`;
  };

  const open = (index) => {
    try { history.pushState({ viewer: true }, ""); } catch { /* then going back leaves the page */ }
    viewer.showModal();
    show(index);
    stage.focus();
  };

  links.forEach((link, index) => link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(index);
  }));

  viewer.addEventListener("close", () => {
    shown?.end();
    shown = null;
    if (history.state?.viewer) history.back();
    links[at].focus();
  });
  addEventListener("popstate", () => { if (viewer.open) viewer.close(); });
  addEventListener("resize", () => { if (shown) shown.zoomed ? shown.place() : shown.whole(); });

  const DO = {
    before: () => show(at - 1),
    after: () => show(at + 1),
    in: () => shown.zoom(1.5),
    out: () => shown.zoom(1 / 1.5),
    whole: () => shown.whole(),
    close: () => viewer.close(),
  };
  viewer.querySelector(".tools").addEventListener("click", (event) => DO[event.target.dataset.do]?.());

  const STEP = 80;
  const ARROWS = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
  const KEYS = { "+": "in", "=": "in", "-": "out", _: "out", 0: "whole", PageUp: "before", PageDown: "after" };
  viewer.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (KEYS[event.key]) DO[KEYS[event.key]]();
    else if (!ARROWS[event.key]) return;
    else if (shown.zoomed) shown.move(...ARROWS[event.key]);
    else if (event.key === "ArrowLeft") DO.before();
    else if (event.key === "ArrowRight") DO.after();
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // Pointers: one moves, or swipes to the next picture; two pinch; the wheel and a double tap zoom.
  const pointers = new Map();
  let swiped = 0;
  const own = () => shown instanceof Pan;

  stage.addEventListener("pointerdown", (event) => {
    if (!own()) return;
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    stage.setPointerCapture(event.pointerId);
    swiped = 0;
  });
  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before || !own()) return;
    const now = [event.clientX, event.clientY];
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const distance = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]) || 1;
      shown.zoom(distance(now) / distance(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      swiped = 0;
    } else if (shown.zoomed) {
      shown.move(now[0] - before[0], now[1] - before[1]);
    } else {
      swiped += now[0] - before[0];
    }
    pointers.set(event.pointerId, now);
  });
  const lift = (event) => {
    pointers.delete(event.pointerId);
    if (event.type === "pointerup" && !pointers.size && own() && Math.abs(swiped) > 60) DO[swiped > 0 ? "before" : "after"]();
    swiped = 0;
  };
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", lift);
  stage.addEventListener("dblclick", (event) => {
    if (!own()) return;
    if (shown.zoomed) shown.whole();
    else shown.zoom(Math.max(2.5, 1 / shown.scale), event.clientX, event.clientY);
  });
  stage.addEventListener("wheel", (event) => {
    if (!own()) return;
    event.preventDefault();
    shown.zoom(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
  }, { passive: false });
}
