// The five keys, and what becomes of a press on one. Times in milliseconds.
import { earphones, ui } from "/aids.js";
import { newToken, send } from "/box.js";
import { say } from "/say.js";
import { tap } from "/tap.js";
import { tell } from "/voice.js";

const still = 400;        // a new question takes no press for so long: it would be the tail of a double tap
export const hold = 2000; // the chosen face stays marked so long, whichever it is, before what comes next

const body = document.body;
const at = (id) => document.getElementById(id);
export const keys = [...document.querySelectorAll(".key")];
const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

let asking = null;  // the question on the screen; null while nothing can be pressed
let asked = "";     // the question that token belongs to
let token = "";
let press = null;   // the press on its way
let again = false;  // the customer has to press once more
let twice = null;   // with earphones: the key that has been heard, and is meant when pressed once more

export const pressed = () => press;

function word(what) {
  at("word").dataset.says = what;
  say(at("word"), what);
}

function mark(chosen) {
  for (const key of keys) key.setAttribute("aria-pressed", String(key === chosen));
}

// offer puts a question on the keys, or takes them away for null. A press that the connection was lost
// over goes on while it is still what is asked.
export function offer(state, question, wasLost) {
  const open = press && !press.stored, carried = wasLost && open && state?.dimension === press.dimension;
  again = Boolean(wasLost && state && (again || open && !carried));
  asking = state;
  if (!carried) {
    press = twice = null;
    mark(null);
    if (question !== asked) token = newToken();
    if (keys.includes(document.activeElement)) document.activeElement.blur(); // it would show the last answer
  }
  asked = question;
  if (!state) body.dataset.keys = "none";
  else if (press) body.dataset.keys = "waiting";
  else settle();
  word(!state ? "" : again ? "again" : press ? "saving" : "");
}

// leave is for a box that is gone: nothing can be pressed, and a press on its way goes on.
export function leave() {
  asking = null;
  body.dataset.keys = "none";
  word("");
}

let settling = 0;
function settle() {
  body.dataset.keys = "still";
  clearTimeout(settling);
  settling = setTimeout(() => { body.dataset.keys = "ready"; }, still);
}

export function choose(key, how) {
  if (body.dataset.keys !== "ready" || press) return;
  if (how === "finger" && earphones() && twice !== key) {
    twice = key;
    key.focus();
    word("twice");
    return;
  }
  take(key);
}

async function take(key) {
  const told = { token, dimension: asking.dimension, score: Number(key.dataset.score), ui: ui() };
  const mine = press = { dimension: told.dimension, since: performance.now() };
  body.dataset.keys = "waiting";
  again = false;
  word("");
  mark(key);
  setTimeout(() => { if (press === mine && !mine.stored) word("saving"); }, 600);

  const status = await send("/press", told, () => press === mine);
  if (press !== mine) return;
  if (status === 200) {
    mine.stored = true;
    word("chosen");
    tell("chosen");
    await pause(hold + 3000);  // the next state is on its way; should it never come, go on
    if (press !== mine) return; // as it nearly always has by now
  }
  // After an answer the next try is another press; after none the box may have heard this one, and
  // must recognise it.
  press = twice = null;
  if (status) token = newToken();
  again = status !== 200;
  mark(null);
  if (!asking) return;
  word(again ? "again" : "");
  settle();
}

for (const key of keys) {
  tap(key, (how) => choose(key, how));
  key.addEventListener("focus", () => { if (earphones()) tell("level-" + key.dataset.score); });
}
