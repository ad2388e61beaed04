/* Live connection, clock and arrival on a page. Everything that is drawn comes from the server; this only tells it when. */
(() => {
  "use strict";

  const SILENCE_MS = 40000; // two missed beats and some
  const GATHER_MS = 150; // changes that come together are read together
  const RETRY_MS = 3000;
  const PAPER_PX = 640; // A4 without its margins
  const set = (id, props) => window.dash_clientside.set_props(id, props);

  let settings = null;
  let source = null;
  let lostSince = null;
  let silence = null;
  let gathering = null;
  let reads = 0;
  let path = null;

  const berlin = (options) =>
    new Intl.DateTimeFormat(settings.lang === "en" ? "en-GB" : "de-DE", { timeZone: "Europe/Berlin", ...options });
  const timeOf = (moment) =>
    berlin({ hour: "2-digit", minute: "2-digit" }).format(moment) + (settings.lang === "en" ? "" : "\u00a0Uhr");
  const dateOf = (moment) =>
    berlin({ day: settings.lang === "en" ? "numeric" : "2-digit", month: settings.lang === "en" ? "short" : "2-digit", year: "numeric" }).format(moment);

  function read() {
    gathering ??= setTimeout(() => {
      gathering = null;
      set("live", { data: ++reads });
    }, GATHER_MS);
  }

  function alive() {
    clearTimeout(silence);
    silence = setTimeout(lost, SILENCE_MS);
    if (lostSince) {
      lostSince = null;
      set("connection", { children: "" });
    }
  }

  function lost() {
    lostSince ??= new Date();
    set("connection", { children: settings.lost.replace("{time}", timeOf(lostSince)) });
    close();
    if (!document.hidden) setTimeout(open, RETRY_MS);
  }

  function close() {
    clearTimeout(silence);
    source?.close();
    source = null;
  }

  function open() {
    if (source || document.hidden) return;
    source = new EventSource("/live");
    source.onopen = () => { alive(); read(); };
    source.onerror = lost;
    for (const kind of ["value", "beat"]) source.addEventListener(kind, () => { alive(); read(); });
  }

  function tick(offset) {
    const now = new Date(Date.now() + offset);
    set("clock", { children: `${dateOf(now)} ${timeOf(now)}` });
    setTimeout(tick, 60000 - (now.getTime() % 60000), offset);
  }

  /* A chart has the screen's width; on paper it is made to fit. */
  addEventListener("beforeprint", () => {
    for (const chart of document.querySelectorAll(".series > div")) chart.style.zoom = Math.min(1, PAPER_PX / chart.clientWidth);
  });
  addEventListener("afterprint", () => {
    for (const chart of document.querySelectorAll(".series > div")) chart.style.zoom = "";
  });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.city = {
    /* Once, when the layout is there. A browser allows six connections to an origin, so a hidden tab gives its one back. */
    connect(given) {
      settings = given;
      path = location.pathname;
      tick(Date.parse(given.now) - Date.now());
      document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
      open();
    },
    /* After each page: its title; on a new page also the top and the focus, as a browser does it. */
    arrive(arrival) {
      if (!arrival) return;
      document.title = arrival.title;
      if (arrival.path !== path) {
        path = arrival.path;
        window.scrollTo(0, 0);
        requestAnimationFrame(() => document.getElementById("headline")?.focus({ preventScroll: true }));
      }
    },
  };
})();
