/* The search of the overview: the words are in the page, so no key waits for the server. Matches are plain links. */
(() => {
  "use strict";

  const plain = (text) => text.toLowerCase().replace(/ß/g, "ss").normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  let read = null; // the index, and the text it was read from
  let typed = "";
  let focused = "";

  function index(box) {
    if (read?.from !== box.dataset.index) {
      const given = JSON.parse(box.dataset.index);
      const found = given.found.map(([href, title, below, words]) => {
        return { href, title, below, name: plain(title), id: plain(below.split(" ")[0]), words: plain(`${title} ${below} ${words}`) };
      });
      read = { from: box.dataset.index, said: given.said, shown: given.shown, found };
    }
    return read;
  }

  const rank = (one, text) =>
    one.id === text ? 0 : one.id.startsWith(text) ? 1 : one.name.startsWith(text) ? 2 : one.name.includes(text) ? 3 : 4;

  function matches(text, found) {
    const words = plain(text).split(/\s+/).filter(Boolean);
    if (!words.length) return null;
    return found
      .filter((one) => words.every((word) => one.words.includes(word)))
      .sort((one, other) => rank(one, words.join(" ")) - rank(other, words.join(" ")));
  }

  function line(one) {
    const link = document.createElement("a");
    link.href = one.href;
    for (const [name, text] of [["search-title", one.title], ["search-below", one.below]]) {
      const part = document.createElement("span");
      part.className = name;
      part.textContent = text;
      link.append(part);
    }
    return link;
  }

  function show(text) {
    const box = document.getElementById("search-results");
    if (!box) return;
    const { said, shown, found } = index(box);
    const hits = matches(text, found);
    box.replaceChildren(...(hits ?? []).slice(0, shown).map(line));
    const n = hits?.length ?? -1;
    const words = n < 0 ? "" : n === 0 ? said.none : n === 1 ? said.one : n > shown ? said.more : said.many;
    document.getElementById("search-said").textContent = words.replace("{n}", n);
    if (n === 0 || n > shown) {
      const rest = document.createElement("p");
      rest.textContent = words.replace("{n}", n);
      box.append(rest);
    }
  }

  function write(input, text) {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, text); // past React's own setter
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("input", (event) => {
    if (event.target.id !== "search") return;
    typed = event.target.value;
    show(typed);
  });

  /* When the page is drawn anew under the reader's hands, the words and the focus stay. */
  document.addEventListener("focusin", (event) => { focused = event.target.id; });
  new MutationObserver(() => {
    const input = document.getElementById("search");
    if (!input) typed = "";
    else if (typed && input.value !== typed) {
      write(input, typed);
      if (focused === "search" && document.activeElement === document.body) input.focus();
    }
  }).observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener("keydown", (event) => {
    const box = document.getElementById("search-results");
    const input = document.getElementById("search");
    if (!box || !input || !(event.target === input || box.contains(event.target))) return;
    const links = [...box.querySelectorAll("a")];
    const at = links.indexOf(event.target);
    if (event.key === "ArrowDown") (links[at + 1] ?? links[0])?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? links[at - 1] : input).focus();
    else if (event.key === "Enter" && event.target === input) links[0]?.click();
    else if (event.key === "Escape") { write(input, ""); input.focus(); }
    else return;
    event.preventDefault();
  });

  /* Inside the app a link changes the address without loading the frame again, as the app's own links do. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#search-results a");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState({}, "", link.href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  });
})();
