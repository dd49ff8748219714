// What the page says aloud: recorded sentences, else the browser's own voice, else nothing. Only into
// earphones does it say a level.
import words from "/words.js";
import { earphones } from "/aids.js";
import { language, text } from "/say.js";

const { clips, mute, volume, quiet, from, to } = words.voice;
let queue = [], current = null;

// loudness is 0 to 1, by the box's clock.
export function loudness(now = new Date()) {
  const minute = now.getHours() * 60 + now.getMinutes();
  const hushed = from < to ? minute >= from && minute < to : from > to && (minute >= from || minute < to);
  return (hushed ? quiet : volume) / 100;
}

// tell says sentences one after the other, instead of what is being said; the word that a press has
// been taken is heard to its end.
export function tell(...keys) {
  if (mute) return;
  queue = keys.filter((key) => earphones() || !key.startsWith("level-"));
  if (current?.key !== "chosen") hush();
  if (!current) next();
}

export function hush() {
  current?.stop();
  current = null;
}

function next() {
  const key = queue.shift();
  current = key ? recorded(key) ?? spoken(key) : null;
  if (key && !current) next();
}

function over(mine) {
  if (current !== mine) return;
  current = null;
  next();
}

function recorded(key) {
  const { file } = language(), name = clips[file]?.[key];
  if (!name) return null;
  const sound = new Audio(`/voice/${file}/${name}`);
  const mine = { key, stop: () => sound.pause() };
  sound.volume = loudness();
  sound.onended = sound.onerror = () => over(mine);
  sound.play().catch(() => over(mine)); // no sound output, or the kiosk forbids sound before a touch
  return mine;
}

function spoken(key) {
  const { lang } = language(), short = lang.split("-")[0].toLowerCase();
  const voice = globalThis.speechSynthesis?.getVoices().find((v) => v.lang.toLowerCase().startsWith(short));
  if (!voice || !text(key)) return null;
  const words = Object.assign(new SpeechSynthesisUtterance(text(key)), { voice, lang, volume: loudness() });
  const mine = { key, stop: () => speechSynthesis.cancel() };
  words.onend = words.onerror = () => over(mine);
  speechSynthesis.speak(words);
  return mine;
}
