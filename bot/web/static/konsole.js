/**
 * The agents' console: search as you type over the same retrieval the bot answers from.
 * The access key lives in a variable of this page and nowhere else; wording comes from the page's data attributes.
 */
(() => {
  "use strict";

  const SHOWN_HITS = 5;
  const TYPING_PAUSE = 150;
  const part = (node, name) => node.querySelector(`[data-part="${name}"]`);
  const at = (id) => document.getElementById(id);

  const language = document.documentElement.lang;
  const figures = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const status = at("status");
  const query = at("query");

  let token = "";
  let running = null; // AbortController of the search under way
  let timer = 0;

  function say(text) {
    status.textContent = text;
  }

  /** "2020-06-24" as 24.06.2020 or 24 June 2020; anything else unchanged. */
  function day(date) {
    const moment = new Date(`${date}T00:00:00Z`);
    if (!/^\d{4}-\d\d-\d\d$/.test(date) || isNaN(moment)) return date;
    const form = language === "en" ? ["en-GB", "numeric", "long"] : ["de-DE", "2-digit", "2-digit"];
    return moment.toLocaleDateString(form[0], { day: form[1], month: form[2], year: "numeric", timeZone: "UTC" });
  }

  /** The address as an absolute http(s) URL, or "" for everything that must not become a link. */
  function safeLink(url) {
    try {
      const target = new URL(url, location.origin);
      return url && /^https?:$/.test(target.protocol) ? target.href : "";
    } catch {
      return "";
    }
  }

  function words(text) {
    return text.match(/[\p{L}\p{N}]+/gu) ?? [];
  }

  /** Long words match by their beginning, so inflections count; short ones only as figures or abbreviations. */
  function matches(word, terms) {
    const lower = word.toLowerCase();
    const abbreviation = word === word.toUpperCase();
    return terms.some((term) => (term.length > 3 ? lower.startsWith(term) : abbreviation && lower === term));
  }

  /** The text as nodes, with every word of the question in a <mark>. */
  function highlighted(text, question) {
    const terms = words(question.toLowerCase());
    return text.split(/([\p{L}\p{N}]+)/u).map((piece, place) => {
      if (place % 2 === 0 || !matches(piece, terms)) return piece;
      const mark = document.createElement("mark");
      mark.textContent = piece;
      return mark;
    });
  }

  /** A function from score to a share in [0, 1]: scores compare within one search only. */
  function scale(hits) {
    const scores = hits.map((hit) => hit.score);
    const low = Math.min(0, ...scores);
    const span = Math.max(...scores) - low;
    return (score) => (span > 0 ? (score - low) / span : 1);
  }

  async function fetchHits(question, signal) {
    const parameters = new URLSearchParams({ q: question, k: SHOWN_HITS });
    if (at("topic").value) parameters.set("topic", at("topic").value);
    if (language === "en") parameters.set("language", language);
    const reply = await fetch(`/api/v1/search?${parameters}`, {
      headers: { Accept: "application/json", Authorization: `Bearer ${token}` },
      credentials: "omit",
      signal,
    });
    const content = await reply.json().catch(() => null);
    if (!reply.ok) throw Object.assign(new Error(content?.detail), { status: reply.status, detail: content?.detail });
    return content;
  }

  async function search() {
    clearTimeout(timer);
    running?.abort();
    const question = query.value.trim();
    if (!question) {
      show({ hits: [], rejected: [] }, "");
      say(status.dataset.start);
      return;
    }
    const mine = (running = new AbortController());
    say(status.dataset.searching);
    try {
      show(await fetchHits(question, mine.signal), question);
    } catch (problem) {
      if (mine.signal.aborted) return;
      show({ hits: [], rejected: [] }, "");
      if (problem.status === 401 || problem.status === 403) signOut(problem.detail || at("token-error").dataset.refused);
      else say(problem.detail || status.dataset.unreachable);
    }
  }

  function show({ hits, rejected, release }, question) {
    const share = scale([...hits, ...rejected]);
    at("hits").replaceChildren(...hits.map((hit) => item(hit, question, share)));
    at("rejected").replaceChildren(...rejected.map((hit) => item(hit, question, share)));
    at("rejected-count").textContent = rejected.length;
    at("below").hidden = !rejected.length;
    const { none, one, many, release: label } = status.dataset;
    const found = hits.length > 1 ? many.replace("{count}", hits.length) : hits.length ? one : none;
    say(release ? `${found} · ${label} ${release}` : found);
  }

  function item({ passage, score, document: source }, question, share) {
    const template = at("hit");
    const node = template.content.cloneNode(true).firstElementChild;
    const origin = [source.publisher, source.date ? day(source.date) : template.dataset.undated];
    const link = safeLink(source.url || `/texte/${encodeURIComponent(source.id)}`);
    part(node, "score").textContent = figures.format(score);
    part(node, "bar").style.setProperty("inline-size", `${Math.round(100 * share(score))}%`);
    part(node, "passage").append(...highlighted(passage, question));
    part(node, "title").textContent = source.title;
    if (link) part(node, "link").href = link;
    else part(node, "link").replaceWith(source.title);
    part(node, "origin").textContent = origin.filter(Boolean).join(" · ");
    for (const badge of ["outdated", "past"]) part(node, badge).hidden = !source[badge];
    const copyThis = () => copy(passage, { ...source, url: link }, origin);
    part(node, "copy").addEventListener("click", copyThis);
    node.firstElementChild.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === event.currentTarget) copyThis();
    });
    return node;
  }

  /** Copies quote and citation as plain text and as HTML, so that letters keep the link. */
  async function copy(passage, { title, url }, origin) {
    const [before, between, after] = status.dataset.copyForm.split(/\{quote\}|\{source\}/);
    const citation = [title, ...origin].filter(Boolean).join(", ");
    const plain = `${before}${passage}${between}${citation}${url && `, ${url}`}${after}`;
    const paragraph = document.createElement("p");
    const link = document.createElement(url ? "a" : "span");
    if (url) link.href = url;
    link.textContent = citation;
    paragraph.append(before, passage, between, link, after);
    try {
      await write(plain, paragraph.outerHTML);
      say(status.dataset.copied);
    } catch {
      say(status.dataset.copyFailed);
    }
  }

  async function write(plain, html) {
    if (navigator.clipboard?.write) {
      const as = (type, text) => ({ [type]: new Blob([text], { type }) });
      await navigator.clipboard.write([new ClipboardItem({ ...as("text/plain", plain), ...as("text/html", html) })]);
      return;
    }
    // Pages served over plain http have no navigator.clipboard; the copy event still works there.
    const fill = (event) => {
      event.preventDefault();
      event.clipboardData.setData("text/plain", plain);
      event.clipboardData.setData("text/html", html);
    };
    document.addEventListener("copy", fill, { once: true });
    if (!document.execCommand("copy")) {
      document.removeEventListener("copy", fill);
      throw new Error("copy refused");
    }
  }

  function signIn() {
    const field = at("token");
    token = field.value.trim();
    field.value = "";
    refuse(token ? "" : at("token-error").dataset.missing);
    if (!token) return;
    for (const [id, hidden] of [["access", true], ["session", false], ["search", false], ["results", false]]) {
      at(id).hidden = hidden;
    }
    query.focus();
    if (query.value.trim()) search();
  }

  /** Forgets the access key and everything found with it; `reason` is shown at the key's field. */
  function signOut(reason = "") {
    clearTimeout(timer);
    running?.abort();
    token = "";
    show({ hits: [], rejected: [] }, "");
    say(status.dataset.start);
    for (const [id, hidden] of [["access", false], ["session", true], ["search", true], ["results", true]]) {
      at(id).hidden = hidden;
    }
    refuse(reason);
  }

  function refuse(reason) {
    const field = at("token");
    at("token-error").textContent = reason;
    if (reason) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    field.focus();
  }

  /** Moves the focus between the search field and the hits in view; true when it moved. */
  function move(step) {
    const stops = [query, ...document.querySelectorAll(".hit")].filter((stop) => stop.checkVisibility?.() ?? true);
    const here = stops.indexOf(document.activeElement.closest?.(".hit") ?? document.activeElement);
    const next = stops[here + step];
    if (here < 0 || !next) return false;
    next.focus();
    return true;
  }

  function pressed(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || at("search").hidden) return;
    const writing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (event.key === "/" && !writing && at("slash").checked) {
      event.preventDefault();
      query.focus();
      query.select();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if ((!writing || writing === query) && move(event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
    }
  }

  at("access").addEventListener("submit", (event) => {
    event.preventDefault();
    signIn();
  });
  at("forget").addEventListener("click", () => signOut());
  at("search").addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  at("topic").addEventListener("change", search);
  query.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, TYPING_PAUSE);
  });
  document.addEventListener("keydown", pressed);
})();
