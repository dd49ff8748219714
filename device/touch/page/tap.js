// A button is pressed when the finger that went down on it comes up on it, however long it rested: a
// browser gives no click after a long touch, and slow fingers rest long.

let down = null;

export function tap(button, act) {
  button.addEventListener("pointerdown", (e) => { if (e.isPrimary && e.button === 0) down = button; });
  button.addEventListener("pointerup", (e) => {
    const over = document.elementFromPoint(e.clientX, e.clientY)?.closest("button");
    if (e.isPrimary && down === button && over === button) act("finger");
    down = null;
  });
  button.addEventListener("click", (e) => { if (e.detail === 0) act("key"); }); // keyboard, switch, reader
}

document.addEventListener("pointercancel", () => { down = null; });
document.addEventListener("contextmenu", (e) => e.preventDefault());
