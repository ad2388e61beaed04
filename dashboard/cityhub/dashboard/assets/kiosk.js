/* A screen on a wall: fills a fixed set of tiles, view after view, for days. It keeps the last good data. */
(() => {
  "use strict";

  const ASK_MS = 10000;
  const ASK_AGAIN_MS = 3000; // while the hub is away
  const PATIENCE_MS = 8000;
  const TICK_MS = 200;
  const settings = document.body.dataset;
  const dwellMs = Number(settings.dwell) * 1000;
  const at = (id) => document.getElementById(id);
  const tiles = [...document.querySelectorAll(".kiosk-tile")];
  const parts = tiles.map((tile) => (name) => tile.querySelector(`.${name}`));

  let views = [];
  let shown = 0;
  let version = null;
  let paused = false;
  let elapsed = 0;
  let last = Date.now();
  let lostSince = null;

  function write(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function fill(number, tile) {
    const part = parts[number];
    tiles[number].hidden = !tile;
    if (!tile) return;
    write(part("kiosk-name"), tile.name);
    write(part("kiosk-number"), tile.number);
    write(part("kiosk-unit"), tile.unit);
    write(part("kiosk-period"), [tile.period, tile.note].filter(Boolean).join(" · "));
    write(part("kiosk-word"), tile.status_word);
    write(part("kiosk-trend"), tile.trend);
    write(part("kiosk-state"), tile.state);
    part("kiosk-status").className = `kiosk-status status-${tile.status}`;
    part("icon").className = `icon icon-${tile.status}`;
    part("kiosk-figure").className = `kiosk-figure${tile.doubtful ? " unreliable" : ""}`;
    part("kiosk-state").className = `kiosk-state${tile.late ? " overdue" : ""}`;
  }

  function draw() {
    if (!views.length) return;
    shown %= views.length;
    const view = views[shown];
    write(at("kiosk-title"), view.title);
    write(at("kiosk-place"), `${shown + 1} / ${views.length}`);
    document.title = view.title;
    at("kiosk-tiles").dataset.count = view.tiles.length;
    tiles.forEach((_, number) => fill(number, view.tiles[number]));
  }

  function turn(by) {
    shown = views.length ? (shown + by + views.length) % views.length : 0;
    elapsed = 0;
    draw();
  }

  function pause() {
    paused = !paused;
    write(at("kiosk-pause"), paused ? settings.go : settings.pause);
    at("kiosk-pause").setAttribute("aria-pressed", String(paused));
  }

  function tick() {
    const now = Date.now();
    if (!paused) elapsed += Math.min(now - last, dwellMs); // a screen that slept does not rush through
    last = now;
    if (elapsed >= dwellMs) turn(1);
    at("kiosk-bar").style.transform = `scaleX(${Math.min(elapsed / dwellMs, 1)})`;
  }

  function lost() {
    lostSince ??= new Date();
    const options = { timeZone: "Europe/Berlin", hour: "2-digit", minute: "2-digit" };
    const german = document.documentElement.lang === "de";
    const time = new Intl.DateTimeFormat(german ? "de-DE" : "en-GB", options).format(lostSince);
    write(at("kiosk-lost"), settings.lost.replace("{time}", german ? `${time}\u00a0Uhr` : time));
  }

  async function ask() {
    try {
      const answer = await fetch(settings.views, { signal: AbortSignal.timeout(PATIENCE_MS), cache: "no-store", credentials: "omit" });
      if (!answer.ok) throw new Error(String(answer.status));
      const given = await answer.json();
      if (version && given.version !== version) location.reload();
      version = given.version;
      views = given.views;
      write(at("kiosk-clock"), given.clock);
      write(at("kiosk-lost"), "");
      lostSince = null;
      draw();
    } catch {
      lost();
    } finally {
      setTimeout(ask, lostSince ? ASK_AGAIN_MS : ASK_MS);
    }
  }

  at("kiosk-pause").addEventListener("click", pause);
  at("kiosk-next").addEventListener("click", () => turn(1));
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("button") && [" ", "Enter"].includes(event.key)) return; // the button's own
    if (event.key === "ArrowRight") turn(1);
    else if (event.key === "ArrowLeft") turn(-1);
    else if (event.key === " ") pause();
    else return;
    event.preventDefault();
  });
  setInterval(tick, TICK_MS);
  ask();
})();
