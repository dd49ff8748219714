// What is sent to the box. Times in milliseconds.

const patience = 7000; // how long a live box may take; it answers by itself within 5000
const away = 60000;    // how long a press is kept for a box that is not there

const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

// newToken names one press to the box: sent again, it is the same press.
export function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

// send posts until the box answers, and gives the answer's status; 0 is none. While the box is away, or
// leaving, the same again, as long as it is wanted.
export async function send(path, told, wanted) {
  for (const since = performance.now(); performance.now() - since < away && wanted();) {
    try {
      const answer = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(told),
        signal: AbortSignal.timeout(patience),
      });
      if (!answer.headers.has("Retry-After")) return answer.status;
    } catch (e) {
      if (e.name === "TimeoutError") return 0;
    }
    await pause(500);
  }
  return 0;
}
