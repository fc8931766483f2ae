// The script of the debugger's pages: the consoles with their history and completion, the PIN, unfolding, copying. The page
// is complete without it; what needs it is hidden until it runs. It asks by POST, with the secret that the page carries.

export const PAGE_SCRIPT: string = String.raw`
"use strict";
{
  const { base, secret, error, locked } = JSON.parse(document.getElementById("debugger-data").textContent);
  const commands = location.origin + base;
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const status = document.getElementById("status");
  const say = (text) => { status.textContent = ""; requestAnimationFrame(() => { status.textContent = text; }); };

  async function ask(command, body) {
    const response = await fetch(commands + command, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ secret, error, ...body }),
    });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    throw Object.assign(new Error(answer.problem ?? response.statusText), { status: response.status, needsPin: answer.needsPin === true });
  }

  /* The PIN: asked for when a command needs it. */
  const dialog = document.getElementById("pin");
  let asking;
  function askPin() {
    asking ??= new Promise((resolve) => {
      const form = dialog.querySelector("form");
      const input = dialog.querySelector("input");
      const problem = dialog.querySelector(".problem");
      problem.textContent = "";
      input.value = "";
      const done = (opened) => { asking = undefined; form.onsubmit = null; dialog.onclose = null; if (dialog.open) dialog.close(); resolve(opened); };
      dialog.onclose = () => done(false);
      form.onsubmit = async (event) => {
        event.preventDefault();
        problem.textContent = "Checking…";
        try {
          const { auth, exhausted } = await ask("pin", { pin: input.value });
          if (auth) { document.getElementById("unlock")?.remove(); return done(true); }
          problem.textContent = exhausted
            ? "Too many wrong PINs: the debugger is locked until the server is started anew."
            : "That is not the PIN.";
          input.select();
        } catch (failure) { problem.textContent = failure.message; }
      };
      dialog.showModal();
      input.focus();
      ask("print-pin", {}).catch(() => {});
    });
    return asking;
  }
  async function askWithPin(command, body) {
    try { return await ask(command, body); }
    catch (failure) {
      if (!failure.needsPin || !(await askPin())) throw failure;
      return ask(command, body);
    }
  }
  dialog.querySelector("button[type=button]").onclick = () => dialog.close();

  /* Values: what is inside is asked for when it is opened, as it is then. */
  const loaded = new WeakSet();
  document.addEventListener("toggle", async (event) => {
    const details = event.target;
    if (!(details instanceof HTMLElement) || !details.open || details.dataset.target === undefined || loaded.has(details)) return;
    loaded.add(details);
    try {
      const { html } = await ask("members", { target: Number(details.dataset.target) });
      const members = details.querySelector(":scope > .members");
      members.innerHTML = html;
      reveal(members);
    } catch { loaded.delete(details); }
  }, true);
  function reveal(root) { for (const button of $$("button.get", root)) button.hidden = false; }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button.get");
    if (!button) return;
    button.disabled = true;
    try {
      const { html } = await askWithPin("getter", { target: Number(button.dataset.of), key: button.dataset.getter });
      const line = button.closest(".v");
      const name = line.querySelector(".k");
      const box = document.createElement("div");
      box.innerHTML = html;
      line.replaceWith(box);
      (box.querySelector("summary") ?? box.firstElementChild).prepend(name, ": ");
    } catch (failure) { button.disabled = false; say(failure.message); }
  });

  /* Consoles. */
  const HISTORY = "werkstatt-debugger-history";
  const history = (() => { try { return JSON.parse(sessionStorage.getItem(HISTORY)) ?? []; } catch { return []; } })();
  function remember(code) {
    if (history.at(-1) !== code) history.push(code);
    if (history.length > 200) history.shift();
    try { sessionStorage.setItem(HISTORY, JSON.stringify(history)); } catch {}
  }

  let consoles = 0;
  for (const box of $$(".console")) {
    const frame = box.dataset.frame === undefined ? undefined : Number(box.dataset.frame);
    const log = box.querySelector(".log");
    const input = box.querySelector("textarea");
    const choices = box.querySelector(".choices");
    const id = "choices-" + ++consoles;
    choices.id = id;
    let at = history.length, draft = "", names = [], chosen = -1, start = 0;
    box.hidden = false;

    const fit = () => { input.rows = Math.min(20, input.value.split("\n").length); };
    const put = (text) => { input.value = text; input.setSelectionRange(text.length, text.length); fit(); };
    function entry(code) {
      const element = document.createElement("div");
      element.className = "turn";
      const line = document.createElement("pre");
      line.className = "in";
      line.textContent = code;
      element.append(line);
      log.append(element);
      log.scrollTop = log.scrollHeight;
      return element;
    }
    async function evaluate() {
      const code = input.value;
      if (code.trim() === "") return;
      input.readOnly = true;
      const element = entry(code);
      try {
        const { kind, html } = await askWithPin("evaluate", { frame, code });
        if (kind === "incomplete") {
          element.remove();
          put(code + "\n");
          return;
        }
        remember(code);
        at = history.length;
        const result = document.createElement("div");
        result.innerHTML = html;
        element.append(...result.childNodes);
        reveal(element);
        put("");
      } catch (failure) {
        const line = document.createElement("pre");
        line.className = "err";
        line.textContent = failure.message;
        element.append(line);
      } finally {
        input.readOnly = false;
        log.scrollTop = log.scrollHeight;
        input.focus();
      }
    }

    function close() {
      choices.hidden = true;
      names = [];
      input.removeAttribute("aria-activedescendant");
    }
    function choose(index) {
      chosen = (index + names.length) % names.length;
      for (const [i, item] of [...choices.children].entries()) item.setAttribute("aria-selected", String(i === chosen));
      choices.children[chosen].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", choices.children[chosen].id);
    }
    function accept(name) {
      const caret = input.selectionStart;
      input.setRangeText(name, start, caret, "end");
      close();
      input.focus();
    }
    async function complete() {
      const text = input.value.slice(0, input.selectionStart);
      let answer;
      try { answer = await askWithPin("complete", { frame, text }); } catch (failure) { say(failure.message); return; }
      input.focus();
      if (input.value.slice(0, input.selectionStart) !== text) return;
      names = answer.names;
      start = answer.start;
      if (names.length === 0) { close(); say("No completions"); return; }
      if (names.length === 1) { accept(names[0]); return; }
      choices.replaceChildren(...names.map((name, i) => {
        const item = document.createElement("li");
        item.id = id + "-" + i;
        item.setAttribute("role", "option");
        item.textContent = name;
        item.onpointerdown = (event) => { event.preventDefault(); accept(name); };
        return item;
      }));
      choices.hidden = false;
      choose(0);
      say(names.length + " completions");
    }

    input.addEventListener("input", () => { fit(); close(); });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (input.readOnly || event.isComposing) return;
      const open = !choices.hidden;
      const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
      const done = () => event.preventDefault();
      if (event.key === "Enter" && plain && open) { done(); accept(names[chosen]); }
      else if (event.key === "Enter" && plain) { done(); evaluate(); }
      else if (event.key === "Escape" && open) { done(); close(); }
      else if (event.key === "Tab" && open) { done(); choose(chosen + (event.shiftKey ? -1 : 1)); }
      /* An empty line lets the keyboard go on to what comes next. */
      else if (event.key === "Tab" && plain && input.value.slice(0, input.selectionStart).trim() !== "") { done(); complete(); }
      else if (event.key === "ArrowDown" && open) { done(); choose(chosen + 1); }
      else if (event.key === "ArrowUp" && open) { done(); choose(chosen - 1); }
      else if (event.key === "ArrowUp" && plain && !input.value.slice(0, input.selectionStart).includes("\n")) {
        if (at === 0) return;
        done();
        if (at === history.length) draft = input.value;
        put(history[--at]);
      } else if (event.key === "ArrowDown" && plain && !input.value.slice(input.selectionEnd).includes("\n")) {
        if (at >= history.length) return;
        done();
        put(++at === history.length ? draft : history[at]);
      } else if (event.key.toLowerCase() === "l" && event.ctrlKey && !event.altKey) { done(); log.replaceChildren(); }
    });
    box.querySelector(".prompt").addEventListener("click", (event) => { if (event.target !== input) input.focus(); });
  }

  /* The order of the frames. */
  const ORDER = "werkstatt-debugger-order";
  const order = document.getElementById("order");
  if (order) {
    let outermost = false;
    const turn = () => {
      outermost = !outermost;
      for (const list of $$(".frames")) list.append(...[...list.children].reverse());
      order.setAttribute("aria-pressed", String(outermost));
      try { localStorage.setItem(ORDER, outermost ? "outermost" : "innermost"); } catch {}
    };
    order.onclick = turn;
    try { if (localStorage.getItem(ORDER) === "outermost") turn(); } catch {}
  }

  /* Copying. */
  for (const button of $$("button[data-copy]")) {
    button.onclick = async () => {
      const text = document.getElementById(button.dataset.copy).textContent;
      try { await navigator.clipboard.writeText(text); }
      catch {
        const area = document.createElement("textarea");
        area.value = text;
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
        button.focus();
      }
      say("Copied");
      const label = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = label; }, 1500);
    };
  }
  const unlock = document.getElementById("unlock");
  if (unlock) unlock.onclick = async () => { if (await askPin()) say("The consoles are open"); };
  for (const element of $$("[data-script]")) element.hidden = false;
  reveal(document);
  if (locked) say("The debugger is locked");
}
`
