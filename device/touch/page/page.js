"use strict";

// The page shows what /state streams and posts what is pressed to /press. Times in milliseconds.
(() => {
  const still = 400;      // a new question takes no press for so long: it would be the tail of a double tap
  const hold = 450;       // the chosen face stays marked at least so long before the next question
  const patience = 7000;  // how long a press is tried; the box itself answers within 5000
  const silence = 12000;  // the box speaks every 5000: more than two missed and it is taken for gone
  const alone = 60000;    // after so long without a touch the idle page is Chinese again

  const root = document.documentElement, body = document.body;
  const at = (id) => document.getElementById(id);
  const keys = [...document.querySelectorAll(".key")];
  const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

  let shown = null;   // the state on the screen; null while nothing can be pressed for want of the box
  let asked = "";     // the question that token belongs to
  let token = "";     // names one press to the box: sent again, it is the same press
  let press = null;   // the press on its way
  let again = false;  // the customer has to press once more

  // ---- what is shown ----

  function fill(place, template, numbers = {}) {
    const words = template ? template.content.cloneNode(true) : "";
    for (const [name, n] of Object.entries(numbers))
      for (const spot of words.querySelectorAll("." + name)) spot.textContent = n;
    place.replaceChildren(words);
  }

  function say(what) {
    at("word").dataset.says = what;
    fill(at("word"), what && at("say-" + what));
  }

  const wordsFor = (kind, dimension) => document.querySelector(`template[data-${kind}="${CSS.escape(dimension)}"]`);

  function show(state) {
    const before = shown, asking = state.kind === "idle" || state.kind === "ask";
    shown = state;
    // A press that the connection was lost over goes on trying while it is still what is asked.
    const carried = !before && press && asking && state.dimension === press.dimension;
    again = !before && (again || (press && !carried));
    if (!carried) {
      press = null;
      mark(null);
      if (state.question !== asked) token = newToken();
    }
    asked = state.question;
    if (asking) ask(state);
    else notice(state.kind);
    if (state.kind === "idle" && before && before.kind !== "idle") speak("zh"); // the next customer's
  }

  function mark(chosen) {
    for (const key of keys) key.setAttribute("aria-pressed", String(key === chosen));
  }

  function ask(state) {
    at("notice").hidden = true;
    at("notice").replaceChildren();
    at("rate").hidden = false;
    const stepped = state.kind === "ask" && state.steps > 1;
    if (state.kind === "idle") fill(at("step"), at("say-welcome"));
    else fill(at("step"), stepped ? at("say-step") : null, stepped ? { n: state.step, of: state.steps } : {});
    dots(stepped ? state.step : 0, stepped ? state.steps : 0);
    fill(at("question"), wordsFor("question", state.dimension));
    fill(at("gloss"), wordsFor("gloss", state.dimension));
    body.dataset.view = state.kind;
    say(again ? "again" : press ? "saving" : "");
    if (press) body.dataset.keys = "waiting";
    else settle();
  }

  function notice(kind) {
    at("rate").hidden = true;
    dots(0, 0);
    body.dataset.keys = "none";
    body.dataset.view = "notice";
    body.dataset.notice = kind;
    fill(at("notice"), at("notice-" + kind));
    at("notice").hidden = false;
  }

  function dots(step, steps) {
    at("dots").replaceChildren(...Array.from({ length: Math.min(steps, 9) }, (_, i) => {
      const dot = document.createElement("li");
      dot.classList.toggle("done", i < step);
      return dot;
    }));
  }

  let settling = 0;
  function settle() {
    body.dataset.keys = "still";
    clearTimeout(settling);
    settling = setTimeout(() => { body.dataset.keys = "ready"; }, still);
  }

  function speak(lang) {
    root.lang = lang === "en" ? "en" : "zh-CN";
    body.dataset.lang = lang;
  }

  // ---- pressing ----

  function newToken() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  }

  async function choose(key) {
    if (body.dataset.keys !== "ready" || press) return;
    const mine = press = { token, dimension: shown.dimension, score: Number(key.dataset.score), since: performance.now() };
    body.dataset.keys = "waiting";
    again = false;
    say("");
    mark(key);
    setTimeout(() => { if (press === mine) say("saving"); }, 600);

    const status = await send(mine);
    if (status === 200) await pause(3000); // the next state is on its way; should it never come, go on
    if (press !== mine) return;            // as it nearly always has by now
    // After an answer the next try is another press; after none the box may have heard this one, and
    // must recognise it.
    press = null;
    if (status) token = newToken();
    again = status !== 200;
    mark(null);
    if (!shown) return;
    say(again ? "again" : "");
    settle();
  }

  async function send(mine) {
    const { token, dimension, score, since } = mine;
    for (let left = patience; left > 0 && press === mine; left = patience - (performance.now() - since)) {
      try {
        const answer = await fetch("/press", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ token, dimension, score }),
          signal: AbortSignal.timeout(left),
        });
        if (!answer.headers.has("Retry-After")) return answer.status;
      } catch { /* the box is away: the same press again */ }
      await pause(500);
    }
    return 0;
  }

  // A key is pressed when the finger that went down on it comes up on it, however long it rested:
  // a browser gives no click after a long touch, and slow fingers rest long.
  let down = null;
  for (const key of keys) {
    key.addEventListener("pointerdown", (e) => { if (e.isPrimary && e.button === 0) down = key; });
    key.addEventListener("pointerup", (e) => {
      const over = document.elementFromPoint(e.clientX, e.clientY)?.closest(".key");
      if (e.isPrimary && down === key && over === key) choose(key);
      down = null;
    });
    key.addEventListener("click", (e) => { if (e.detail === 0) choose(key); }); // keyboard, switch, reader
  }
  document.addEventListener("pointercancel", () => { down = null; });
  document.addEventListener("contextmenu", (e) => e.preventDefault());

  const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -9, End: 9 };
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    if (e.repeat && (e.key === "Enter" || e.key === " ")) return e.preventDefault(); // a held key is one press
    if (e.repeat || at("rate").hidden) return;
    const key = keys.find((k) => k.dataset.score === e.key);
    if (key) {
      key.focus();
      choose(key);
    } else if (e.key in moves) {
      e.preventDefault();
      const from = keys.indexOf(document.activeElement);
      const to = from < 0 ? (moves[e.key] > 0 && e.key !== "End" ? 0 : keys.length - 1) : from + moves[e.key];
      keys[Math.max(0, Math.min(keys.length - 1, e.key === "Home" ? 0 : to))].focus();
    }
  });

  at("language").addEventListener("click", () => speak(root.lang === "en" ? "zh" : "en"));
  let resting = 0;
  function touched() {
    clearTimeout(resting);
    resting = setTimeout(() => { if (shown?.kind !== "ask") speak("zh"); }, alone);
  }
  document.addEventListener("pointerdown", touched);
  document.addEventListener("keydown", touched);

  // ---- hearing the box ----

  let stream = null, turning = 0, quiet = 0;

  function arrive(state) {
    listenFor(silence);
    if (state.build !== root.dataset.build) return location.reload(); // the box has been upgraded
    if (shown?.question === state.question) return;
    clearTimeout(turning);
    const wait = press && state.kind !== "fault" ? hold - (performance.now() - press.since) : 0;
    turning = setTimeout(show, Math.max(0, wait), state);
  }

  function lose() {
    clearTimeout(turning);
    shown = null;
    if (body.dataset.notice !== "lost" || body.dataset.view !== "notice") notice("lost");
    listenFor(silence);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  }

  function listenFor(ms) {
    clearTimeout(quiet);
    quiet = setTimeout(() => { listen(); lose(); }, ms);
  }

  function listen() {
    stream?.close();
    stream = new EventSource("/state");
    stream.addEventListener("state", (e) => arrive(JSON.parse(e.data)));
    stream.addEventListener("error", lose);
  }

  speak("zh");
  listenFor(2500);
  listen();
})();
