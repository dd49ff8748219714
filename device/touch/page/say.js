// What the page says, in the customer's language and small in the next one. The server writes the
// first words in the same form (say in site.go).
import words from "/words.js";

const root = document.documentElement;
const numbers = new WeakMap(); // of the places that say some
let at = 0;                    // which language is on

export const language = () => words.languages[at];
export const following = () => words.languages[(at + 1) % words.languages.length];
const second = () => words.languages[at === 0 ? 1 : 0];

// A word that a bank has given in one language only is shown in that one.
const speaker = (key, wanted) => wanted?.words[key] ? wanted : words.languages.find((l) => l.words[key]);

export const text = (key) => (speaker(key, language())?.words[key] ?? "").replaceAll("|", "");

// say makes a place say a word for as long as it is there, in whatever language is on; "" is nothing.
export function say(place, key, given = {}) {
  numbers.set(place, given);
  place.dataset.say = key;
  write(place);
}

function write(place) {
  const key = place.dataset.say, one = speaker(key, language()), two = speaker(key, second());
  if (place.localName === "img") return void (place.alt = text(key));
  const spans = [];
  if (one) spans.push(span("first", one, key, place));
  if (one && two && two !== one) {
    spans.push(span("second", two, key, place));
    spans[1].setAttribute("aria-hidden", "true"); // nobody needs to hear it twice
  }
  place.replaceChildren(...spans);
}

function span(name, { words, lang, dir }, key, place) {
  const made = document.createElement("span"), given = numbers.get(place) ?? {};
  Object.assign(made, { className: name, lang, dir });
  words[key].replace(/\{(\w+)\}/g, (all, n) => given[n] ?? all).split("|")
    .forEach((part, i) => made.append(...(i ? [document.createElement("wbr"), part] : [part])));
  return made;
}

// speak turns the whole page to a language.
export function speak(number) {
  at = number % words.languages.length;
  root.lang = language().lang;
  root.dir = language().dir;
  document.querySelectorAll("[data-say]").forEach(write);
}

export const speakNext = () => speak(at + 1);
