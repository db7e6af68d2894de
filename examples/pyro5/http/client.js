// Call Pyro objects from JavaScript; see client.py for what must run.
//
//     node client.js [address of the gateway]

const base = process.argv[2] ?? "http://localhost:8080";

async function call(name, member, parameters = {}, options = "") {
  const query = new URLSearchParams(parameters).toString();
  const url = `${base}/pyro/${name}/${member}${query ? "?" + query : ""}`;
  const response = await fetch(url, { headers: { "X-Pyro-Options": options } });
  const body = await response.text();
  if (!response.ok) throw Object.assign(new Error(body), { status: response.status });
  return body ? JSON.parse(body) : null;
}

async function main() {
  const meta = await call("Pyro.NameServer", "$meta");
  console.log("META", meta.methods.sort().join(" "));
  const names = await call("Pyro.NameServer", "list", { prefix: "test." });
  console.log("LIST test.", Object.keys(names).sort().join(" "));
  console.log("ECHO", await call("test.echoserver", "echo", { message: "hello, web" }));
  console.log("ONEWAY", await call("test.echoserver", "slow", {}, "oneway"));
  try {
    await call("test.echoserver", "error_with_text");
  } catch (error) {
    const details = JSON.parse(error.message);
    console.log("ERROR", error.status, details.__class__, details.args.join());
  }
}

main();
