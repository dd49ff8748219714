"use strict";
// The teller's page: it asks what the counter shows once a second, and says what the teller presses.
// The token stays in sessionStorage: it goes with the tab.
const words = {
  zh: {
    token: "请输入本网点的令牌", open: "进入", counter: "窗口", teller: "柜员", in: "登录", out: "退出",
    prompt: "请评价", cancel: "取消", priority: "优先服务",
    idle: "空闲", asking: "正在请客户评价", "pad-lost": "评价器未连接", fault: "评价器暂时不能保存评价",
    lost: "与评价器主机的连接中断", "bad-token": "令牌不正确，请重新输入", busy: "评价器忙，请再按一次",
    "store-fault": "没有保存成功，请稍后再试", "too-many": "操作太快，请稍候", leaving: "评价器正在重启",
    other: "没有成功，请通知技术人员",
  },
  en: {
    token: "The token of this branch", open: "Open", counter: "Counter", teller: "Teller", in: "Log in", out: "Log out",
    prompt: "Please rate", cancel: "Cancel", priority: "Priority service",
    idle: "Ready", asking: "The customer is being asked", "pad-lost": "The pad is not connected", fault: "The pad cannot keep ratings just now",
    lost: "The box does not answer", "bad-token": "That is not the token. Please try again.", busy: "The box is busy. Please press again.",
    "store-fault": "Not stored. Please try again soon.", "too-many": "Too fast. Please wait.", leaving: "The box is being restarted.",
    other: "That did not work. Please tell a technician.",
  },
};
const lang = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
const say = words[lang];
const $ = (id) => document.getElementById(id);
document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
for (const e of document.querySelectorAll("[data-say]")) e.textContent = say[e.dataset.say];

let token = sessionStorage.getItem("token") || "";
let busy = false;
let shown = {};

const text = (e, value) => { if (e.textContent !== value) e.textContent = value; };
const word = (code) => text($("word"), code ? say[code] || say.other : "");

function view(name) {
  document.body.dataset.view = name;
  $("lock").hidden = name !== "lock";
  $("desk").hidden = name !== "desk";
  $(name === "lock" ? "token" : "prompt").focus();
}

// call returns the answer, or throws a word for the teller.
async function call(method, path, body) {
  let r;
  try {
    r = await fetch("/api/v1/counters" + path, {
      method, cache: "no-store", signal: AbortSignal.timeout(6000),
      headers: { Authorization: "Bearer " + token, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw "lost";
  }
  const answer = await r.json().catch(() => ({}));
  if (r.ok) return answer;
  if (r.status === 401) {
    token = "";
    sessionStorage.removeItem("token");
    view("lock");
  }
  throw answer.error || "other";
}

const at = (what) => "/" + encodeURIComponent($("counter").value) + "/" + what;

function show(state) {
  shown = state;
  document.body.dataset.state = state.state;
  text($("state"), say[state.state] || say.other);
  $("prompt").disabled = busy || state.state !== "idle";
  $("cancel").disabled = busy || state.state !== "asking";
  $("login").hidden = !!state.teller;
  $("logged").hidden = !state.teller;
  text($("who"), state.teller || "");
  if (document.activeElement === document.body) $("prompt").focus(); // a key that was disabled loses it
}

async function look() {
  if (busy || document.body.dataset.view !== "desk") return;
  try {
    const state = await call("GET", at("state"));
    if ($("word").textContent === say.lost) word("");
    if (!busy) show(state);
  } catch (code) {
    if (code === "too-many") return;
    show({ ...shown, state: "lost" });
    word(code);
  }
}

// act does one thing at a time: a second press while the first is on its way is none.
async function act(method, what, body) {
  if (busy) return false;
  busy = true;
  word("");
  show(shown);
  let done = true;
  try {
    await call(method, at(what), body);
  } catch (code) {
    done = false;
    word(code);
  }
  busy = false;
  await look();
  return done;
}

async function enter() {
  try {
    const { counters } = await call("GET", "");
    const wanted = new URLSearchParams(location.search).get("counter") || sessionStorage.getItem("counter");
    $("counter").replaceChildren(...counters.map((c) => new Option(c, c, false, c === wanted)));
    sessionStorage.setItem("token", token);
    word("");
    view("desk");
    await look();
  } catch (code) {
    view("lock");
    word(code);
  }
}

$("lock").addEventListener("submit", (e) => {
  e.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  if (/^[!-~]+$/.test(token)) enter();
  else word("bad-token");
});
$("counter").addEventListener("change", () => { sessionStorage.setItem("counter", $("counter").value); look(); });
$("prompt").addEventListener("click", async () => {
  const service = $("priority").checked ? "priority" : undefined;
  if (await act("POST", "prompt", { by: "teller's page", service })) $("priority").checked = false;
});
$("cancel").addEventListener("click", () => act("POST", "cancel"));
$("login").addEventListener("submit", async (e) => {
  e.preventDefault();
  if (await act("POST", "teller", { teller: $("teller").value.trim() })) $("teller").value = "";
  $("prompt").focus();
});
$("out").addEventListener("click", () => act("DELETE", "teller"));
addEventListener("keydown", (e) => { if (e.key === "Escape" && !$("cancel").disabled) act("POST", "cancel"); });
setInterval(look, 1000);
if (token) enter();
else view("lock");
