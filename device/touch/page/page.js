// The page shows what /state streams. Times in milliseconds.
import { afresh } from "/aids.js";
import { hold, leave, offer, pressed } from "/press.js";
import { say } from "/say.js";
import { wait } from "/time.js";
import { tell } from "/voice.js";
import { askWhy, extend, stopWhy } from "/why.js";
import "/scan.js";

const silence = 3000;   // the box speaks every 1000: three missed and it is taken for gone
const broken = 30000;   // gone for so long, it is a fault
const linger = 8000;    // a thank-you stays so long unless somebody comes: its code wants to be read
const alone = 60000;    // after so long without a touch the idle page is the box's own again

const root = document.documentElement, body = document.body;
const at = (id) => document.getElementById(id);
const signs = { thanks: "M28 52 L44 68 L73 34", fault: "M50 26 L50 56 M50 71 L50 73", moment: "M28 50 L29 50 M50 50 L51 50 M71 50 L72 50" };

let shown = null;   // the state on the screen; null while the box is gone
let coming = null;  // the state that waits for its turn
let since = 0;      // when shown came

// ---- what is shown ----

function show(state) {
  const before = shown, asks = state.kind === "idle" || state.kind === "ask";
  shown = state;
  since = performance.now();
  coming = null;
  for (const id of ["rate", "why", "notice"]) at(id).hidden = true;
  if (state.kind !== "why") stopWhy();
  if (asks) rate(state);
  else if (state.kind === "why") why(state);
  else notice(state.kind, state.code);
  code(state.qr);
  offer(asks ? state : null, state.question, !before);
  if (state.kind === "idle" && before && before.kind !== "idle") afresh();
  waiting(state);
  aloud(state, before);
}

const left = (state) => state.until ? Math.max(1, state.until - performance.now()) : 0;

function waiting(state) {
  wait(state.question, state.kind === "ask" ? left(state) : 0);
  if (state.kind === "why") extend(left(state));
}

function aloud(state, before) {
  if (before?.question === state.question) return;
  if (state.kind === "why") tell("why");
  if (state.kind !== "ask") return;
  const question = "question-" + (state.dimension || "overall");
  if (before?.kind === "ask" && state.step > 1) tell(question);
  else tell("please", question);
}

function rate(state) {
  const stepped = state.kind === "ask" && state.steps > 1, dimension = state.dimension || "overall";
  if (state.kind === "idle") say(at("step"), "welcome");
  else say(at("step"), stepped ? "step" : "please", { n: state.step, of: state.steps });
  dots(stepped ? state.step : 0, stepped ? state.steps : 0);
  say(at("question"), "question-" + dimension);
  say(at("gloss"), "gloss-" + dimension);
  body.dataset.view = state.kind;
  at("rate").hidden = false;
}

function why(state) {
  dots(0, 0);
  body.dataset.view = "why";
  askWhy(state, left(state));
  at("why").hidden = false;
}

function notice(kind, code) {
  dots(0, 0);
  body.dataset.view = "notice";
  body.dataset.notice = kind;
  at("sign").setAttribute("d", signs[kind]);
  say(at("notice-title"), kind);
  say(at("notice-text"), { thanks: "stored", fault: at("call") ? "" : "fault-gloss", moment: "moment-gloss" }[kind]);
  at("code").hidden = !code;
  at("code-letters").textContent = code ?? "";
  if (at("call")) at("call").hidden = kind === "moment";
  at("notice").hidden = false;
}

// code shows the second way in, by its name; "" is none.
function code(name) {
  body.dataset.qr = name ? "on" : "off";
  if (name) document.querySelectorAll(".qr img").forEach((img) => { img.src = `/qr/${name}.svg`; });
}

function dots(step, steps) {
  at("dots").replaceChildren(...Array.from({ length: Math.min(steps, 9) }, (_, i) => {
    const dot = document.createElement("li");
    dot.classList.toggle("done", i < step);
    return dot;
  }));
}

// ---- the next customer ----

let resting = 0;
function touched() {
  clearTimeout(resting);
  resting = setTimeout(() => { if (shown?.kind !== "ask") afresh(); }, alone);
  if (coming && shown?.kind === "thanks" && performance.now() - since > 1000) turn(0); // somebody is there
}
document.addEventListener("pointerdown", touched);
document.addEventListener("keydown", touched);

// ---- hearing the box ----

let stream = null, turning = 0, quiet = 0, gone = 0, tries = 0;
let last = performance.now(); // when the box was heard

function arrive(state) {
  heard();
  if (state.build !== root.dataset.build) return location.reload(); // the box has been upgraded
  if (state.left_ms) state.until = performance.now() + state.left_ms;
  if (shown?.question === state.question) {
    shown = state;
    if (!coming) waiting(state);
    return;
  }
  if (coming?.question === state.question) {
    coming.until = state.until;
    return;
  }
  coming = state;
  turn(delay(state));
}

// delay lets the customer see the chosen face, and read the code, before what comes next.
function delay(state) {
  const now = performance.now(), press = pressed();
  if (press && shown && state.kind !== "fault") return hold - (now - press.since);
  return shown?.kind === "thanks" && state.kind === "idle" ? linger - (now - since) : 0;
}

function turn(ms) {
  clearTimeout(turning);
  const next = coming;
  turning = setTimeout(() => show(next), Math.max(0, ms));
}

function heard() {
  last = performance.now();
  tries = 0;
  clearTimeout(gone);
  gone = 0;
  clearTimeout(quiet);
  // A browser that was busy itself finds the box's words waiting: they come before the second timer.
  quiet = setTimeout(() => { quiet = setTimeout(() => { lose(); listen(); }, 100); }, silence);
}

// lose is for a connection that broke or fell silent: what is shown stays for a moment, as the box is
// mostly back at once.
function lose() {
  clearTimeout(quiet);
  if (!gone) gone = setTimeout(miss, Math.max(0, silence - (performance.now() - last)));
}

function miss() {
  clearTimeout(turning);
  coming = shown = null;
  for (const id of ["rate", "why"]) at(id).hidden = true;
  stopWhy();
  wait("", 0);
  leave();
  code("");
  notice("moment");
  gone = setTimeout(() => notice("fault"), broken);
}

function listen() {
  stream?.close();
  const mine = stream = new EventSource("/state");
  mine.addEventListener("state", (e) => arrive(JSON.parse(e.data)));
  mine.addEventListener("error", () => {
    mine.close();
    if (mine !== stream) return;
    lose();
    setTimeout(() => { if (mine === stream) listen(); }, Math.min(5000, 250 * 2 ** tries++));
  });
}

afresh();
gone = setTimeout(miss, silence);
listen();
