// The reasons: the same step after every rating, with the same words, length and looks.
import words from "/words.js";
import { ui } from "/aids.js";
import { newToken, send } from "/box.js";
import { say } from "/say.js";
import { tap } from "/tap.js";

const at = (id) => document.getElementById(id);
const soon = 800; // before the window ends, what is marked is sent: it was pressed, so it is kept

let asked = null;  // the state that is asked; null when none is, or when it has been answered
let closing = 0;
let token = "";

const marked = () => [...document.querySelectorAll(".reason[aria-pressed=true]")].map((b) => b.dataset.code);

export function askWhy(state, left) {
  asked = state;
  token = newToken();
  say(at("why-question"), "why");
  say(at("why-gloss"), "why-gloss", { most: words.most });
  const buttons = state.codes.split(" ").filter(Boolean).map((code) => button(code, "reason-" + code));
  at("reasons").replaceChildren(...buttons, end("rather-not", () => answer([])), end("done", () => answer(marked())));
  at("reasons").dataset.count = buttons.length + 2;
  extend(left);
}

// extend is told how long the step still waits; 0 where it waits for ever.
export function extend(left) {
  clearTimeout(closing);
  if (left > 0) closing = setTimeout(() => { if (marked().length) answer(marked()); }, Math.max(0, left - soon));
}

export function stopWhy() {
  asked = null;
  clearTimeout(closing);
  at("reasons").replaceChildren();
}

// ratherNot is what Escape means here.
export const ratherNot = () => answer([]);

function button(code, key) {
  const made = at("reason").content.firstElementChild.cloneNode(true);
  made.dataset.code = code;
  say(made.querySelector(".pair"), key);
  tap(made, () => toggle(made));
  return made;
}

function end(key, act) {
  const made = document.createElement("button"), words = document.createElement("span");
  Object.assign(made, { type: "button", id: key });
  words.className = "pair";
  made.append(words);
  say(words, key);
  tap(made, act);
  return made;
}

function toggle(reason) {
  const on = reason.getAttribute("aria-pressed") === "true";
  if (!asked || !on && marked().length >= words.most) return;
  reason.setAttribute("aria-pressed", String(!on));
}

async function answer(codes) {
  const state = asked;
  if (!state) return;
  asked = null;
  clearTimeout(closing);
  document.activeElement?.blur();
  const told = { token, question: state.question, codes: codes.join(" "), ui: ui() };
  const status = await send("/reasons", told, () => at("reasons").childElementCount > 0);
  if (status !== 200 && asked === null && at("reasons").childElementCount > 0) {
    asked = state; // not stored: the buttons work again, and the step still closes by itself
    token = newToken();
  }
}
