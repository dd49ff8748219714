// How this customer sees and hears the page: language, large type, high contrast, earphones. The next
// customer begins with the box's own.
import { following, speak, speakNext } from "/say.js";
import { tap } from "/tap.js";

const body = document.body;
const at = (id) => document.getElementById(id);
const toggles = ["type", "contrast", "earphones"].map(at).filter(Boolean);

export const earphones = () => body.dataset.earphones === "on";

// switched is whether the last thing done was a key that moves or chooses, as a switch does.
let switched = false;
export const byHand = () => { switched = false; };
export const bySwitch = () => { switched = true; };

// ui is how the customer is using the page, as it stands in the record of a press.
export function ui() {
  if (switched) return "switch";
  if (earphones()) return "voice";
  return body.dataset.type === "on" ? "large" : "normal";
}

function turn(toggle, on) {
  toggle.setAttribute("aria-pressed", String(on));
  body.dataset[toggle.id] = on ? "on" : "off";
}

function name() {
  if (!at("language")) return;
  at("language").lang = following().lang;
  at("language").textContent = following().name;
}

// afresh is for the next customer.
export function afresh() {
  toggles.forEach((toggle) => turn(toggle, false));
  switched = false;
  speak(0);
  name();
}

export function nextLanguage() {
  speakNext();
  name();
}

for (const toggle of toggles) tap(toggle, () => turn(toggle, toggle.getAttribute("aria-pressed") !== "true"));
if (at("language")) tap(at("language"), nextLanguage);
