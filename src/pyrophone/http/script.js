
"use strict";

const byId = (id) => document.getElementById(id);

// Headers hold bytes, so the key goes as those of its UTF-8.
function headers() {
  const key = new TextEncoder().encode(byId("key") ? byId("key").value : "");
  return key.length ? {"X-Pyro-Gateway-Key": String.fromCharCode(...key)} : {};
}

// "./" keeps a name that begins with a slash from being an address of its own.
function address(name, member) {
  const parts = name.split("/").concat(member);
  return "./" + parts.map(encodeURIComponent).join("/");
}

// By tokens, because JSON.parse would change large numbers and refuse NaN.
function pretty(text) {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) || [];
  let depth = 0;
  let result = "";
  const newLine = () => "\n" + "    ".repeat(depth);
  tokens.forEach((token, index) => {
    if (token === "{" || token === "[") {
      depth += 1;
      result += token + ("}]".includes(tokens[index + 1]) ? "" : newLine());
    } else if (token === "}" || token === "]") {
      depth = Math.max(depth - 1, 0);
      result += ("{[".includes(tokens[index - 1]) ? "" : newLine()) + token;
    } else {
      result += token === "," ? token + newLine() : token === ":" ? ": " : token;
    }
  });
  return result;
}

async function send(method, where, body, more) {
  const options = {method, headers: Object.assign(headers(), more), cache: "no-store"};
  let shown = method + " " + new URL(where, document.baseURI).href;
  if (body) {
    options.body = body;
    options.headers["Content-Type"] = "application/json";
    shown += "\n\n" + body;
  }
  const output = byId("pyro_response");
  byId("pyro_call").textContent = shown;
  output.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(where, options);
    const text = await response.text();
    const json = (response.headers.get("Content-Type") || "").includes("json");
    const failed = response.ok ? "" : "SERVER ERROR " + response.status + "\n\n";
    output.textContent = failed + (json ? pretty(text) : text) || "(nothing came back)";
  } catch (error) {
    output.textContent = "The gateway does not answer: " + error.message;
  }
  output.setAttribute("aria-busy", "false");
}

async function pyro_call(name, method, params) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params || {})) {
    for (const one of [value].flat()) query.append(key, one);
  }
  const text = query.toString();
  await send("GET", address(name, method) + (text ? "?" + text : ""));
}

function heading(title) {
  const line = document.createElement("p");
  line.className = "note";
  line.textContent = title;
  return line;
}

function buttons(title, names, act) {
  const list = document.createElement("ul");
  list.className = "members";
  list.setAttribute("aria-label", title);
  for (const name of names) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => act(name));
    item.append(button);
    list.append(item);
  }
  return list;
}

function choose(name, member) {
  byId("name").value = name;
  byId("member").value = member;
  byId("params").focus();
}

async function showMembers(details) {
  const name = details.dataset.name;
  details.querySelectorAll("ul, p").forEach((old) => old.remove());
  try {
    const response = await fetch(address(name, "$meta"), {headers: headers()});
    const found = JSON.parse(await response.text());
    if (!response.ok) throw new Error(found.__class__ + ": " + found.args.join(", "));
    for (const [title, names, act] of [
      ["Methods", found.methods, (member) => choose(name, member)],
      ["Attributes", found.attributes, (member) => pyro_call(name, member)],
    ]) {
      if (names.length) details.append(heading(title), buttons(title, names, act));
    }
  } catch (error) {
    details.append(heading("??error: " + error.message + "??"));
  }
}

async function unlock() {
  const problem = byId("key-problem");
  try {
    const response = await fetch("./", {headers: headers(), cache: "no-store"});
    const text = await response.text();
    const page = new DOMParser().parseFromString(text, "text/html");
    const objects = page.getElementById("objects");
    const locked = !objects || page.getElementById("locked");
    problem.textContent = !objects ? text : locked ? "That is not the key." : "";
    if (!locked) byId("objects").replaceWith(objects);
  } catch (error) {
    problem.textContent = "The gateway does not answer: " + error.message;
  }
}

document.addEventListener("toggle", (event) => {
  if (event.target.matches("details.object[open]")) showMembers(event.target);
}, true);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.call");
  if (!link) return;
  event.preventDefault();
  send("GET", link.getAttribute("href"));
});

byId("call").addEventListener("submit", (event) => {
  event.preventDefault();
  const more = byId("oneway").checked ? {"X-Pyro-Options": "oneway"} : {};
  send("POST", address(byId("name").value, byId("member").value), byId("params").value.trim(), more);
});

if (byId("unlock")) {
  byId("unlock").addEventListener("submit", (event) => {
    event.preventDefault();
    unlock();
  });
  const given = new URLSearchParams(location.search).get("$key");
  if (given) byId("key").value = given;
}
