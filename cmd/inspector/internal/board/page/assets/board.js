// Counts down by the server's time, which is advanced by this browser's monotonic clock only.
"use strict";
let serverNow = Number(document.body.dataset.now), heardAt = performance.now();

function hear(millis) {
  serverNow = Number(millis);
  heardAt = performance.now();
}

function tick() {
  const now = serverNow + performance.now() - heardAt;
  for (const clock of document.querySelectorAll("time[data-due]")) {
    const due = Number(clock.dataset.due), over = due <= now;
    const s = Math.floor(Math.abs(due - now) / 1000);
    const two = (n) => String(n).padStart(2, "0");
    clock.textContent = `${over ? "逾期" : "剩"} ${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
    clock.closest("tr").classList.toggle("overdue", over);
  }
}

async function refresh() {
  try {
    const answer = await fetch("/cases");
    if (!answer.ok) return;
    document.getElementById("cases").innerHTML = await answer.text();
    const count = document.getElementById("count");
    if (count) hear(count.dataset.now);
    tick();
  } catch { /* the stream says so */ }
}

function line(up) {
  const p = document.getElementById("line");
  p.textContent = up ? p.dataset.up : p.dataset.down;
  p.classList.toggle("down", !up);
}

const stream = new EventSource("/events");
stream.addEventListener("hello", (e) => { hear(e.data); line(true); refresh(); });
stream.addEventListener("alive", (e) => hear(e.data));
stream.addEventListener("cases", (e) => { hear(e.data); refresh(); });
stream.onerror = () => line(false);
setInterval(tick, 250);
tick();
