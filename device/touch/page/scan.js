// The page by keys alone: a keyboard, or two switches of which one moves and one chooses.
import { byHand, bySwitch, nextLanguage } from "/aids.js";
import { choose, keys } from "/press.js";
import { ask } from "/time.js";
import { ratherNot } from "/why.js";

const at = (id) => document.getElementById(id);
const visible = (button) => button.checkVisibility({ visibilityProperty: true });
const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -99, End: 99 };
const letters = { l: "language", t: "type", c: "contrast", h: "earphones" };

// Tab goes round and round: behind the last button there is nothing but the first.
function scan(step) {
  const all = [...document.querySelectorAll("button")].filter(visible);
  if (!all.length) return;
  const from = all.indexOf(document.activeElement);
  all[from < 0 ? (step > 0 ? 0 : all.length - 1) : (from + step + all.length) % all.length].focus();
}

// The arrows stay among the answers, and stop at either end.
function walk(name) {
  const answers = [...document.querySelectorAll(".key, #reasons button")].filter(visible);
  const from = answers.indexOf(document.activeElement), first = moves[name] > 0 && name !== "End";
  const to = from < 0 ? (first || name === "Home" ? 0 : answers.length - 1) : from + moves[name];
  answers[Math.max(0, Math.min(answers.length - 1, to))]?.focus();
}

function number(n) {
  const key = keys.find((k) => visible(k) && k.dataset.score === n);
  if (key) {
    byHand();
    key.focus();
    choose(key, "key");
  } else if (!at("why").hidden) {
    byHand();
    document.querySelectorAll(".reason")[n - 1]?.click();
  }
}

document.addEventListener("pointerdown", byHand);
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.altKey || e.metaKey) return;
  if (e.repeat && (e.key === "Enter" || e.key === " ")) return e.preventDefault(); // a held key is one press
  if (e.repeat && e.key !== "Tab") return;
  const letter = e.key.toLowerCase();
  if (e.key === "Tab") {
    e.preventDefault();
    bySwitch();
    scan(e.shiftKey ? -1 : 1);
  } else if (e.key in moves) {
    e.preventDefault();
    bySwitch();
    walk(e.key);
  } else if (/^[1-9]$/.test(e.key)) number(e.key);
  else if (e.key === "Escape" && !at("why").hidden) ratherNot();
  else if (letter === "m") ask();
  else if (letter in letters) at(letters[letter])?.click();
});
