/* Tables of partners: a chosen file, a typed row and what is decided about them go to /v1/uploads; the server draws the rest. */
(() => {
  "use strict";

  const say = (text) => window.dash_clientside.set_props("tables-said", { children: text });
  const words = () => JSON.parse(document.getElementById("tables-box").dataset.words);

  function reason(status, problem) {
    if (status === 401 || status === 403) return words().login;
    if (status === 413) return words().too_large;
    return words()[problem.reason] ?? `${words().failed} ${problem.detail ?? status}`;
  }

  async function send(address, method, body, type, then) {
    say(words().sending);
    let answer;
    try {
      answer = await fetch(address, { method, body, headers: type ? { "Content-Type": type } : {}, cache: "no-store" });
    } catch {
      say(words().away);
      return;
    }
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) location.assign(then(told));
    else say(reason(answer.status, told));
  }

  function choose(button) {
    const input = Object.assign(document.createElement("input"), { type: "file", accept: button.dataset.accept });
    input.addEventListener("change", () => {
      const [file] = input.files;
      if (!file) return;
      if (file.size > words().most) say(words().too_large);
      else send(button.dataset.choose, "POST", file, "application/octet-stream", (told) => button.dataset.next + told.id);
    });
    input.click();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-choose], button[data-send]");
    if (!button) return;
    if (button.dataset.choose) choose(button);
    else send(button.dataset.send, button.dataset.method, undefined, "", () => button.dataset.then);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest?.("form[data-row]");
    if (!form) return;
    event.preventDefault();
    const row = JSON.stringify(Object.fromEntries(new FormData(form)));
    send(form.dataset.row, "POST", row, "application/json", (told) => form.dataset.next + told.id);
  });
})();
