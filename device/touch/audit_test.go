package touch_test

// audit lists what does not fit: keys under 2 cm on a panel of 7 inches or less than 8 pixels apart,
// anything off the screen or out of its key, text under 14 pixels, contrast under 4.5 (WCAG 2.2, 1.4.3).
const audit = `(() => {
  const wrong = [];
  const say = (el, what) => wrong.push((el.id || el.className || el.tagName) + " " + JSON.stringify(el.innerText ?? "").slice(0, 40) + ": " + what);
  const box = (el) => el.getBoundingClientRect();
  const visible = (el) => el.checkVisibility({ visibilityProperty: true });
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight)
    say(root, "scrolls: " + root.scrollWidth + " by " + root.scrollHeight + " on " + innerWidth + " by " + innerHeight);
  const least = Math.floor(2 / 2.54 * Math.hypot(innerWidth, innerHeight) / 7);
  const keys = [...document.querySelectorAll(".key, #reasons button")].filter(visible);
  for (const key of keys) {
    const k = box(key);
    if (k.width < least || k.height < least) say(key, "is " + k.width + " by " + k.height + ", want " + least);
    for (const other of keys) {
      const o = box(other), apart = Math.max(o.left - k.right, k.left - o.right, o.top - k.bottom, k.top - o.bottom);
      if (other !== key && apart < 8) say(key, "is " + apart + " apart from another");
    }
  }
  for (const button of [...document.querySelectorAll("button")].filter(visible)) {
    const k = box(button);
    for (const part of [...button.querySelectorAll("span, svg.face")].filter(visible)) {
      const p = box(part);
      if (p.left < k.left || p.right > k.right || p.top < k.top || p.bottom > k.bottom || part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== "inline")
        say(part, "sticks out of its key");
    }
  }
  for (const button of [...document.querySelectorAll("button")].filter(visible))
    if (box(button).height < 44) say(button, "is low");
  const parse = (c) => c.match(/[\d.]+/g).map(Number);
  const light = (c) => {
    const [r, g, b] = parse(c).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (el) => {
    for (; el; el = el.parentElement) {
      const c = getComputedStyle(el).backgroundColor;
      if ((parse(c)[3] ?? 1) === 1) return c;
    }
    return "rgb(255,255,255)";
  };
  for (const el of [...document.querySelectorAll("body *")].filter(visible)) {
    if (![...el.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const style = getComputedStyle(el), size = parseFloat(style.fontSize);
    if (size < 14) say(el, "is set in " + size + " pixels");
    const [a, b] = [light(style.color), light(ground(el))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) say(el, "has contrast " + ratio.toFixed(2));
    const p = box(el);
    if (p.left < 0 || p.right > innerWidth || p.top < 0 || p.bottom > innerHeight) say(el, "is off the screen");
  }
  return wrong;
})()`
