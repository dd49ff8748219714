// More time: offered well before a question's window ends.
import { ui } from "/aids.js";
import { newToken, send } from "/box.js";
import { say } from "/say.js";
import { tap } from "/tap.js";

const early = 20000; // before the end, in milliseconds

const more = document.getElementById("more"), word = document.getElementById("word");
let question = "", ending = 0, refused = "";

// wait is told which question waits and for how long still; 0 is for ever.
export function wait(name, left) {
  clearTimeout(ending);
  if (name !== question || left > early) hide();
  question = name;
  if (left > 0) ending = setTimeout(offer, Math.max(0, left - early));
}

function hide() {
  if (document.activeElement === more) more.blur();
  more.hidden = true;
  if (word.dataset.says === "soon") {
    word.dataset.says = "";
    say(word, "");
  }
}

function offer() {
  if (!more.hidden || refused === question || document.body.dataset.view !== "ask") return;
  say(more, "more");
  more.hidden = false;
  if (word.dataset.says) return; // "press again" is more urgent
  word.dataset.says = "soon";
  say(word, "soon");
}

export async function ask() {
  if (more.hidden) return;
  const mine = refused = question; // until the box says yes
  hide();
  const status = await send("/more", { token: newToken(), question: mine, ui: ui() }, () => question === mine);
  if (status === 200) refused = ""; // else not again for this question: the counter goes on
}

tap(more, ask);
