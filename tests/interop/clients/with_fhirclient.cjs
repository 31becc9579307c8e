// Does the plain tasks of `observe` with SMART's fhirclient (npm), as its documentation says, and prints a page.
const fs = require("node:fs");
const smart = require("fhirclient");

const task = JSON.parse(fs.readFileSync(process.env.VBPR_TASK_JSON, "utf8"));
const request = { url: "/", headers: {} };
const response = { redirect: () => {} };
const client = smart(request, response, { get: async () => null, set: async () => null, unset: async () => null }).client({
  serverUrl: process.env.VBPR_BASE,
});
const search = (type, criteria) =>
  client.request(`${type}?${new URLSearchParams(criteria)}`, { pageLimit: 0, flat: true });
const escaped = (value) => String(value ?? "").replace(/[&<>]/g, (each) => `&#${each.charCodeAt(0)};`);
const rows = (report) =>
  (report.group ?? [])
    .map((each) => `<tr><td>${escaped(each.code?.text ?? each.id)}</td><td>${escaped(each.measureScore?.value)}</td></tr>`)
    .join("");
const section = (report) =>
  `<section><h2>${report.id}</h2><p>${escaped(report.status)} ${escaped(report.date)} ` +
  `${escaped(report.period?.start)} to ${escaped(report.period?.end ?? "open")}</p><table>${rows(report)}</table></section>`;

async function done() {
  if (task.do === "find-reports") {
    const { type, profile, ...criteria } = task.find;
    return (await search(type, criteria)).map(section);
  }
  if (task.do === "read-report") {
    const report = await client.request(task.report);
    const payer = await client.request(report.reporter.reference);
    const about = (report.subject?.extension ?? []).map((each) => each.valueReference?.reference);
    return [section(report), `<p>from ${escaped(payer.name)}, about ${escaped(about)}</p>`];
  }
  if (task.do === "contract-of") {
    const [url, version] = (await client.request(task.report)).measure.split("|");
    const lasts = ({ start, end }) => `${escaped(start)} to ${escaped(end ?? "open")}`;
    return (await search("Measure", { url, version })).map(
      (each) => `<p>${each.id} ${escaped(each.title)}, ${lasts(each.effectivePeriod ?? {})}</p>`,
    );
  }
  if (task.do === "cited-reports") {
    const report = await client.request(task.report);
    const cited = (report.evaluatedResource ?? []).map((each) => client.request(each.reference));
    return (await Promise.all(cited)).map(section);
  }
  const history = await client.request(`${task.resource}/_history`);
  return history.entry.map((each) => section(each.resource));
}

done().then((parts) => console.log(`<!doctype html><html><body>${parts.join("\n")}</body></html>`));
