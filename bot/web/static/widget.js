/**
 * <ki-auskunft>: the citizen's chat as one dependency-free element.
 *
 *   <script src="https://…/widget.js" defer></script>
 *   <ki-auskunft>Shown when the service cannot be reached.</ki-auskunft>
 *
 * Attributes: `address` (default: origin of this script), `language` (de | en; default: the page's),
 * `theme` (light | dark | auto), `open-label` (text of the launcher), `inline` (shown open in the page).
 * Colours and font follow --ki-accent, --ki-on-accent, --ki-font, --ki-radius where the page sets them.
 * Stores nothing, sends nothing before it is opened except the request for its wording.
 */
(() => {
  "use strict";

  const HOME = new URL(document.currentScript?.src || location.href).origin;
  const LANGUAGES = { de: "Deutsch", en: "English" };
  const MESSAGE_CHARACTERS = 1000;
  const COUNTED_CHARACTERS = 100;
  const PATIENCE = 30_000;

  const LIGHT = `--ground:#fff;--soft:#f2f5f9;--text:#17212e;--muted:#48566a;--line:#d3dae3;--edge:#68778b;
    --accent:var(--ki-accent,#0b4a82);--on-accent:var(--ki-on-accent,#fff);--tint:#e6eff8;--mine:#d6e6f6;--warn:#6a4100;
    --warn-soft:#fff1d1;--alarm:#a3161c;--alarm-soft:#fdecec;--mark:#ffeaa0;--shadow:0 8px 40px #0f1d3040;
    color-scheme:light;`;
  const DARK = `--ground:#151c25;--soft:#1e2733;--text:#eef3f8;--muted:#b4c0ce;--line:#364352;--edge:#8796a8;
    --accent:var(--ki-accent,#93c6ff);--on-accent:var(--ki-on-accent,#06203a);--tint:#213247;--mine:#264768;--warn:#ffd98a;
    --warn-soft:#3d3013;--alarm:#ffb3b0;--alarm-soft:#43191c;--mark:#5c4a10;--shadow:0 8px 40px #000a;
    color-scheme:dark;`;

  const STYLE = `
:host{display:block}
.frame{all:initial;display:block;font:400 max(16px,1rem)/1.5 var(--ki-font,-apple-system,"Segoe UI",Roboto,
  "Noto Sans","Liberation Sans",system-ui,sans-serif);${LIGHT}}
:host([theme=dark]) .frame{${DARK}}
@media (prefers-color-scheme:dark){:host(:not([theme=light],[theme=dark])) .frame{${DARK}}}
:host([hidden]),[hidden]{display:none!important}
*,::before,::after{box-sizing:border-box}
h2,p,blockquote,figure,ul,ol{margin:0;padding:0}
ul,ol{list-style:none}
button,textarea{font:inherit;color:inherit;margin:0}
button{min-height:44px;padding:8px 16px;border:1px solid var(--edge);border-radius:8px;background:var(--ground);
  cursor:pointer;text-align:start}
button:hover{background:var(--tint);border-color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
svg{width:1.25em;height:1.25em;flex:none;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;
  stroke-linejoin:round}
a{color:var(--accent);text-underline-offset:.2em}
a:hover{text-decoration-thickness:2px}
a svg{width:.9em;height:.9em;margin-inline-start:.25em;vertical-align:-.08em}
mark{background:var(--mark);color:inherit}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.primary,.primary:hover{background:var(--accent);color:var(--on-accent);border-color:var(--accent);font-weight:600}
.primary:hover{box-shadow:inset 0 0 0 99px #0002}
.launcher{position:fixed;inset:auto 16px 16px auto;z-index:2147483000;display:flex;align-items:center;gap:8px;
  min-height:56px;padding:8px 24px;border-radius:28px;box-shadow:0 4px 16px #0f1d3045}
.panel{display:flex;flex-direction:column;background:var(--ground);color:var(--text);
  border:1px solid var(--line);border-radius:var(--ki-radius,12px);overflow:hidden}
.floating{position:fixed;inset:auto 16px 16px auto;z-index:2147483000;width:min(27em,100vw - 32px);
  height:min(46em,100vh - 32px);height:min(46em,100dvh - 32px);box-shadow:var(--shadow)}
.inline{height:min(44em,max(30em,88vh))}
.panel:focus{outline:none}
header{display:flex;align-items:center;gap:8px;padding:8px 8px 8px 16px;border-bottom:1px solid var(--line)}
header>svg{color:var(--accent);width:1.6em;height:1.6em}
h2{font-size:1.0625em;font-weight:650;line-height:1.25;flex:1;min-width:0}
.languages{display:flex;gap:4px}
.languages button,.close{min-width:44px;padding:4px;text-align:center;border-color:transparent;
  background:transparent;font-size:.875em}
.languages button[aria-pressed=true]{font-weight:700;text-decoration:underline;text-decoration-thickness:2px;
  text-underline-offset:.35em;color:var(--accent)}
.languages button:hover,.close:hover{background:var(--tint)}
.close{display:grid;place-items:center}
.notice{display:flex;gap:8px;padding:8px 16px;background:var(--tint);font-size:.875em;line-height:1.45}
.notice svg{margin-top:.05em;color:var(--accent)}
.log{position:relative;flex:1;min-height:0;overflow-y:auto;overscroll-behavior:contain;padding:16px;
  overflow-wrap:anywhere;display:flex;flex-direction:column;gap:16px;background:var(--soft)}
.log:focus-visible{outline-offset:-3px}
.message,.welcome{display:flex;flex-direction:column;gap:8px;max-width:100%}
.sender{font-size:.8125em;font-weight:600;color:var(--muted)}
.body{display:flex;flex-direction:column;gap:12px;padding:12px 16px;border:1px solid var(--line);
  border-radius:4px 12px 12px;background:var(--ground)}
.body p{white-space:pre-line}
.mine{align-self:flex-end;align-items:flex-end;max-width:88%}
.mine .body{background:var(--mine);border-color:transparent;border-radius:12px 4px 12px 12px}
.citations{display:flex;flex-direction:column;gap:16px}
figure{display:flex;flex-direction:column;gap:8px}
blockquote{padding:4px 0 4px 16px;border-inline-start:4px solid var(--accent);font-size:1.0625em;
  white-space:pre-line}
figcaption{font-size:.875em;color:var(--muted)}
.badges{display:flex;flex-wrap:wrap;gap:8px}
.badge{padding:0 8px;border:1px solid;border-radius:12px;background:var(--warn-soft);color:var(--warn);
  font-size:.8125em;font-weight:600}
summary{width:fit-content;min-height:28px;padding:2px 0;cursor:pointer;color:var(--accent);font-size:.875em;
  font-weight:600}
details p{margin-top:8px;padding:12px;border-radius:8px;background:var(--soft);font-size:.875em}
.choices{display:flex;flex-direction:column;align-items:flex-start;gap:8px}
.choices button{border-radius:22px;border-color:var(--accent);color:var(--accent);line-height:1.35}
.choices .candidate{display:flex;flex-direction:column;width:100%;border-radius:8px;font-weight:600}
.candidate small{font-size:.8125em;font-weight:400;color:var(--muted)}
.feedback{display:flex;flex-wrap:wrap;align-items:center;gap:8px;font-size:.875em;color:var(--muted)}
.feedback button{padding:4px 16px;min-height:36px;color:var(--text)}
.feedback button[aria-pressed=true]{background:var(--accent);color:var(--on-accent);border-color:var(--accent)}
.crisis .body{border:3px solid var(--alarm);background:var(--alarm-soft);font-size:1.0625em;font-weight:600}
.status{min-height:0;padding:0 16px;background:var(--soft);color:var(--muted);font-size:.875em}
.status:not(:empty){padding-bottom:8px}
.searching::after{content:"";display:inline-block;width:1.5em;text-align:start;animation:dots 1.2s steps(4) infinite}
@keyframes dots{0%{content:""}25%{content:"."}50%{content:".."}75%{content:"..."}}
form{padding:8px 16px 0;border-top:1px solid var(--line)}
label{font-size:.875em;font-weight:600}
.entry{display:flex;align-items:flex-end;gap:8px;margin-top:4px}
textarea{flex:1;min-width:0;min-height:48px;max-height:9em;padding:11px 12px;line-height:1.5;resize:none;
  field-sizing:content;border:1px solid var(--edge);border-radius:8px;background:var(--ground)}
textarea:focus-visible{outline-offset:-1px}
textarea[aria-invalid=true]{border:2px solid var(--alarm);padding:10px 11px}
.send{display:flex;align-items:center;gap:8px;min-height:48px}
.send[aria-disabled=true]{opacity:.65;cursor:default}
.error:not(:empty),.counter:not(:empty){display:flex;flex-wrap:wrap;align-items:center;gap:8px;margin-top:8px;
  font-size:.875em}
.error{color:var(--alarm);font-weight:600}
.retry{margin-top:8px}
.hint{margin-top:4px;font-size:.8125em;color:var(--muted)}
footer{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 8px;padding:4px 8px}
footer button{display:flex;align-items:center;gap:8px;padding:8px;border-color:transparent;background:transparent;
  color:var(--accent);font-size:.875em;font-weight:600}
.erase{color:var(--muted);font-weight:400}
@media (max-width:480px){
  .floating{inset:auto 0 0;width:100%;height:94vh;height:94dvh;border-radius:16px 16px 0 0;border-width:1px 0 0}
  .log{padding:12px}.hint,.send svg{display:none}.mine{max-width:94%}
  .languages{gap:0}footer button{padding:8px 4px}
}
@media (pointer:coarse){.hint{display:none}}
@media (max-height:30em){
  .floating{inset:0 0 0 auto;height:100%;border-radius:0}
  .panel,.inline{overflow-y:auto;height:auto}.floating{height:100%}
  .log{flex:none;overflow:visible}.hint{display:none}
}
@media (prefers-reduced-motion:reduce){*,::before,::after{animation:none!important;transition:none!important}
  .searching::after{content:"…"}}
@media (forced-colors:active){.body,blockquote,.launcher,.primary{border-color:CanvasText}
  .languages button[aria-pressed=true],.feedback button[aria-pressed=true]{border:2px solid Highlight}}`;

  const ICONS = {
    assistant: ["M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z", "M8 9h8M8 13h5"],
    close: ["M6 6l12 12M18 6L6 18"],
    information: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M12 11v5M12 8v.01"],
    person: ["M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z", "M4 21c0-4 3.5-6 8-6s8 2 8 6"],
    send: ["M4 12h15M13 6l6 6-6 6"],
    tab: ["M14 4h6v6M20 4l-9 9M18 14v6H4V6h6"],
  };

  /** A reply that is not a success; `detail` may be shown as it is, is in `language` and may be empty. */
  class Problem extends Error {
    constructor(detail, status, language) {
      super(detail);
      Object.assign(this, { detail, status, language });
    }
  }

  /** An element with attributes (`on…` become listeners) and children; strings become text nodes. */
  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child != null));
    return node;
  }

  function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const drawing = document.createElementNS(space, "svg");
    drawing.setAttribute("viewBox", "0 0 24 24");
    drawing.setAttribute("aria-hidden", "true");
    for (const line of ICONS[name]) {
      const path = document.createElementNS(space, "path");
      path.setAttribute("d", line);
      drawing.append(path);
    }
    return drawing;
  }

  function paragraphs(text) {
    return text.split(/\n{2,}/).filter((part) => part.trim()).map((part) => element("p", {}, part.trim()));
  }

  /** "2020-06-24" as 24.06.2020 or 24 June 2020; anything else unchanged. */
  function day(date, language) {
    const moment = new Date(`${date}T00:00:00Z`);
    if (!/^\d{4}-\d\d-\d\d$/.test(date) || isNaN(moment)) return date;
    const form = language === "en" ? ["en-GB", "numeric", "long"] : ["de-DE", "2-digit", "2-digit"];
    return moment.toLocaleDateString(form[0], { day: form[1], month: form[2], year: "numeric", timeZone: "UTC" });
  }

  /** The address as an absolute http(s) URL, or null for everything that must not become a link. */
  function safeLink(url, base) {
    try {
      const target = new URL(url, base);
      return url && /^https?:$/.test(target.protocol) ? target.href : null;
    } catch {
      return null;
    }
  }

  const filled = (text, count) => text.replace("{count}", count);

  class KiAuskunft extends HTMLElement {
    static observedAttributes = ["language", "open-label"];

    #parts = null; // the elements that change, once the wording is there
    #labels = []; // [node, key of the wording, attribute or null for the text]
    #words = null;
    #language = "";
    #opening = null; // promise of the conversation messages go to
    #held = []; // every conversation of this page, so that all can be erased
    #waiting = false;
    #again = null; // what the retry button does

    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
      this.#speak(this.getAttribute("language") || document.documentElement.lang.slice(0, 2));
    }

    attributeChangedCallback(name, before, value) {
      if (!this.#parts || before === value) return;
      if (name === "language") this.#speak(value);
      else this.#label();
    }

    /** Shows the chat; does nothing while the wording is not loaded. */
    open() {
      if (!this.#parts) return;
      const { panel, launcher, input } = this.#parts;
      panel.hidden = false;
      launcher.hidden = true;
      launcher.setAttribute("aria-expanded", "true");
      this.#begin();
      // A focused field opens the on-screen keyboard or, on very low screens, scrolls the notice out of view.
      if (matchMedia("(pointer: coarse), (max-height: 30em)").matches) panel.focus({ preventScroll: true });
      else input.focus();
    }

    /** Hides the chat, keeps the transcript, and returns the focus unless `refocus` is false. */
    close(refocus = true) {
      const { panel, launcher } = this.#parts;
      panel.hidden = true;
      launcher.hidden = false;
      launcher.setAttribute("aria-expanded", "false");
      if (refocus) launcher.focus();
    }

    get #address() {
      return (this.getAttribute("address") || HOME).replace(/\/+$/, "");
    }

    async #call(method, path, body, token) {
      const headers = { Accept: "application/json", "Accept-Language": this.#language };
      if (body) headers["Content-Type"] = "application/json";
      if (token) headers.Authorization = `Bearer ${token}`;
      const reply = await fetch(`${this.#address}/api/v1/${path}`, {
        method,
        headers,
        body: body && JSON.stringify(body),
        credentials: "omit",
        signal: AbortSignal.timeout(PATIENCE),
      });
      const content = await reply.json().catch(() => null);
      if (!reply.ok) throw new Problem(content?.detail, reply.status, reply.headers.get("Content-Language") || "de");
      return content;
    }

    async #speak(wanted) {
      const language = wanted in LANGUAGES ? wanted : "de";
      if (language === this.#language) return;
      const before = this.#language;
      this.#language = language;
      try {
        const words = await this.#call("GET", `wording/${language}`);
        if (this.#language !== language) return;
        this.#words = words;
      } catch (problem) {
        this.#language = before;
        if (before) this.#fail(problem, () => this.#speak(language));
        else this.shadowRoot.append(element("slot"));
        return;
      }
      if (!before) this.#build();
      this.#label();
      this.#opening = null;
      if (!this.#parts.panel.hidden) this.#begin();
    }

    /** A child of the panel whose text, or the named attribute, follows the language. */
    #worded(key, node, attribute = null) {
      this.#labels.push([node, key, attribute]);
      return node;
    }

    #label() {
      for (const [node, key, attribute] of this.#labels) {
        const text = (key === "open" && this.getAttribute("open-label")) || this.#words[key];
        if (attribute) node.setAttribute(attribute, text);
        else node.textContent = text;
      }
      this.#parts.frame.lang = this.#language;
      for (const button of this.#parts.languages) {
        button.setAttribute("aria-pressed", String(button.lang === this.#language));
      }
      this.#count();
    }

    #build() {
      const inline = this.hasAttribute("inline");
      const span = (key, attributes) => this.#worded(key, element("span", attributes));
      const parts = (this.#parts = {
        launcher: element("button", {
          type: "button", class: "launcher primary", hidden: inline, "aria-expanded": "false",
          "aria-haspopup": "dialog", "aria-controls": "panel", onclick: () => this.open(),
        }, icon("assistant"), span("open")),
        notice: span("notice", { id: "notice" }),
        suggestions: element("ul", { class: "choices" }),
        status: element("p", { class: "status", role: "status" }),
        announced: element("p", { class: "unseen", role: "status" }),
        languages: Object.entries(LANGUAGES).map(([code, name]) => element("button", {
          type: "button", lang: code, "aria-label": name, onclick: () => this.#speak(code),
        }, code.toUpperCase())),
        human: element("button", { type: "button", onclick: () => this.#send(this.#words.human_message) },
          icon("person"), span("human")),
        erase: this.#worded("erase", element("button", {
          type: "button", class: "erase", hidden: true, onclick: () => this.#erase(),
        })),
      });
      parts.log = this.#worded("log_label", element("div", { class: "log", role: "log", tabindex: "0" },
        element("div", { class: "welcome" }, this.#worded("welcome", element("p")),
          this.#worded("suggestions_label", parts.suggestions, "aria-label"))), "aria-label");
      parts.form = this.#buildForm();
      parts.panel = element("section", {
        id: "panel", class: `panel ${inline ? "inline" : "floating"}`, role: inline ? "region" : "dialog",
        "aria-labelledby": "title", "aria-describedby": "notice", tabindex: "-1", hidden: !inline,
      }, this.#buildHeader(inline), element("p", { class: "notice" }, icon("information"), parts.notice), parts.log,
      parts.status, parts.announced, parts.form, element("footer", {}, parts.human, parts.erase));
      parts.frame = element("div", { class: "frame" }, parts.launcher, parts.panel);
      this.shadowRoot.append(parts.frame);
      if (!inline) this.#watchLeaving();
    }

    #buildHeader(inline) {
      return element("header", {}, icon("assistant"), this.#worded("title", element("h2", { id: "title" })),
        this.#worded("language_label",
          element("div", { class: "languages", role: "group" }, ...this.#parts.languages), "aria-label"),
        inline ? null : this.#worded("close",
          element("button", { type: "button", class: "close", onclick: () => this.close() }, icon("close")),
          "aria-label"));
    }

    #buildForm() {
      const parts = this.#parts;
      parts.input = element("textarea", {
        id: "question", rows: "1", maxlength: MESSAGE_CHARACTERS, autocomplete: "off",
        "aria-describedby": "error counter hint", enterkeyhint: "send",
        oninput: () => this.#count(), onkeydown: (event) => this.#pressed(event),
      });
      parts.send = element("button", { class: "send primary" }, icon("send"), this.#worded("send", element("span")));
      parts.error = element("p", { class: "error", id: "error" });
      parts.retry = this.#worded("retry", element("button", {
        type: "button", class: "retry", hidden: true, onclick: () => this.#again(),
      }));
      parts.counter = element("p", { class: "counter", id: "counter" });
      return element("form", {
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          this.#submit();
        },
      }, this.#worded("question_label", element("label", { for: "question" })),
      element("div", { class: "entry" }, parts.input, parts.send), parts.error, parts.retry, parts.counter,
      this.#worded("keys_hint", element("p", { class: "hint", id: "hint" })));
    }

    #watchLeaving() {
      document.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || event.isComposing || this.#parts.panel.hidden) return;
        this.close(this.contains(document.activeElement));
      });
      // On a phone the panel covers the page: whoever tabs out of it must see where the focus went.
      this.addEventListener("focusout", (event) => {
        const left = event.relatedTarget && !this.contains(event.relatedTarget);
        if (left && !this.#parts.panel.hidden && matchMedia("(max-width: 480px)").matches) this.close(false);
      });
    }

    #pressed(event) {
      // keyCode 229: Safari ends a composition before the Enter that confirmed it.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    }

    #count() {
      const { counter, input, announced } = this.#parts;
      const left = MESSAGE_CHARACTERS - input.value.length;
      const before = counter.textContent;
      counter.textContent = left > COUNTED_CHARACTERS ? ""
        : left ? filled(this.#words.counter, left) : filled(this.#words.limit, MESSAGE_CHARACTERS);
      // Announced when the counter appears and when nothing is left, not at every key.
      if (!counter.textContent) announced.textContent = "";
      else if (!before || !left) announced.textContent = counter.textContent;
    }

    #submit() {
      const text = this.#parts.input.value.trim();
      if (this.#waiting) return;
      if (text) this.#send(text, true);
      else {
        this.#complain(this.#words.error_empty);
        this.#parts.input.focus();
      }
    }

    /** Starts a conversation if there is none; shows its notice and questions while none was asked. */
    async #begin() {
      try {
        await this.#conversation();
      } catch (problem) {
        this.#fail(problem, () => {
          this.#complain("");
          this.#keepFocus();
          this.#begin();
        });
      }
    }

    #conversation() {
      if (this.#opening) return this.#opening;
      const language = this.#language;
      const opening = this.#call("POST", "conversations", { language }).then((conversation) => {
        this.#held.push(conversation);
        if (this.#opening === opening) this.#welcome(conversation);
        return conversation;
      });
      this.#opening = opening;
      opening.catch(() => {
        if (this.#opening === opening) this.#opening = null;
      });
      return opening;
    }

    #welcome({ notice, suggestions }) {
      const { log, notice: shown, suggestions: list } = this.#parts;
      if (notice) shown.textContent = notice;
      if (!log.querySelector(".message")) list.replaceChildren(...this.#questions(suggestions));
    }

    #questions(texts = []) {
      return texts.map((text) => element("li", {},
        element("button", { type: "button", onclick: () => this.#send(text) }, text)));
    }

    /** Sends a message; `typed` tells that it came from the field and returns there if it cannot be sent. */
    async #send(text, typed = false) {
      if (this.#waiting) return;
      const { input, log, suggestions, erase } = this.#parts;
      this.#complain("");
      this.#wait(true);
      for (const choices of log.querySelectorAll(".choices")) choices.replaceChildren();
      const mine = this.#append("mine", this.#language, this.#words.you, [element("p", {}, text)]);
      if (typed) input.value = "";
      this.#count();
      this.#keepFocus();
      try {
        const conversation = await this.#conversation();
        const { id, token } = conversation;
        const { messages } = await this.#call("POST", `conversations/${id}/messages`, { text }, token);
        this.#wait(false);
        for (const answer of messages) this.#show(answer, conversation);
        suggestions.replaceChildren();
        erase.hidden = false;
        this.#reveal(mine);
      } catch (problem) {
        this.#wait(false);
        mine.remove();
        input.value = [text, input.value].filter(Boolean).join("\n").slice(0, MESSAGE_CHARACTERS);
        this.#count();
        if ([401, 403, 404, 410].includes(problem.status)) this.#opening = null;
        this.#fail(problem, () => this.#submit());
      }
    }

    #wait(waiting) {
      this.#waiting = waiting;
      this.#parts.status.textContent = waiting ? this.#words.searching : "";
      this.#parts.status.classList.toggle("searching", waiting);
      this.#parts.send.setAttribute("aria-disabled", String(waiting));
    }

    /** The button that was pressed may be gone: focus goes to the field, on touch screens to the log. */
    #keepFocus() {
      const { input, log } = this.#parts;
      if (this.shadowRoot.activeElement === input) return;
      (matchMedia("(pointer: coarse)").matches ? log : input).focus({ preventScroll: true });
    }

    #append(kind, lang, sender, content, ...more) {
      const entry = element("div", { class: `message ${kind}`, lang }, element("p", { class: "sender" }, sender),
        element("div", { class: "body" }, ...content), ...more);
      this.#parts.log.append(entry);
      this.#reveal(entry);
      return entry;
    }

    /** Scrolls the entry's beginning to the top of what scrolls: the log, on very low screens the panel. */
    #reveal(entry) {
      const { log, panel } = this.#parts;
      const box = log.scrollHeight > log.clientHeight ? log : panel;
      box.scrollTop += entry.getBoundingClientRect().top - box.getBoundingClientRect().top - 16;
    }

    /** Shows what is wrong with the typed text; an empty string takes every error away. */
    #complain(text) {
      const { error, retry, input } = this.#parts;
      error.setAttribute("aria-live", "polite");
      error.lang = this.#language;
      error.textContent = text;
      retry.hidden = true;
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }

    /** Shows that the service failed or refused, with a button that does `again`. */
    #fail(problem, again) {
      const { error, retry } = this.#parts;
      this.#complain("");
      if (!problem.status || problem.status >= 500) error.setAttribute("aria-live", "assertive");
      error.lang = problem.detail ? problem.language : this.#language;
      error.textContent = problem.detail || this.#words.error_unreachable;
      this.#again = again;
      retry.hidden = false;
    }

    #show(answer, conversation) {
      const { status, text = "", citations = [], suggestions = [] } = answer;
      const cited = status === "answered" && citations.length > 0;
      const content = paragraphs(text);
      const body = cited ? content.slice(0, 1) : content;
      let further = suggestions;
      if (cited) body.push(element("div", { class: "citations" }, ...citations.map((one) => this.#citation(one))));
      if (status === "candidates" && citations.length) {
        const paired = suggestions.length === citations.length;
        body.push(this.#candidates(citations, paired ? suggestions : citations.map((one) => one.title)));
        if (paired) further = [];
      }
      if (cited) body.push(this.#feedback(answer, conversation));
      const next = further.length ? element("ul", { class: "choices", "aria-label": this.#words.suggestions_label },
        ...this.#questions(further)) : null;
      this.#append(status === "crisis" ? "crisis" : "theirs", answer.language || this.#language,
        this.#words.assistant, body, next);
    }

    #source({ publisher, date }) {
      return [publisher, date ? day(date, this.#language) : this.#words.undated].filter(Boolean).join(" · ");
    }

    #citation(citation) {
      const words = this.#words;
      const link = safeLink(citation.url, `${this.#address}/`);
      const title = link
        ? element("a", { href: link, target: "_blank", rel: "noopener" }, citation.title, icon("tab"),
          element("span", { class: "unseen" }, ` ${words.new_tab}`))
        : element("cite", {}, citation.title);
      const badges = ["outdated", "past"].filter((name) => citation[name])
        .map((name) => element("span", { class: "badge" }, words[name]));
      return element("figure", {}, element("blockquote", { lang: "de" }, citation.quote),
        element("figcaption", {}, `${words.source} `, title, ` · ${this.#source(citation)}`),
        badges.length ? element("div", { class: "badges" }, ...badges) : null, this.#passage(citation));
    }

    #passage({ quote, passage }) {
      if (!passage || passage === quote) return null;
      const start = passage.indexOf(quote);
      const whole = start < 0 ? [passage]
        : [passage.slice(0, start), element("mark", {}, quote), passage.slice(start + quote.length)];
      return element("details", {}, element("summary", {}, this.#words.more),
        element("p", { lang: "de" }, ...whole));
    }

    #candidates(citations, questions) {
      return element("ul", { class: "choices", "aria-label": this.#words.candidates_label },
        ...citations.map((citation, place) => element("li", {},
          element("button", { type: "button", class: "candidate", onclick: () => this.#send(questions[place]) },
            element("span", { lang: "de" }, citation.title), element("small", {}, this.#source(citation))))));
    }

    #feedback(answer, { id, token }) {
      const words = this.#words;
      const thanks = element("span");
      const buttons = [[true, words.yes], [false, words.no]].map(([helpful, label]) => element("button", {
        type: "button", "aria-pressed": "false",
        onclick: async (event) => {
          const pressed = event.currentTarget;
          try {
            await this.#call("POST", `conversations/${id}/feedback`, { message_id: answer.id, helpful }, token);
            for (const button of buttons) button.setAttribute("aria-pressed", String(button === pressed));
            thanks.textContent = words.thanks;
          } catch (problem) {
            thanks.textContent = problem.detail || words.error_unreachable;
          }
        },
      }, label));
      return element("div", { class: "feedback", role: "group", "aria-label": words.helpful },
        element("span", {}, words.helpful), ...buttons, thanks);
    }

    async #erase() {
      if (this.#waiting || !confirm(this.#words.erase_confirm)) return;
      try {
        for (const { id, token } of [...this.#held]) {
          await this.#call("DELETE", `conversations/${id}`, null, token).catch((problem) => {
            if (![401, 404, 410].includes(problem.status)) throw problem;
          });
          this.#held.shift();
        }
      } catch (problem) {
        this.#fail(problem, () => this.#erase());
        return;
      }
      const { log, erase, status, input } = this.#parts;
      for (const entry of log.querySelectorAll(".message")) entry.remove();
      erase.hidden = true;
      input.focus();
      this.#opening = null;
      await this.#begin();
      status.textContent = this.#words.erased;
    }
  }

  if (!customElements.get("ki-auskunft")) customElements.define("ki-auskunft", KiAuskunft);
})();
